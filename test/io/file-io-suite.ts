/** What every FileIO promises; run against each of them. */
import { describe, expect, it } from 'vitest';
import { hasCode, WeirError } from '../../src/base/error.js';
import type { FileIO } from '../../src/io/file-io.js';

export function describeFileIO(name: string, make: () => { io: FileIO; root: string }): void {
  describe(`${name} keeps the FileIO contract`, () => {
    it('reads back what it wrote, making parents', async () => {
      const { io, root } = make();
      await io.writeFile(`${root}/a/b/c.bin`, bytesOf('hello'), { sync: true });
      expect(textOf(await io.readFile(`${root}/a/b/c.bin`))).toBe('hello');
      await io.writeFile(`${root}/a/empty`, new Uint8Array(0));
      expect(await io.readFile(`${root}/a/empty`)).toHaveLength(0);
    });

    it('does not keep the caller’s buffer', async () => {
      const { io, root } = make();
      const bytes = bytesOf('before');
      await io.writeFile(`${root}/file`, bytes);
      bytes.fill(0);
      expect(textOf(await io.readFile(`${root}/file`))).toBe('before');
      (await io.readFile(`${root}/file`)).fill(0);
      expect(textOf(await io.readFile(`${root}/file`))).toBe('before');
    });

    it('refuses to write over a file', async () => {
      const { io, root } = make();
      await io.writeFile(`${root}/file`, bytesOf('one'));
      await expectCode(io.writeFile(`${root}/file`, bytesOf('two')), 'ALREADY_EXISTS', `${root}/file`);
      await expectCode(io.create(`${root}/file`), 'ALREADY_EXISTS', `${root}/file`);
      expect(textOf(await io.readFile(`${root}/file`))).toBe('one');
    });

    it('answers for what is absent', async () => {
      const { io, root } = make();
      await expectCode(io.readFile(`${root}/none`), 'NOT_FOUND', `${root}/none`);
      await expectCode(io.open(`${root}/none/deeper`), 'NOT_FOUND', `${root}/none/deeper`);
      expect(await io.exists(`${root}/none`)).toBe(false);
      expect(await io.stat(`${root}/none`)).toBeUndefined();
      expect(await io.list(`${root}/none`)).toEqual([]);
      expect(await io.names(`${root}/none`)).toEqual([]);
      await io.remove(`${root}/none`);
      await io.removeDirectory(`${root}/none`);
    });

    it('takes a directory for no file', async () => {
      const { io, root } = make();
      await io.makeDirectory(`${root}/dir`);
      await io.makeDirectory(`${root}/dir`);
      await expectCode(io.readFile(`${root}/dir`), 'INVALID_ARGUMENT', `${root}/dir`);
      expect(await io.exists(`${root}/dir`)).toBe(true);
      expect((await io.stat(`${root}/dir`))?.directory).toBe(true);
      expect(await io.createExclusive(`${root}/dir`, bytesOf('x'))).toBe(false);
    });

    it('reads exact ranges, and says when a file is too short', async () => {
      const { io, root } = make();
      await io.writeFile(`${root}/file`, bytesOf('0123456789'));
      const file = await io.open(`${root}/file`);
      expect(file.size_bytes).toBe(10);
      expect(textOf(await file.read(3, 4))).toBe('3456');
      expect(textOf(await file.read(0, 10))).toBe('0123456789');
      expect(await file.read(10, 0)).toHaveLength(0);
      await expectCode(file.read(8, 3), 'CORRUPTION', `${root}/file`);
      await expectCode(file.read(-1, 3), 'CORRUPTION', `${root}/file`);
      await expectCode(file.read(0, 2 ** 50), 'CORRUPTION', `${root}/file`);
      await expectCode(file.read(Number.NaN, 1), 'CORRUPTION', `${root}/file`);
      await file.close();
      await file.close();
      await expectCode(file.read(0, 1), 'CLOSED', `${root}/file`);
    });

    it('lets an open file outlive its name', async () => {
      const { io, root } = make();
      await io.writeFile(`${root}/file`, bytesOf('still here'));
      const file = await io.open(`${root}/file`);
      await io.remove(`${root}/file`);
      expect(await io.exists(`${root}/file`)).toBe(false);
      expect(textOf(await file.read(0, 10))).toBe('still here');
      await file.close();
    });

    it('writes through a sink, front to back', async () => {
      const { io, root } = make();
      const sink = await io.create(`${root}/deep/er/file`);
      await sink.write(bytesOf('one '));
      await sink.write(new Uint8Array(0));
      await sink.write(bytesOf('two'));
      expect(sink.written_bytes).toBe(7);
      await sink.finish({ sync: true });
      await sink.abort();
      expect(textOf(await io.readFile(`${root}/deep/er/file`))).toBe('one two');
      await expectCode(sink.write(bytesOf('x')), 'CLOSED', `${root}/deep/er/file`);
    });

    it('leaves nothing of an aborted sink', async () => {
      const { io, root } = make();
      const sink = await io.create(`${root}/file`);
      await sink.write(bytesOf('half'));
      await sink.abort();
      await sink.abort();
      expect(await io.exists(`${root}/file`)).toBe(false);
      await expectCode(sink.finish(), 'CLOSED', `${root}/file`);
    });

    it('gives a file its name after what was asked for, tells of it, and gives none when that fails', async () => {
      const { io, root } = make();
      let named = 0;
      let release = () => {};
      const after = new Promise<void>((resolve) => {
        release = resolve;
      });
      const creating = io.createExclusive(`${root}/file`, bytesOf('x'), { sync: true, after, onNamed: () => named++ });
      for (let i = 0; i < 20; i++) await io.exists(root);
      expect([named, await io.exists(`${root}/file`)]).toEqual([0, false]);
      release();
      expect(await creating).toBe(true);
      expect(named).toBe(1);
      expect(await io.createExclusive(`${root}/file`, bytesOf('y'), { onNamed: () => named++ })).toBe(false);
      const failing = Promise.reject(new WeirError('UNAVAILABLE', 'not now'));
      failing.catch(() => undefined);
      await expectCode(
        io.createExclusive(`${root}/other`, bytesOf('x'), { after: failing, onNamed: () => named++ }),
        'UNAVAILABLE',
        undefined,
      );
      expect([named, await io.names(root)]).toEqual([1, ['file']]);
    });

    it('creates exclusively, once, and leaves no temporary file', async () => {
      const { io, root } = make();
      expect(await io.createExclusive(`${root}/s/snapshot-1`, bytesOf('first'), { sync: true })).toBe(true);
      expect(await io.createExclusive(`${root}/s/snapshot-1`, bytesOf('second'), { sync: true })).toBe(false);
      expect(textOf(await io.readFile(`${root}/s/snapshot-1`))).toBe('first');
      expect(names(await io.list(`${root}/s`))).toEqual(['snapshot-1']);
    });

    it('has one winner among many that create one file', async () => {
      const { io, root } = make();
      const attempts = Array.from({ length: 20 }, (_, i) =>
        io.createExclusive(`${root}/race`, bytesOf(`writer ${i}`), { sync: i % 2 === 0 }),
      );
      const won = await Promise.all(attempts);
      expect(won.filter((mine) => mine)).toHaveLength(1);
      expect(textOf(await io.readFile(`${root}/race`))).toBe(`writer ${won.indexOf(true)}`);
      expect(names(await io.list(root))).toEqual(['race']);
    });

    it('replaces atomically', async () => {
      const { io, root } = make();
      await io.replace(`${root}/hints/LATEST`, bytesOf('1'));
      await io.replace(`${root}/hints/LATEST`, bytesOf('22'), { sync: true });
      expect(textOf(await io.readFile(`${root}/hints/LATEST`))).toBe('22');
      expect(names(await io.list(`${root}/hints`))).toEqual(['LATEST']);
    });

    it('lists the direct children of a directory', async () => {
      const { io, root } = make();
      await io.writeFile(`${root}/b`, bytesOf('12345'));
      await io.writeFile(`${root}/a/deep`, bytesOf('1'));
      await io.makeDirectory(`${root}/c`);
      const listed = await io.list(root);
      expect(listed.map(({ path, directory }) => ({ path, directory }))).toEqual([
        { path: `${root}/a`, directory: true },
        { path: `${root}/b`, directory: false },
        { path: `${root}/c`, directory: true },
      ]);
      expect(listed[1]?.size_bytes).toBe(5);
      expect(await io.names(root)).toEqual(['a', 'b', 'c']);
      expect((await io.stat(`${root}/b`))?.modified_ms).toBeGreaterThan(0);
    });

    it('deletes files and directories', async () => {
      const { io, root } = make();
      await io.writeFile(`${root}/dir/a/file`, bytesOf('x'));
      await io.writeFile(`${root}/dirt`, bytesOf('x'));
      await io.removeDirectory(`${root}/dir`);
      expect(names(await io.list(root))).toEqual(['dirt']);
      await io.writeFile(`${root}/dir/a/file`, bytesOf('again'), { sync: true });
      expect(textOf(await io.readFile(`${root}/dir/a/file`))).toBe('again');
    });

    it('fsyncs directories, many at once', async () => {
      const { io, root } = make();
      const files = Array.from({ length: 10 }, (_, i) => `${root}/p${i % 3}/f${i}`);
      await Promise.all(files.map((path) => io.writeFile(path, bytesOf('x'), { sync: 'file' })));
      await Promise.all([
        io.syncDirectories(new Set([`${root}/p0`, `${root}/p1`]).values()),
        io.syncDirectories([`${root}/p0`, `${root}/p2`]),
      ]);
      await io.syncDirectories([]);
      await expectCode(io.syncDirectories([`${root}/none`]), 'NOT_FOUND', `${root}/none`);
    });
  });
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export async function expectCode(promise: Promise<unknown>, code: Parameters<typeof hasCode>[1], file?: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!hasCode(error, code)) expect.fail(`expected ${code}, got ${error === undefined ? 'success' : String(error)}`);
  if (file !== undefined) {
    expect(error.file).toBe(file);
    expect(error.message).toContain(file);
  }
}

function names(stats: readonly { path: string }[]): string[] {
  return stats.map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
}
