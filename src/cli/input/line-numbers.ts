/** The line of each row of a batch, as a growing typed array. */
export class LineNumbers {
  #lines = new Uint32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(line: number): void {
    if (this.#length === this.#lines.length) {
      const larger = new Uint32Array(this.#lines.length * 2);
      larger.set(this.#lines);
      this.#lines = larger;
    }
    this.#lines[this.#length++] = line;
  }

  /** The numbers so far; begins anew. */
  finish(): Uint32Array {
    const lines = this.#lines.slice(0, this.#length);
    this.#length = 0;
    return lines;
  }
}
