import type { Clock } from '../../src/index.js';
export function fastClock(systemClock: Clock, since_ms: number, times: number): Clock;
