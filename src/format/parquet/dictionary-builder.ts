/**
 * A dictionary in the making: values of PLAIN pages to indices, by open addressing on their 32-bit words.
 *
 * Invariants: entries are numbered by first appearance and never change; at most MAX_ENTRIES and MAX_BYTES of them.
 */
import type { PlainBuffer } from './plain-buffer.js';

const MAX_ENTRIES = 65536;
const MAX_BYTES = 1 << 20;
const MULTIPLIER = -1640531535;

/** Only values of words and byte arrays have dictionaries. */
export function canHaveDictionary(plain: PlainBuffer): boolean {
  return plain.kind === 'w4' || plain.kind === 'w8' || plain.kind === 'bytes';
}

export class DictionaryBuilder {
  count = 0;
  /** entries, PLAIN */
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;
  /** of byte arrays: where each entry's length is */
  #places = new Int32Array(256);
  /** entry + 1, 0 = free */
  #slots = new Int32Array(1024);
  readonly #width: number;

  constructor(plain: PlainBuffer) {
    this.#width = plain.width;
  }

  /** The entries, PLAIN. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  get size_bytes(): number {
    return this.#size;
  }

  /**
   * Indices of the page's values `first` … `end`-1, the first of which is at byte `at`; returns where the next is, or -1
   * when the dictionary has become too large to pay.
   */
  add(plain: PlainBuffer, first: number, end: number, at: number, indices: Int32Array): number {
    if (plain.kind === 'w4') return this.#addWords(plain, first, end, indices);
    if (plain.kind === 'w8') return this.#addPairs(plain, first, end, indices);
    return this.#addBytes(plain, first, end, at, indices);
  }

  #addWords(plain: PlainBuffer, first: number, end: number, indices: Int32Array): number {
    const values = new Int32Array(plain.bytes.buffer, plain.start, plain.count);
    let entries = new Int32Array(this.#bytes.buffer);
    for (let i = first; i < end; i++) {
      const value = values[i]!;
      const mask = this.#slots.length - 1;
      let slot = (Math.imul(value, MULTIPLIER) >>> 10) & mask;
      let entry = this.#slots[slot]!;
      while (entry !== 0 && entries[entry - 1] !== value) {
        slot = (slot + 1) & mask;
        entry = this.#slots[slot]!;
      }
      if (entry === 0) {
        if (!this.#room(4)) return -1;
        entries = new Int32Array(this.#bytes.buffer);
        entries[this.count] = value;
        entry = this.#added(slot, 4);
      }
      indices[i] = entry - 1;
    }
    return plain.start + end * 4;
  }

  #addPairs(plain: PlainBuffer, first: number, end: number, indices: Int32Array): number {
    const values = new Int32Array(plain.bytes.buffer, plain.start, plain.count * 2);
    let entries = new Int32Array(this.#bytes.buffer);
    for (let i = first; i < end; i++) {
      const low = values[i * 2]!;
      const high = values[i * 2 + 1]!;
      const mask = this.#slots.length - 1;
      let slot = (Math.imul(low ^ Math.imul(high, MULTIPLIER), MULTIPLIER) >>> 10) & mask;
      let entry = this.#slots[slot]!;
      while (entry !== 0 && (entries[entry * 2 - 2] !== low || entries[entry * 2 - 1] !== high)) {
        slot = (slot + 1) & mask;
        entry = this.#slots[slot]!;
      }
      if (entry === 0) {
        if (!this.#room(8)) return -1;
        entries = new Int32Array(this.#bytes.buffer);
        entries[this.count * 2] = low;
        entries[this.count * 2 + 1] = high;
        entry = this.#added(slot, 8);
      }
      indices[i] = entry - 1;
    }
    return plain.start + end * 8;
  }

  #addBytes(plain: PlainBuffer, first: number, end: number, start: number, indices: Int32Array): number {
    const { view } = plain;
    let at = start;
    for (let i = first; i < end; i++) {
      const length = view.getInt32(at, true);
      const mask = this.#slots.length - 1;
      let slot = hashBytes(view, at + 4, length) & mask;
      let entry = this.#slots[slot]!;
      while (entry !== 0 && !this.#equals(entry - 1, view, at, length)) {
        slot = (slot + 1) & mask;
        entry = this.#slots[slot]!;
      }
      if (entry === 0) {
        if (!this.#room(4 + length)) return -1;
        if (this.count === this.#places.length) {
          const places = new Int32Array(this.count * 2);
          places.set(this.#places);
          this.#places = places;
        }
        this.#places[this.count] = this.#size;
        this.#bytes.set(plain.bytes.subarray(at, at + 4 + length), this.#size);
        entry = this.#added(slot, 4 + length);
      }
      indices[i] = entry - 1;
      at += 4 + length;
    }
    return at;
  }

  /** Both begin with their length. */
  #equals(entry: number, view: DataView, at: number, length: number): boolean {
    const mine = this.#view;
    const place = this.#places[entry]!;
    const whole = 4 + (length & ~3);
    for (let i = 0; i < whole; i += 4) if (mine.getInt32(place + i, true) !== view.getInt32(at + i, true)) return false;
    for (let i = whole; i < 4 + length; i++) if (mine.getUint8(place + i) !== view.getUint8(at + i)) return false;
    return true;
  }

  #room(more: number): boolean {
    const needed = this.#size + more;
    if (this.count === MAX_ENTRIES || needed > MAX_BYTES) return false;
    if (needed + 8 <= this.#bytes.length) return true;
    const grown = new Uint8Array((Math.max(needed + 8, this.#bytes.length * 2) + 7) & ~7);
    grown.set(this.bytes());
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
    return true;
  }

  /** Enters the value just put; returns its number + 1. */
  #added(slot: number, size: number): number {
    this.#size += size;
    this.#slots[slot] = ++this.count;
    if (this.count * 2 > this.#slots.length) this.#rehash();
    return this.count;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    const words = new Int32Array(this.#bytes.buffer, 0, this.#bytes.length >> 2);
    for (let entry = 0; entry < this.count; entry++) {
      let slot = 0;
      if (this.#width === 4) slot = Math.imul(words[entry]!, MULTIPLIER) >>> 10;
      else if (this.#width === 8) slot = Math.imul(words[entry * 2]! ^ Math.imul(words[entry * 2 + 1]!, MULTIPLIER), MULTIPLIER) >>> 10;
      else slot = hashBytes(this.#view, this.#places[entry]! + 4, this.#view.getInt32(this.#places[entry]!, true));
      slot &= mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.#slots = slots;
  }
}

function hashBytes(view: DataView, start: number, length: number): number {
  let hash = length;
  const whole = start + (length & ~3);
  let at = start;
  for (; at < whole; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), MULTIPLIER);
    hash ^= hash >>> 15;
  }
  for (; at < start + length; at++) hash = Math.imul(hash ^ view.getUint8(at), MULTIPLIER);
  return (hash ^ (hash >>> 13)) >>> 3;
}
