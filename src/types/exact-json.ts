/**
 * JSON text in which no number is rounded: one that a double may not hold exactly becomes an ExactNumber.
 *
 * `JSON.parse` is several times faster, so it is used wherever it does no harm: a number token of at most 15
 * significant digits and no exponent survives a double, and FLOAT and DOUBLE want nothing else.
 */
import { parse } from 'lossless-json';
import { WeirError } from '../base/error.js';
import type { DataField, DataType } from './data-type.js';
import { childTypes } from './layout.js';
import { ExactNumber } from './value-error.js';

/** a number token that may lose digits */
const RISKY_NUMBER = String.raw`\s*-?(?:[\d.]{16}|[\d.]+[eE])`;
/** one after what may stand before a number */
const RISKY = new RegExp(`(?:^|[:,[])${RISKY_NUMBER}`);

/** @throws INVALID_ARGUMENT when it is no JSON */
export function parseExactJson(text: string): unknown {
  return RISKY.test(text) ? parseSlowly(text) : parseFast(text);
}

function parseFast(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw noJson(cause);
  }
}

function parseSlowly(text: string): unknown {
  try {
    return parse(text, undefined, { parseNumber: exactNumber });
  } catch (cause) {
    throw noJson(cause);
  }
}

function noJson(cause: unknown): WeirError {
  return new WeirError('INVALID_ARGUMENT', `no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

function exactNumber(text: string): number | ExactNumber {
  return text.length <= 15 && !/[eE]/.test(text) ? Number(text) : new ExactNumber(text);
}

function isExact(type: DataType): boolean {
  return type.kind === 'BIGINT' || type.kind === 'DECIMAL' || childTypes(type).some(isExact);
}

/** Reads the objects of JSON lines: in two passes only those with a risky number for a BIGINT or DECIMAL. */
export class ExactJsonReader {
  /** columns of BIGINT and DECIMAL, and those that contain one */
  private readonly exact: readonly string[];
  /** finds a risky number of an exact column by its key; undefined when keys may be found in nested objects as well */
  private readonly keyed: RegExp | undefined;

  constructor(fields: readonly DataField[]) {
    this.exact = fields.filter((field) => isExact(field.type)).map((field) => field.name);
    const keys = this.exact.map((name) => JSON.stringify(name).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    const flat = fields.every((field) => childTypes(field.type).length === 0);
    this.keyed = flat && keys.length > 0 ? new RegExp(`((?:${keys.join('|')})\\s*:)(?=${RISKY_NUMBER})\\s*([-+.\\deE]+)`, 'g') : undefined;
  }

  /** @throws INVALID_ARGUMENT when it is no JSON */
  parse(line: string): unknown {
    const value = parseFast(line);
    if (typeof value !== 'object' || value === null) return value;
    for (const name of this.exact) {
      const cell = (value as Readonly<Record<string, unknown>>)[name];
      if (typeof cell !== 'number' && (typeof cell !== 'object' || cell === null)) continue;
      // A key may be spelled with escapes; then, and with nested objects, a slower parser keeps the numbers.
      if (this.keyed === undefined || line.includes('\\')) return RISKY.test(line) ? parseSlowly(line) : value;
      const quoted = line.replace(this.keyed, '$1"$2"');
      return quoted === line ? value : parseFast(quoted);
    }
    return value;
  }
}
