/** The files of dist/, for tests of what only works when built: worker threads and programs. */
import { fileURLToPath } from 'node:url';

/** Absolute path of a built file, such as `cli/main.js`. */
export function builtPath(file: string): string {
  return fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));
}

/**
 * A built module, typed by its source.
 *
 * @example
 * const { workerExecutor } = await built<typeof import('../../src/base/worker-executor.js')>('base/worker-executor.js');
 */
export async function built<T>(file: string): Promise<T> {
  return (await import(builtPath(file))) as T;
}
