/**
 * The JSON documents of a table: snapshots, schemas, tags, consumers.
 *
 * JSON has no checksum, and one flipped bit makes another snapshot id or another option of it. Documents weir writes
 * therefore end with a member of its own, `weirChecksum`: the CRC-32 of the whole text with the checksum's digits
 * replaced by zeros. Other readers ignore members they do not know, and whoever rewrites a document drops it; a
 * document without one is read as it is.
 */
import { crc32 } from 'node:zlib';
import { WeirError } from '../base/error.js';
import { formatJson, parseJson } from '../base/lossless-json.js';

export type JsonObject = { readonly [key: string]: unknown };

const KEY = 'weirChecksum';
const ZEROS = '00000000';

/** Paimon's layout of the members (undefined ones left out) and the checksum. */
export function formatDocument(members: object): Uint8Array {
  const text = formatJson({ ...members, [KEY]: ZEROS });
  const at = text.lastIndexOf(ZEROS);
  return Buffer.from(text.slice(0, at) + checksum(text) + text.slice(at + ZEROS.length));
}

/** @throws CORRUPTION when the bytes are no JSON object or fail their checksum */
export function parseDocument(bytes: Uint8Array, file: string): JsonObject {
  let text: string;
  let document: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    document = parseJson(text);
  } catch (cause) {
    throw new WeirError('CORRUPTION', `${file} is not JSON: ${(cause as Error).message}`, { cause, file });
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new WeirError('CORRUPTION', `${file} holds no JSON object`, { file });
  }
  const members = document as JsonObject;
  const stored = members[KEY];
  if (stored !== undefined) {
    const at = typeof stored === 'string' ? text.lastIndexOf(`"${stored}"`) : -1;
    if (at < 0 || checksum(text.slice(0, at + 1) + ZEROS + text.slice(at + 1 + String(stored).length)) !== stored) {
      throw new WeirError('CORRUPTION', `${file} does not match its checksum`, { file });
    }
  }
  return members;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(ZEROS.length, '0');
}

/** Reads typed members of a document; whatever is not as it should be is CORRUPTION naming file and member. */
export class DocumentReader {
  readonly #members: JsonObject;
  readonly #file: string;

  constructor(members: JsonObject, file: string) {
    this.#members = members;
    this.#file = file;
  }

  /** null counts as missing */
  has(key: string): boolean {
    return this.#members[key] !== undefined && this.#members[key] !== null;
  }

  long(key: string): bigint {
    const value = this.#members[key];
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
    if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value;
    throw this.#wrong(key, 'an integer');
  }

  /** an integer a double holds exactly */
  integer(key: string): number {
    const value = this.#members[key];
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    throw this.#wrong(key, 'an integer');
  }

  string(key: string): string {
    const value = this.#members[key];
    if (typeof value === 'string') return value;
    throw this.#wrong(key, 'a string');
  }

  strings(key: string): string[] {
    const value = this.#members[key];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw this.#wrong(key, 'an array of strings');
  }

  list(key: string): unknown[] {
    const value = this.#members[key];
    if (Array.isArray(value)) return value;
    throw this.#wrong(key, 'an array');
  }

  stringMap(key: string): Record<string, string> {
    const value = this.#members[key];
    if (typeof value === 'object' && value !== null && Object.values(value).every((item) => typeof item === 'string')) {
      return value as Record<string, string>;
    }
    throw this.#wrong(key, 'a map of strings');
  }

  #wrong(key: string, expected: string): WeirError {
    const found = this.#members[key] === undefined ? 'missing' : 'something else';
    return new WeirError('CORRUPTION', `${this.#file}: "${key}" should be ${expected} and is ${found}`, { file: this.#file });
  }
}
