/**
 * Java's Double.parseDouble and Float.parseFloat for decimal texts: blanks around, a suffix f or d, NaN and Infinity.
 *
 * Invariant: one rounding. A float read through a double would round twice when the double falls half way between two
 * floats; there the text itself decides.
 */
const NUMBER = /^([+-]?)(?:(NaN|Infinity)|(?:(\d+)\.?(\d*)|\.(\d+))(?:[eE]([+-]?\d+))?)[fFdD]?$/;
/** makes every value half way between two floats a whole number */
const FLOAT_UNITS = 2n ** 150n;

/** The nearest double, or float as a double; undefined when the text is no number. */
export function parseFloating(text: string, kind: 'FLOAT' | 'DOUBLE'): number | undefined {
  const match = NUMBER.exec(text.trim());
  if (match === null) return undefined;
  const whole = match[3] ?? '';
  const fraction = match[4] ?? match[5] ?? '';
  const exponent = Number(match[6] ?? 0);
  const magnitude = match[2] === undefined ? Number(`${whole}.${fraction}e${exponent}`) : Number(match[2]);
  const rounded = kind === 'DOUBLE' ? magnitude : nearestFloat(magnitude, BigInt(whole + fraction || 0), exponent - fraction.length);
  return match[1] === '-' ? -rounded : rounded;
}

/** The float nearest to digits x 10^exponent, of which `double` is the nearest double. */
function nearestFloat(double: number, digits: bigint, exponent: number): number {
  const float = Math.fround(double);
  const other = 2 * double - float;
  if (float === double || !Number.isFinite(float) || Math.fround(other) !== other) return float;
  const units = BigInt(double * Number(FLOAT_UNITS));
  const exact = digits * FLOAT_UNITS;
  const [left, right] = exponent >= 0 ? [exact * 10n ** BigInt(exponent), units] : [exact, units * 10n ** BigInt(-exponent)];
  if (left === right) return float;
  return left > right ? Math.max(float, other) : Math.min(float, other);
}
