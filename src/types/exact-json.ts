/**
 * JSON text in which no number is rounded: one that a double does not hold exactly becomes an ExactNumber.
 *
 * `JSON.parse` is several times faster, so it is used wherever it does no harm: a number token of at most 15
 * significant digits and no exponent survives a double.
 */
import { parse } from 'lossless-json';
import { WeirError } from '../base/error.js';
import { ExactNumber } from './value-error.js';

/** a number token, after what may stand before one, that may lose digits */
const RISKY = /(?:^|[:,[])\s*-?(?:[\d.]{16}|[\d.]+[eE])/;

/** @throws INVALID_ARGUMENT when it is no JSON */
export function parseExactJson(text: string): unknown {
  try {
    return RISKY.test(text) ? parse(text, undefined, { parseNumber: exactNumber }) : JSON.parse(text);
  } catch (cause) {
    throw new WeirError('INVALID_ARGUMENT', `no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function exactNumber(text: string): number | ExactNumber {
  return text.length <= 15 && !/[eE]/.test(text) ? Number(text) : new ExactNumber(text);
}
