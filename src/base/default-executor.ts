/** Worker threads where there are built files for them to load, otherwise this thread. */
import type { Executor } from './executor.js';
import { inlineExecutor } from './inline-executor.js';
import { workerExecutor } from './worker-executor.js';

export function defaultExecutor(threads: number): Executor {
  const built = import.meta.url.endsWith('.js');
  return threads === 0 || !built ? inlineExecutor() : workerExecutor({ threads });
}
