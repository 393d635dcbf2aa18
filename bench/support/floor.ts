/** The least a durable commit takes from Node: the bytes to a new file, fsync, its name by link, fsync of the directory. */
import { closeSync, fsync, link, mkdirSync, open, unlinkSync, write } from 'node:fs';
import { promisify } from 'node:util';

const call = { open: promisify(open), write: promisify(write), fsync: promisify(fsync), link: promisify(link) };

export class Floor {
  readonly #directory: string;
  #made = 0;

  /** @param directory a new one, on the disk that is measured */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    this.#directory = directory;
  }

  /** Milliseconds it took. */
  async commit(bytes: Uint8Array): Promise<number> {
    const name = `${this.#directory}/${this.#made++}`;
    const started = performance.now();
    const file = await call.open(`${name}.tmp`, 'wx');
    await call.write(file, bytes);
    await call.fsync(file);
    closeSync(file);
    await call.link(`${name}.tmp`, name);
    const directory = await call.open(this.#directory, 'r');
    await call.fsync(directory);
    closeSync(directory);
    const took_ms = performance.now() - started;
    unlinkSync(`${name}.tmp`);
    return took_ms;
  }
}
