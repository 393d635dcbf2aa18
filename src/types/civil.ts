/**
 * Days since 1970-01-01 and calendar dates, in the proleptic Gregorian calendar of java.time: year 0 is 1 BC.
 *
 * Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (days_from_civil, civil_from_days):
 * years begin in March, so that the leap day is the last of its year; 400 years (an era) are 146097 days.
 */
const DAYS_PER_ERA = 146097;
/** days from 0000-03-01 to 1970-01-01 */
const EPOCH_SHIFT = 719468;
const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** @returns NaN when there is no such date */
export function daysFromCivil(year: number, month: number, day: number): number {
  if (!(month >= 1 && month <= 12 && day >= 1)) return Number.NaN;
  if (day > MONTH_LENGTHS[month - 1]! && !(month === 2 && day === 29 && isLeapYear(year))) return Number.NaN;
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - EPOCH_SHIFT;
}

/** `uuuu-MM-dd`: four digits of year at least, a sign before year 0 and after 9999. */
export function formatDays(days: number): string {
  const shifted = days + EPOCH_SHIFT;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${formatYear(year)}-${TWO_DIGITS[month]}-${TWO_DIGITS[day]}`;
}

/** "00" … "99" */
export const TWO_DIGITS: readonly string[] = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'));

function formatYear(year: number): string {
  if (year >= 1000 && year <= 9999) return String(year);
  const sign = year < 0 ? '-' : year > 9999 ? '+' : '';
  return sign + String(Math.abs(year)).padStart(4, '0');
}
