/**
 * Decimal numbers as text, exactly: "12.50" with scale 2 is the unscaled number 1250.
 *
 * Unscaled numbers are JavaScript numbers while safe, bigints beyond: most values never become a bigint.
 */
const SAFE = Number.MAX_SAFE_INTEGER;
/** digits that always fit a safe integer */
const SAFE_DIGITS = 15;
/** no DECIMAL or BIGINT has more digits, zeros on either side aside */
const MAX_DIGITS = 40;
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/;

/** 10^n as doubles, n in 0..40; exact up to 22 */
export const POWERS: readonly number[] = Array.from({ length: 41 }, (_, n) => Number(`1e${n}`));
const BIG_POWERS: readonly bigint[] = Array.from({ length: 41 }, (_, n) => 10n ** BigInt(n));

/**
 * The number times 10^scale. Surplus fraction digits must be zeros.
 *
 * @returns undefined when `text` is no number, is not exact at this scale, or is beyond any DECIMAL
 */
export function parseUnscaled(text: string, scale: number): number | bigint | undefined {
  const { length } = text;
  const first = text.charCodeAt(0);
  let at = first === 45 || first === 43 ? 1 : 0;
  if (length - at > SAFE_DIGITS + 1 || at === length) return parseLong(text, scale);
  let value = 0;
  let point = -1;
  for (; at < length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (digit === -2 && point < 0) point = at;
    else return parseLong(text, scale);
  }
  const fraction = point < 0 ? 0 : length - 1 - point;
  if (value > SAFE || (value === 0 && !/\d/.test(text))) return parseLong(text, scale);
  if (fraction > scale) {
    const divisor = POWERS[fraction - scale]!;
    if (value % divisor !== 0) return undefined;
    value /= divisor;
  } else {
    value *= POWERS[scale - fraction]!;
    if (value > SAFE) return parseLong(text, scale);
  }
  return first === 45 ? 0 - value : value;
}

function parseLong(text: string, scale: number): number | bigint | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const fraction = match[3] ?? '';
  const written = (match[2] ?? '') + fraction;
  if (written === '') return undefined;
  const digits = written.replace(/^0+/, '');
  if (digits === '') return 0;
  const shift = scale - fraction.length + Number(match[4] ?? 0);
  let unscaled: bigint;
  if (shift >= 0) {
    if (digits.length + shift > MAX_DIGITS) return undefined;
    unscaled = BigInt(digits) * BIG_POWERS[shift]!;
  } else {
    const kept = digits.length + shift;
    if (kept <= 0 || kept > MAX_DIGITS || !/^0+$/.test(digits.slice(kept))) return undefined;
    unscaled = BigInt(digits.slice(0, kept));
  }
  return match[1] === '-' ? -unscaled : unscaled;
}

/** Has the number at most `precision` digits? */
export function fitsPrecision(unscaled: number | bigint, precision: number): boolean {
  if (typeof unscaled === 'number') return precision > SAFE_DIGITS || Math.abs(unscaled) < POWERS[precision]!;
  const limit = BIG_POWERS[precision]!;
  return unscaled < limit && unscaled > -limit;
}

/** Plain notation with exactly `scale` fraction digits. */
export function formatUnscaled(unscaled: number | bigint, scale: number): string {
  const text = String(unscaled);
  if (scale === 0) return text;
  const sign = text.charCodeAt(0) === 45 ? '-' : '';
  const digits = (sign === '' ? text : text.slice(1)).padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
