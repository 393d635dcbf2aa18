/**
 * The clock of the programs here. What takes minutes by design is tested with a clock that runs fast in all of them:
 * WEIR_CLOCK=<epoch ms>,<n> makes it run n times as fast from that time on.
 */
const [since_ms, speed] = (process.env.WEIR_CLOCK ?? '0,1').split(',').map(Number);

export function clockOf(systemClock) {
  return fastClock(systemClock, since_ms, speed);
}

export function fastClock(systemClock, since, times) {
  return {
    now_ms: () => Math.floor(since + (systemClock.now_ms() - since) * times),
    monotonic_ms: () => systemClock.monotonic_ms() * times,
    sleep: (duration_ms, signal) => systemClock.sleep(duration_ms / times, signal),
  };
}
