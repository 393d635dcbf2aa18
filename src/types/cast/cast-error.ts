/** What a cast throws: Java fails the whole read when a text cannot be converted, and so does weir. */
import { WeirError } from '../../base/error.js';
import type { DataType } from '../data-type.js';
import { formatType } from '../type-text.js';

const SHOWN = 60;

export function cannotCast(value: string, to: DataType, why?: string): never {
  const shown = value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value;
  throw new WeirError('INVALID_ARGUMENT', `cannot cast '${shown}' to ${formatType(to)}${why === undefined ? '' : `: ${why}`}`);
}
