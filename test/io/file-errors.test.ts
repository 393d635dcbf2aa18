import { expect, it } from 'vitest';
import { WeirError } from '../../src/base/error.js';
import { fileError } from '../../src/io/file-errors.js';

it.each([
  ['ENOENT', 'NOT_FOUND'],
  ['EEXIST', 'ALREADY_EXISTS'],
  ['EISDIR', 'INVALID_ARGUMENT'],
  ['ENOSPC', 'UNAVAILABLE'],
  ['EDQUOT', 'UNAVAILABLE'],
  ['EIO', 'UNAVAILABLE'],
  ['EACCES', 'UNAVAILABLE'],
  ['EMFILE', 'UNAVAILABLE'],
])('%s is %s', (system, code) => {
  const cause = Object.assign(new Error(system), { code: system });
  const error = fileError(cause, 'write', '/t/file');
  expect(error.code).toBe(code);
  expect(error.file).toBe('/t/file');
  expect(error.cause).toBe(cause);
  expect(error.message).toMatch(/^cannot write \/t\/file: .{10,}/);
});

it('says in words that the disk is full', () => {
  const error = fileError(Object.assign(new Error('x'), { code: 'ENOSPC' }), 'write', '/t/file');
  expect(error.message).toContain('the disk is full');
});

it('leaves a WeirError as it is', () => {
  const error = new WeirError('CORRUPTION', 'bad');
  expect(fileError(error, 'read', '/t/file')).toBe(error);
});
