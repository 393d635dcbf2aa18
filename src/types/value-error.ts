/**
 * What is said about a value that a type does not hold: the value itself, shortened, and the type.
 */
import { WeirError } from '../base/error.js';
import type { DataType } from './data-type.js';
import { formatType } from './type-text.js';

const SHOWN_LENGTH = 80;

/** A number of JSON text that a double does not hold exactly. */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The value as a short text for a message. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return shorten(JSON.stringify(value));
  if (typeof value === 'bigint') return `${shorten(String(value))}n`;
  if (value instanceof ExactNumber) return shorten(value.text);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Uint8Array)
    return `bytes ${shorten(Buffer.from(value.buffer, value.byteOffset, Math.min(value.length, 64)).toString('hex'))}`;
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : shorten(String(value));
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== 'Object'
    ? `a ${name}`
    : `an object with ${shorten(Object.keys(value).join(', ')) || 'no keys'}`;
}

function shorten(text: string): string {
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH)}…`;
}

/** @throws INVALID_ARGUMENT always */
export function badValue(type: DataType, value: unknown, why?: string): never {
  throw new WeirError(
    'INVALID_ARGUMENT',
    `${showValue(value)} is no ${formatType({ ...type, nullable: true })}${why === undefined ? '' : `: ${why}`}`,
  );
}
