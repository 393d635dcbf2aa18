/**
 * FLOAT and DOUBLE as text: the shortest digits that read back as the same number, in the layout of Java's toString.
 *
 *   1e-3 <= |x| < 1e7   plain, at least one fraction digit: 10.0
 *   else                scientific, at least one fraction digit: 1.0E10
 *   NaN  Infinity  -Infinity  0.0  -0.0
 */
const SMALLEST_NORMAL_FLOAT = 2 ** -126;

/** Java's layout of a double. */
export function formatDouble(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) {
    const text = String(value);
    return Number.isInteger(value) ? `${text}.0` : text;
  }
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  if (!Number.isFinite(value)) return String(value);
  const text = value.toExponential();
  const exponent = text.indexOf('e');
  const mantissa = text.slice(0, exponent);
  return `${mantissa}${mantissa.includes('.') ? '' : '.0'}E${text.slice(text.charCodeAt(exponent + 1) === 43 ? exponent + 2 : exponent + 1)}`;
}

/** Java's layout of a float, given as the double that equals it. */
export function formatFloat(value: number): string {
  return formatDouble(shortestFloat(value));
}

/** The double whose shortest digits are the shortest digits of this float. */
export function shortestFloat(value: number): number {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return value;
  if (!Number.isFinite(value)) return value;
  // Six digits always survive in a normal float, so a shorter text is found among those of six digits, zeros and all.
  for (let digits = Math.abs(value) < SMALLEST_NORMAL_FLOAT ? 1 : 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}

/** undefined when it is no number; a finite text never gives Infinity. */
export function parseDouble(text: string): number | undefined {
  const last = text.charCodeAt(text.length - 1);
  if ((last >= 48 && last <= 57) || last === 46) {
    // What `Number` accepts beyond decimal notation: hexadecimal and its like, and space at the start.
    const first = text.charCodeAt(0);
    const second = text.charCodeAt(1);
    if (first < 43 || first > 57 || (first === 48 && second > 57 && (second | 32) !== 101)) return undefined;
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  switch (text) {
    case 'NaN':
      return Number.NaN;
    case 'Infinity':
    case '+Infinity':
      return Number.POSITIVE_INFINITY;
    case '-Infinity':
      return Number.NEGATIVE_INFINITY;
    default:
      return undefined;
  }
}
