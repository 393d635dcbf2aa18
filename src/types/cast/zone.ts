/**
 * The process's time zone, which is the session zone of TIMESTAMP WITH LOCAL TIME ZONE (as Java's default zone is).
 *
 * Invariant: for a wall clock that exists once, `wallOffset_ms(i + zoneOffset_ms(i))` is `zoneOffset_ms(i)`.
 */
import { daysFromCivil } from '../civil.js';

export const MS_PER_DAY = 86_400_000;

/** how far a Date reaches, a day aside */
const LIMIT_MS = 8.64e15 - MS_PER_DAY;

function reach(ms: number): number {
  return Math.max(-LIMIT_MS, Math.min(LIMIT_MS, ms));
}

/** Wall clock minus UTC at an instant; beyond the reach of Date that of the last instant within. */
export function zoneOffset_ms(instant_ms: number): number {
  const reached_ms = reach(instant_ms);
  const date = new Date(reached_ms);
  const days = daysFromCivil(date.getFullYear(), date.getMonth() + 1, date.getDate());
  const time_ms = ((date.getHours() * 60 + date.getMinutes()) * 60 + date.getSeconds()) * 1000 + date.getMilliseconds();
  return days * MS_PER_DAY + time_ms - reached_ms;
}

/**
 * Wall clock minus UTC at a wall clock, given as ms since 1970-01-01T00:00 of that clock: in a gap the offset before it,
 * so that the instant is later by the gap; in an overlap that of the earlier instant.
 */
export function wallOffset_ms(wall_ms: number): number {
  const reached_ms = reach(wall_ms);
  const wall = new Date(reached_ms);
  const date = new Date(2000, 0, 1);
  // setFullYear, since the Date constructor moves years 0..99 into the 20th century
  date.setFullYear(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate());
  date.setHours(wall.getUTCHours(), wall.getUTCMinutes(), wall.getUTCSeconds(), wall.getUTCMilliseconds());
  return reached_ms - date.getTime();
}
