/**
 * Casts to, from and between DECIMAL.
 *
 * - The scale is reached by rounding half up (away from zero); too many digits for the precision is a missing value.
 * - To integers the fraction is cut off and the rest wraps to the target's width, as Java's narrowing does.
 * - FLOAT and DOUBLE go through their shortest decimal text (of the double), so 1.005 becomes 1.01 at scale 2.
 */
import type { Column } from '../column.js';
import type { DataType } from '../data-type.js';
import { readInt128, writeInt128 } from '../datum.js';
import { layoutOf, makeElements } from '../layout.js';
import { cannotCast } from './cast-error.js';
import { Validity } from './validity.js';
import { int64ToDouble, putInt64, putInt128, smallInt64, smallInt128, wordsOf } from './wide.js';

export type DecimalType = Extract<DataType, { kind: 'DECIMAL' }>;

export const POWERS_OF_TEN: readonly bigint[] = Array.from({ length: 78 }, (_, power) => 10n ** BigInt(power));
/** powers of ten that are exact doubles and keep products of safe integers checkable */
const SMALL_POWERS: readonly number[] = Array.from({ length: 23 }, (_, power) => Number(10n ** BigInt(power)));
const DECIMAL_TEXT = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d+))?$/;

/** `unscaled` at scale `from` brought to scale `to`, rounding half up. */
export function rescale(unscaled: bigint, from: number, to: number): bigint {
  if (to >= from) return unscaled * tenTo(to - from);
  const divisor = tenTo(from - to);
  const quotient = unscaled / divisor;
  const rest = unscaled % divisor;
  if ((rest < 0n ? -rest : rest) * 2n < divisor) return quotient;
  return unscaled < 0n ? quotient - 1n : quotient + 1n;
}

function tenTo(power: number): bigint {
  return POWERS_OF_TEN[power] ?? 10n ** BigInt(power);
}

export function fits(unscaled: bigint, precision: number): boolean {
  const bound = POWERS_OF_TEN[precision]!;
  return unscaled < bound && unscaled > -bound;
}

/**
 * The unscaled value of a decimal text (Java's BigDecimal syntax: sign, digits, exponent, no spaces).
 *
 * @returns null when it has too many digits for the precision, undefined when it is no number
 */
export function parseDecimal(text: string, precision: number, scale: number): bigint | null | undefined {
  const match = DECIMAL_TEXT.exec(text);
  if (match === null) return undefined;
  const fraction = match[3] ?? match[4] ?? '';
  const digits = BigInt(`0${match[2] ?? ''}${fraction}`);
  const exponent = Number(match[5] ?? 0) - fraction.length;
  if (digits === 0n) return 0n;
  const length = String(digits).length;
  if (length + exponent + scale > precision + 1) return null;
  if (length + exponent + scale < 0) return 0n;
  const unscaled = rescale(digits, -exponent, scale);
  return fits(unscaled, precision) ? (match[1] === '-' ? -unscaled : unscaled) : null;
}

interface Target {
  readonly words: Int32Array;
  readonly values: BigInt64Array;
  readonly validity: Validity;
  readonly to: DecimalType;
}

function targetOf(column: Column, to: DecimalType): Target {
  const values = new BigInt64Array(column.length * 2);
  return { words: wordsOf(values), values, validity: new Validity(column), to };
}

function finish(column: Column, target: Target): Column {
  return {
    type: target.to,
    length: column.length,
    validity: target.validity.finish(),
    values: target.values,
    offsets: undefined,
    children: undefined,
  };
}

function putBig(target: Target, row: number, unscaled: bigint | null): void {
  if (unscaled === null || !fits(unscaled, target.to.precision)) target.validity.drop(row);
  else writeInt128(target.values, row, unscaled);
}

/** Puts `value` x 10^scale; `value` is a safe integer, NaN asks for `big`. @returns false when it has to go the long way */
function putScaled(target: Target, row: number, value: number): boolean {
  const product = value * (SMALL_POWERS[target.to.scale] ?? Number.NaN);
  if (!Number.isSafeInteger(product)) return false;
  if (Math.abs(product) >= (SMALL_POWERS[target.to.precision] ?? Number.POSITIVE_INFINITY)) target.validity.drop(row);
  else putInt128(target.words, row, product);
  return true;
}

/** TINYINT … BIGINT and BOOLEAN's 0 and 1, given as a column of an integer type. */
export function integerToDecimal(column: Column, to: DecimalType): Column {
  const target = targetOf(column, to);
  if (column.type.kind === 'BIGINT') {
    const source = column.values as BigInt64Array;
    const words = wordsOf(source);
    for (let row = 0; row < column.length; row++) {
      if (!putScaled(target, row, smallInt64(words, row))) putBig(target, row, source[row]! * POWERS_OF_TEN[to.scale]!);
    }
  } else {
    const source = column.values as Int32Array;
    for (let row = 0; row < column.length; row++) {
      if (!putScaled(target, row, source[row]!)) putBig(target, row, BigInt(source[row]!) * POWERS_OF_TEN[to.scale]!);
    }
  }
  return finish(column, target);
}

/** FLOAT, DOUBLE. @throws INVALID_ARGUMENT for NaN and infinities, where Java fails the read too */
export function floatToDecimal(column: Column, to: DecimalType): Column {
  const target = targetOf(column, to);
  const source = column.values as Float64Array;
  for (let row = 0; row < column.length; row++) {
    if (!target.validity.isValid(row)) continue;
    const text = String(source[row]!);
    const unscaled = parseDecimal(text, to.precision, to.scale);
    putBig(target, row, unscaled === undefined ? cannotCast(text, to) : unscaled);
  }
  return finish(column, target);
}

export function decimalToDecimal(column: Column, to: DecimalType): Column {
  const from = column.type as DecimalType;
  if (to.scale === from.scale && to.precision >= from.precision) return { ...column, type: to };
  const target = targetOf(column, to);
  const source = column.values as BigInt64Array;
  const words = wordsOf(source);
  const factor = SMALL_POWERS[to.scale - from.scale] ?? Number.NaN;
  const bound = SMALL_POWERS[to.precision] ?? Number.POSITIVE_INFINITY;
  for (let row = 0; row < column.length; row++) {
    const product = smallInt128(words, row) * factor;
    if (Number.isSafeInteger(product) && Math.abs(product) < bound) putInt128(target.words, row, product);
    else if (target.validity.isValid(row)) putBig(target, row, rescale(readInt128(source, row), from.scale, to.scale));
  }
  return finish(column, target);
}

/** To TINYINT … DOUBLE. */
export function decimalToNumber(column: Column, to: DataType): Column {
  const from = column.type as DecimalType;
  const source = column.values as BigInt64Array;
  const words = wordsOf(source);
  const values = makeElements(layoutOf(to), column.length)!;
  if (to.kind === 'FLOAT' || to.kind === 'DOUBLE') fillDoubles(from, source, words, values as Float64Array, column.length);
  else
    fillIntegers(
      from,
      source,
      words,
      to.kind === 'BIGINT' ? wordsOf(values as BigInt64Array) : undefined,
      values as Int32Array,
      column.length,
    );
  return { type: to, length: column.length, validity: column.validity, values, offsets: undefined, children: undefined };
}

function fillDoubles(from: DecimalType, source: BigInt64Array, words: Int32Array, values: Float64Array, length: number): void {
  for (let row = 0; row < length; row++) {
    // Java divides doubles when the unscaled value is kept in a long, and is exact otherwise
    if (from.precision <= 18) values[row] = int64ToDouble(words, row * 2) / SMALL_POWERS[from.scale]!;
    else values[row] = Number(`${readInt128(source, row)}e-${from.scale}`);
  }
}

function fillIntegers(
  from: DecimalType,
  source: BigInt64Array,
  words: Int32Array,
  wide: Int32Array | undefined,
  values: Int32Array,
  length: number,
): void {
  const divisor = POWERS_OF_TEN[from.scale]!;
  const smallDivisor = SMALL_POWERS[from.scale] ?? Number.NaN;
  for (let row = 0; row < length; row++) {
    const small = smallInt128(words, row);
    let whole = (small - (small % smallDivisor)) / smallDivisor;
    if (Number.isNaN(whole)) {
      const low = BigInt.asIntN(64, readInt128(source, row) / divisor);
      if (wide !== undefined) {
        wide[row * 2] = Number(low & 0xffff_ffffn);
        wide[row * 2 + 1] = Number(low >> 32n);
        continue;
      }
      whole = Number(BigInt.asIntN(32, low));
    }
    if (wide !== undefined) putInt64(wide, row, whole);
    else values[row] = whole;
  }
}
