/**
 * FLOAT and DOUBLE as Java writes them: the shortest digits that read back as the same value, at least two of them,
 * plain from 0.001 up to 10 million and `d.dddE±n` elsewhere; `NaN`, `Infinity`, `-Infinity`, `-0.0`.
 *
 * Invariant: reading the text back (with Math.fround for FLOAT) gives the value. The digits are those of JDK 19 and
 * later; JDK 17 sometimes writes one digit more.
 */
const PARTS = /^(\d)(?:\.(\d+))?e([+-]\d+)$/;

/** Java's Double.toString. */
export function javaDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    const text = String(value);
    return text.includes('.') ? text : `${text}.0`;
  }
  if (magnitude === 0) return `${sign}0.0`;
  return sign + layOut(magnitude.toExponential(), magnitude);
}

/** Java's Float.toString; `value` is exactly a float. */
export function javaFloat(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (magnitude === 0) return `${sign}0.0`;
  let digits = 0;
  let text = magnitude.toExponential(digits);
  while (Math.fround(Number(text)) !== magnitude) text = magnitude.toExponential(++digits);
  return sign + layOut(text, magnitude);
}

function layOut(exponential: string, magnitude: number): string {
  let [, first, rest, exponent] = PARTS.exec(exponential) as unknown as [string, string, string | undefined, string];
  if (rest === undefined) {
    // a single digit may not be the nearest of the two-digit texts: 4.9E-324, not 5.0E-324
    [, first, rest, exponent] = PARTS.exec(magnitude.toExponential(1)) as unknown as [string, string, string, string];
  }
  const power = Number(exponent);
  const digits = rest.replace(/0+$/, '');
  if (power < -3 || power >= 7) return `${first}.${digits === '' ? '0' : digits}E${power}`;
  if (power < 0) return `0.${'0'.repeat(-power - 1)}${first}${digits}`;
  const whole = (first + digits).slice(0, power + 1).padEnd(power + 1, '0');
  const fraction = digits.slice(power);
  return `${whole}.${fraction === '' ? '0' : fraction}`;
}
