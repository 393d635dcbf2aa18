/** A FileIO that remembers the order of the calls to it, and lets a test step in. */
import type { FileIO } from '../../src/index.js';

export interface Call {
  readonly name: string;
  /** of `syncDirectories` each directory is a call */
  readonly path: string;
}

export interface RecordedIO extends FileIO {
  readonly calls: Call[];
  /** asked before each call; what it throws is the call's error */
  before: ((call: Call) => void | Promise<void>) | undefined;
  /** asked after each call that had its effect; what it throws is the call's error */
  after: ((call: Call) => void | Promise<void>) | undefined;
  /** how many calls there have been of these names, on paths that match */
  count(path: RegExp, ...names: string[]): number;
}

export function recordedIO(inner: FileIO): RecordedIO {
  const calls: Call[] = [];
  const own = {
    kind: 'faulty',
    calls,
    before: undefined as RecordedIO['before'],
    after: undefined as RecordedIO['after'],
    watch: undefined,
    count: (path: RegExp, ...names: string[]) => calls.filter((call) => names.includes(call.name) && path.test(call.path)).length,
  };
  return new Proxy(own, {
    get: (target, name: string) => {
      if (name in target) return target[name as keyof typeof target];
      return async (first: string | Iterable<string>, ...rest: unknown[]) => {
        const paths = typeof first === 'string' ? [first] : [...first];
        for (const path of paths) {
          calls.push({ name, path });
          await target.before?.({ name, path });
        }
        const method = inner[name as keyof FileIO] as unknown as (...given: unknown[]) => unknown;
        const answer = await method.call(inner, typeof first === 'string' ? first : paths, ...rest);
        for (const path of paths) await target.after?.({ name, path });
        return answer;
      };
    },
  }) as unknown as RecordedIO;
}
