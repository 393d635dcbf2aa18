import { describe, expect, it } from 'vitest';
import { serializeRow } from '../../src/meta/binary-row.js';
import { partitionPath, partitionToSpec, partitionValues, specToPartition } from '../../src/meta/partition-path.js';
import type { Datum } from '../../src/types/datum.js';
import { parseType } from '../../src/types/type-text.js';
import { schemaOf } from './samples.js';

const utf8 = (text: string) => new TextEncoder().encode(text);
const table = (type: string, options: Record<string, string> = {}, key = 'k') =>
  schemaOf({ [key]: type, v: 'INT' }, { partitionKeys: [key], options });
const pathOf = (type: string, value: Datum, options: Record<string, string> = {}, key = 'k') =>
  partitionPath(table(type, options, key), serializeRow([parseType(type)], [value]));
const MODERN = { 'partition.legacy-name': 'false' };

describe('partition directories', () => {
  it('have the names Java derives', () => {
    expect(pathOf('DATE', 19737)).toBe('k=19737');
    expect(pathOf('DATE', 19737, MODERN)).toBe('k=2024-01-15');
    expect(pathOf('INT', -5)).toBe('k=-5');
    expect(pathOf('BIGINT', 9223372036854775807n)).toBe('k=9223372036854775807');
    expect(pathOf('BOOLEAN', false)).toBe('k=false');
    expect(pathOf('DECIMAL(22, 2)', -3879655360081730570225n)).toBe('k=-38796553600817305702.25');
    expect(pathOf('TIME(3)', 36672345)).toBe('k=36672345');
    expect(pathOf('DOUBLE', 1e10)).toBe('k=1.0E10');
    expect(pathOf('FLOAT', Math.fround(0.1))).toBe('k=0.1');
    expect(pathOf('TIMESTAMP(3)', 1705312812345n)).toBe('k=2024-01-15T10%3A00%3A12.345');
    expect(pathOf('TIMESTAMP(3)', 1705312812345n, MODERN)).toBe('k=2024-01-15 10%3A00%3A12.345');
    expect(pathOf('TIMESTAMP(6)', 1705312800000000n)).toBe('k=2024-01-15T10%3A00');
    expect(pathOf('TIMESTAMP(6)', 1705312801000000n)).toBe('k=2024-01-15T10%3A00%3A01');
    expect(pathOf('TIMESTAMP(6)', 1705312801000120n)).toBe('k=2024-01-15T10%3A00%3A01.000120');
  });

  it('are escaped, the key too', () => {
    expect(pathOf('STRING', utf8('a/b=c:d%e é\u0001{}[]^\\"\'#*?'))).toBe('k=a%2Fb%3Dc%3Ad%25e é%01%7B%7D%5B%5D%5E%5C%22%27%23%2A%3F');
    expect(pathOf('INT', 1, {}, 'a=b')).toBe('a%3Db=1');
    expect(pathOf('STRING', utf8('\u007f\u{1f600}'))).toBe('k=%7F\u{1f600}');
  });

  it('are the default for null and blank values', () => {
    for (const value of [null, utf8(''), utf8(' \t'), utf8('\u3000')]) expect(pathOf('STRING', value)).toBe('k=__DEFAULT_PARTITION__');
    expect(pathOf('STRING', null, { 'partition.default-name': 'none' })).toBe('k=none');
    // a no-break space is no white space to Java
    expect(pathOf('STRING', utf8('\u00a0'))).toBe('k=\u00a0');
  });

  it('are nested in the order of the keys, and none without keys', () => {
    const schema = schemaOf({ a: 'INT', b: 'STRING', v: 'INT' }, { partitionKeys: ['b', 'a'] });
    expect(partitionPath(schema, serializeRow([parseType('STRING'), parseType('INT')], [utf8('x'), 1]))).toBe('b=x/a=1');
    expect(partitionPath(schemaOf({ v: 'INT' }), serializeRow([], []))).toBe('');
  });

  it('of bytes are UNSUPPORTED: Java names them after an address', () => {
    expect(() => pathOf('BYTES', Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });
});

describe('partitions as text', () => {
  it.each([
    ['DATE', 19737, '2024-01-15'],
    ['INT', -5, '-5'],
    ['BIGINT', 9223372036854775807n, '9223372036854775807'],
    ['BOOLEAN', true, 'true'],
    ['DECIMAL(10, 2)', 1250n, '12.50'],
    ['STRING', utf8('é'), 'é'],
    ['BYTES', Uint8Array.of(1, 255), '01ff'],
    ['TIMESTAMP(3)', 1705312812345n, '2024-01-15T10:00:12.345000000'],
    ['STRING', null, null],
  ] as [string, Datum, string | null][])('%s %s is %s', (type, value, text) => {
    const schema = table(type);
    const partition = serializeRow([parseType(type)], [value]);
    expect(partitionToSpec(schema, partition)).toEqual({ k: text });
    expect(specToPartition(schema, { k: text })).toEqual(partition);
    expect(partitionValues(schema, partition)).toEqual([value]);
  });

  it('are checked', () => {
    expect(specToPartition(table('INT'), { k: '__DEFAULT_PARTITION__' })).toEqual(serializeRow([parseType('INT')], [null]));
    for (const [type, spec] of [
      ['INT', { k: 'x' }],
      ['INT', { k: '1.5' }],
      ['INT', { k: '' }],
      ['INT', { k: '99999999999' }],
      ['BOOLEAN', { k: 'yes' }],
      ['DATE', { k: '2024-02-30' }],
      ['INT', {}],
      ['INT', { k: '1', other: '2' }],
    ] as [string, Record<string, string>][]) {
      expect(() => specToPartition(table(type), spec), `${type} ${JSON.stringify(spec)}`).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    }
  });
});
