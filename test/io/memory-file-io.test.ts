import { describe, expect, it } from 'vitest';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { testRandom } from '../support/seeds.js';
import { bytesOf, describeFileIO, textOf } from './file-io-suite.js';

describeFileIO('memory', () => ({ io: memoryFileIO(), root: '/warehouse' }));

describe('a power loss', () => {
  it('takes what was not fsynced and leaves what was', async () => {
    const io = memoryFileIO();
    await io.writeFile('/t/durable', bytesOf('durable'), { sync: true });
    await io.writeFile('/t/lost', bytesOf('lost'));
    await io.writeFile('/u/nameless', bytesOf('bytes without a name'), { sync: 'file' });
    io.crash();
    expect(io.paths()).toEqual(['/t/durable']);
    expect(textOf(await io.readFile('/t/durable'))).toBe('durable');
    expect(await io.exists('/u')).toBe(false);
  });

  it('leaves an empty file when the name was fsynced and the bytes were not', async () => {
    const io = memoryFileIO();
    await io.writeFile('/t/file', bytesOf('unsynced'));
    await io.syncDirectories(['/t']);
    io.crash();
    expect(await io.readFile('/t/file')).toHaveLength(0);
  });

  it('keeps files whose directory was fsynced afterwards', async () => {
    const io = memoryFileIO();
    const sink = await io.create('/t/bucket-0/data');
    await sink.write(bytesOf('rows'));
    await sink.finish({ sync: 'file' });
    await io.syncDirectories(['/t/bucket-0']);
    io.crash();
    expect(textOf(await io.readFile('/t/bucket-0/data'))).toBe('rows');
  });

  it('brings back what was deleted or replaced without fsync', async () => {
    const io = memoryFileIO();
    await io.writeFile('/t/deleted', bytesOf('a'), { sync: true });
    await io.writeFile('/t/hint', bytesOf('1'), { sync: true });
    await io.remove('/t/deleted');
    await io.replace('/t/hint', bytesOf('2'));
    io.crash();
    expect(io.paths()).toEqual(['/t/deleted', '/t/hint']);
    expect(textOf(await io.readFile('/t/hint'))).toBe('1');
  });

  it('loses or keeps each unsynced thing by chance, and never a durable one', async () => {
    const random = testRandom();
    const survivors = new Set<number>();
    for (let round = 0; round < 50; round++) {
      const io = memoryFileIO();
      await io.writeFile('/t/durable', bytesOf('durable'), { sync: true });
      for (let i = 0; i < 8; i++) await io.writeFile(`/t/maybe-${i}`, bytesOf('maybe'));
      io.crash(random);
      expect(textOf(await io.readFile('/t/durable'))).toBe('durable');
      for (const path of io.paths()) expect(['durable', 'maybe', '']).toContain(textOf(await io.readFile(path)));
      survivors.add(io.paths().length);
    }
    expect(survivors.size).toBeGreaterThan(1);
  });
});
