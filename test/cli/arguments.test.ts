import { describe, expect, it } from 'vitest';
import {
  columnPath,
  idOf,
  keyList,
  keyValue,
  partitionOf,
  partitionSpec,
  snapshotRange,
  streamEnd,
  streamStart,
  timeOf,
  wholeNumber,
} from '../../src/cli/arguments.js';
import { schemaChanges } from '../../src/cli/commands/alter.js';
import { UsageError } from '../../src/cli/exit.js';

describe('words of the command line', () => {
  it('lists and pairs', () => {
    expect(keyList(['a,b', ' c '])).toEqual(['a', 'b', 'c']);
    expect(keyList(undefined)).toEqual([]);
    expect(keyValue('a=b=c')).toEqual(['a', 'b=c']);
    expect(() => keyValue('a')).toThrow(UsageError);
    expect(partitionSpec('dt=2001-01-01,h=__DEFAULT_PARTITION__')).toEqual({ dt: '2001-01-01', h: null });
    expect(partitionOf(['a=1', 'b=2'])).toEqual({ a: '1', b: '2' });
    expect(partitionOf(undefined)).toBeUndefined();
  });

  it('numbers', () => {
    expect(wholeNumber('12', '--limit')).toBe(12);
    for (const bad of ['-1', '1.5', 'x', '', '99999999999999999999']) expect(() => wholeNumber(bad, '--limit')).toThrow(UsageError);
    expect(idOf('9223372036854775807', '--identifier')).toBe(9223372036854775807n);
    expect(() => idOf('9223372036854775808', '--identifier')).toThrow(UsageError);
    expect(snapshotRange('3..7')).toEqual({ from: 3n, to: 7n });
    expect(() => snapshotRange('3-7')).toThrow(UsageError);
  });

  it('times', () => {
    expect(timeOf('1700000000000', '--as-of')).toBe(1700000000000);
    expect(timeOf('2023-11-14T22:13:20Z', '--as-of')).toBe(1700000000000);
    expect(timeOf('2023-11-14T22:13:20.500Z', '--as-of')).toBe(1700000000500);
    expect(timeOf('2023-11-14T23:13:20+0100', '--as-of')).toBe(1700000000000);
    expect(timeOf('2023-11-14 23:13:20+01', '--as-of')).toBe(1700000000000);
    expect(timeOf('2023-11-14T22:13:20.123456789Z', '--as-of')).toBe(1700000000123);
    expect(timeOf('2023-11-14', '--as-of')).toBe(Date.parse('2023-11-14'));
    expect(timeOf('2023-11-14 22:13:20', '--as-of')).toBe(new Date(2023, 10, 14, 22, 13, 20).getTime());
    for (const bad of ['yesterday', '2023-13-01', '14.11.2023', '']) expect(() => timeOf(bad, '--as-of')).toThrow(UsageError);
  });

  it('starts and ends of streams', () => {
    expect(streamStart('latest')).toBe('latest');
    expect(streamStart('snapshot:4')).toEqual({ snapshot: 4n });
    expect(streamEnd('snapshot:4')).toEqual({ snapshot: 4n });
    expect(streamEnd('now')).toBe('now');
    expect(() => streamEnd('later')).toThrow(UsageError);
    expect(() => streamStart('snapshot:x')).toThrow(UsageError);
  });

  it('paths', () => {
    expect(columnPath('a')).toBe('a');
    expect(columnPath('a.b')).toEqual(['a', 'b']);
    expect(columnPath('`a.b`')).toBe('a.b');
  });
});

describe('alter', () => {
  it('turns words into schema changes', () => {
    expect(schemaChanges('add', ['note', 'STRING'], {})).toEqual([
      { action: 'addColumn', name: 'note', type: { kind: 'VARCHAR', length: 2147483647, nullable: true } },
    ]);
    expect(schemaChanges('add', ["address.zip INT COMMENT 'post'"], { after: 'id' })).toEqual([
      { action: 'addColumn', name: ['address', 'zip'], type: { kind: 'INT', nullable: true }, comment: 'post', after: 'id' },
    ]);
    expect(schemaChanges('rename', ['a', 'b'], {})).toEqual([{ action: 'renameColumn', name: 'a', to: 'b' }]);
    expect(schemaChanges('type', ['a', 'DECIMAL(10,', '2)'], {})).toEqual([
      { action: 'updateType', name: 'a', type: { kind: 'DECIMAL', precision: 10, scale: 2, nullable: true } },
    ]);
    expect(schemaChanges('move', ['a'], { first: true })).toEqual([{ action: 'moveColumn', name: 'a', first: true }]);
    expect(schemaChanges('set', ['x=1', 'y=2'], {})).toHaveLength(2);
    expect(schemaChanges('unset', ['x'], {})).toEqual([{ action: 'removeOption', key: 'x' }]);
    expect(schemaChanges('comment', ['words'], {})).toEqual([{ action: 'setComment', comment: 'words' }]);
  });

  it('refuses the rest', () => {
    expect(() => schemaChanges('explode', [], {})).toThrow(UsageError);
    expect(() => schemaChanges('rename', ['a'], {})).toThrow(UsageError);
    expect(() => schemaChanges('move', ['a'], {})).toThrow(UsageError);
    expect(() => schemaChanges('drop', ['a'], { first: true })).toThrow(UsageError);
  });
});
