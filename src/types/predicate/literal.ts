/**
 * A literal seen from a column's type, when it need not be a value of that type: `int > 3.5`, `decimal(4,1) = 0.25`,
 * `timestamp(0) < '… 10:00:00.5'`, a string longer than the column's.
 *
 *   value v, exact        the literal is v
 *   value v, not exact    the literal is above v and below the type's next value
 *   above, below          the literal is beyond every value of the type
 */
import type { DataType } from '../data-type.js';
import { MAX_LENGTH } from '../data-type.js';
import type { Datum } from '../datum.js';
import { parseTicks, tickDigits } from '../time-text.js';
import { toDatum } from '../value.js';

export type Literal = { readonly value: Datum; readonly exact: boolean } | 'above' | 'below';

const INTEGER_BITS: Readonly<Partial<Record<DataType['kind'], number>>> = { TINYINT: 8, SMALLINT: 16, INT: 32, BIGINT: 64 };
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/** The greatest multiple of 10^-scale that is not above the number `text`, unscaled; undefined when it is no number. */
function floorToScale(text: string, scale: number): { floor: bigint; exact: boolean } | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const fraction = match[3] ?? '';
  const digits = (match[2] ?? '') + fraction;
  if (digits === '') return undefined;
  const magnitude = BigInt(digits);
  const signed = match[1] === '-' ? -magnitude : magnitude;
  const shift = Number(match[4] ?? 0) - fraction.length + scale;
  if (shift >= 0) return { floor: signed * 10n ** BigInt(shift), exact: true };
  const divisor = 10n ** BigInt(-shift);
  const quotient = signed / divisor;
  const exact = quotient * divisor === signed;
  return { floor: !exact && signed < 0n ? quotient - 1n : quotient, exact };
}

function within(floor: bigint, exact: boolean, low: bigint, high: bigint, value: Datum): Literal {
  if (floor > high) return 'above';
  return floor < low ? 'below' : { value, exact };
}

function numericLiteral(type: DataType, value: unknown): Literal | undefined {
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : typeof value === 'string' ? value : undefined;
  if (text === undefined) return undefined;
  const scale = type.kind === 'DECIMAL' ? type.scale : 0;
  const floored = floorToScale(text, scale);
  if (floored === undefined) return undefined;
  const { floor, exact } = floored;
  if (type.kind === 'DECIMAL') {
    const limit = 10n ** BigInt(type.precision) - 1n;
    return within(floor, exact, -limit, limit, floor);
  }
  const half = 1n << BigInt(INTEGER_BITS[type.kind]! - 1);
  return within(floor, exact, -half, half - 1n, type.kind === 'BIGINT' ? floor : Number(floor));
}

function timestampLiteral(type: Extract<DataType, { kind: 'TIME' | 'TIMESTAMP' | 'TIMESTAMP_LTZ' }>, text: string): Literal | undefined {
  const nanos = parseTicks(text, 9, type.kind === 'TIMESTAMP_LTZ');
  if (nanos === undefined) return undefined;
  const step = 10n ** BigInt(9 - type.precision);
  const exactNanos = BigInt(nanos);
  const rest = ((exactNanos % step) + step) % step;
  return { value: (exactNanos - rest) / 10n ** BigInt(9 - tickDigits(type.precision)), exact: rest === 0n };
}

/**
 * A literal that is not null, as the type sees it.
 *
 * @throws WeirError INVALID_ARGUMENT when it cannot be compared with values of the type at all
 */
export function literalOf(type: DataType, value: unknown): Literal {
  switch (type.kind) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
      // a string is no integer at the door; BIGINT takes it, since JSON has no better
      if (typeof value === 'string' && type.kind !== 'BIGINT') break;
      return numericLiteral(type, value) ?? { value: toDatum(type, value), exact: true };
    case 'DECIMAL':
      return numericLiteral(type, value) ?? { value: toDatum(type, value), exact: true };
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return (typeof value === 'string' ? timestampLiteral(type, value) : undefined) ?? { value: toDatum(type, value), exact: true };
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
      return { value: toDatum({ ...type, length: MAX_LENGTH }, value), exact: true };
    default:
      break;
  }
  return { value: toDatum(type, value), exact: true };
}
