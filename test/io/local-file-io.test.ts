import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { localFileIO } from '../../src/io/local-file-io.js';
import { isTemporaryPath } from '../../src/io/temporary-path.js';
import { tempDir } from '../support/temp-dir.js';
import { bytesOf, describeFileIO, expectCode, textOf } from './file-io-suite.js';

describeFileIO('local disk', () => ({ io: localFileIO(), root: tempDir() }));

it('two instances, as two processes have, exclude each other', async () => {
  const root = tempDir();
  const instances = Array.from({ length: 8 }, () => localFileIO());
  const won = await Promise.all(instances.map((io, i) => io.createExclusive(`${root}/s/snapshot-1`, bytesOf(`${i}`), { sync: true })));
  expect(won.filter((mine) => mine)).toHaveLength(1);
  expect(textOf(await localFileIO().readFile(`${root}/s/snapshot-1`))).toBe(`${won.indexOf(true)}`);
  expect(readdirSync(`${root}/s`)).toEqual(['snapshot-1']);
});

it('leaves nothing behind when a target cannot be replaced', async () => {
  const io = localFileIO();
  const root = tempDir();
  await io.makeDirectory(`${root}/taken`);
  await expectCode(io.replace(`${root}/taken`, bytesOf('x')), 'INVALID_ARGUMENT', `${root}/taken`);
  expect(readdirSync(root)).toEqual(['taken']);
});

it('takes a file in the place of a directory for NOT_FOUND when reading and as an error when writing', async () => {
  const io = localFileIO();
  const root = tempDir();
  writeFileSync(`${root}/file`, 'x');
  await expectCode(io.readFile(`${root}/file/below`), 'NOT_FOUND', `${root}/file/below`);
  expect(await io.exists(`${root}/file/below`)).toBe(false);
  await expect(io.writeFile(`${root}/file/below`, bytesOf('x'))).rejects.toThrow(`${root}/file/below`);
});

it('says UNAVAILABLE when it may not write', async () => {
  if (process.getuid?.() === 0) return; // root may write anywhere
  const io = localFileIO();
  const root = tempDir();
  chmodSync(root, 0o500);
  await expectCode(io.createExclusive(`${root}/x`, bytesOf('x')), 'UNAVAILABLE', `${root}/x`);
  chmodSync(root, 0o700);
});

it('knows the names of temporary files', () => {
  expect(isTemporaryPath('/t/snapshot/.snapshot-1.0a1b2c3d-0000-4000-8000-000000000000.tmp')).toBe(true);
  expect(isTemporaryPath('/t/snapshot/snapshot-1')).toBe(false);
  expect(isTemporaryPath('/t/snapshot/.hidden')).toBe(false);
});
