import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/base/error.js';
import { seededRandom } from '../../src/base/random.js';
import { faultyFileIO } from '../../src/io/faulty-file-io.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { bytesOf, describeFileIO, expectCode } from './file-io-suite.js';

describeFileIO('a faulty storage without faults', () => ({ io: faultyFileIO(memoryFileIO(), seededRandom(1)), root: '/warehouse' }));

describe('injected faults', () => {
  it('before the effect leave nothing, after the effect leave all', async () => {
    const inner = memoryFileIO();
    const io = faultyFileIO(inner, seededRandom(2), { before: 1 });
    await expectCode(io.createExclusive('/t/a', bytesOf('a')), 'UNAVAILABLE', '/t/a');
    expect(inner.paths()).toEqual([]);
    io.plan.before = 0;
    io.plan.after = 1;
    await expectCode(io.createExclusive('/t/a', bytesOf('a')), 'UNAVAILABLE', '/t/a');
    expect(inner.paths()).toEqual(['/t/a']);
    io.heal();
    expect(await io.createExclusive('/t/a', bytesOf('a'))).toBe(false);
    expect(io.faults).toBe(2);
  });

  it('are the same for the same seed', async () => {
    const trace = async (seed: number) => {
      const io = faultyFileIO(memoryFileIO(), seededRandom(seed), { before: 0.3, after: 0.2 });
      let outcome = '';
      for (let i = 0; i < 200; i++) {
        outcome += await io.writeFile(`/f${i}`, bytesOf('x')).then(
          () => '.',
          (error: unknown) => (hasCode(error, 'UNAVAILABLE') ? 'x' : '?'),
        );
      }
      return outcome;
    };
    expect(await trace(7)).toBe(await trace(7));
    expect(await trace(7)).not.toBe(await trace(8));
    expect(await trace(7)).toMatch(/^[.x]+$/);
  });

  it('hit only the operations they are meant for', async () => {
    const io = faultyFileIO(memoryFileIO(), seededRandom(3), { before: 1, operations: new Set(['finish'] as const) });
    const sink = await io.create('/t/file');
    await sink.write(bytesOf('x'));
    await expectCode(sink.finish(), 'UNAVAILABLE', '/t/file');
    await sink.abort();
    expect(await io.exists('/t/file')).toBe(false);
  });

  it('fill the disk', async () => {
    const io = faultyFileIO(memoryFileIO(), seededRandom(4), { capacity_bytes: 10 });
    await io.writeFile('/a', bytesOf('1234567'));
    await expectCode(io.writeFile('/b', bytesOf('1234567')), 'UNAVAILABLE', '/b');
    const sink = await io.create('/c');
    await sink.write(bytesOf('123'));
    await expectCode(sink.write(bytesOf('4')), 'UNAVAILABLE', '/c');
    await sink.abort();
    expect((await io.list('/')).map(({ path }) => path)).toEqual(['/a']);
    io.plan.capacity_bytes = 100;
    await io.writeFile('/b', bytesOf('1234567'));
  });

  it('end the storage after a number of calls', async () => {
    const inner = memoryFileIO();
    const io = faultyFileIO(inner, seededRandom(5), { stopAfter: 3 });
    const sink = await io.create('/half');
    await sink.write(bytesOf('half'));
    await io.writeFile('/whole', bytesOf('whole'));
    await expectCode(io.writeFile('/late', bytesOf('late')), 'UNAVAILABLE', '/late');
    await sink.abort();
    expect(inner.paths()).toEqual(['/half', '/whole']);
  });
});
