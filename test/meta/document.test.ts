import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/base/error.js';
import { formatDocument, parseDocument } from '../../src/meta/document.js';
import { formatSnapshot, parseSnapshot, type Snapshot } from '../../src/meta/snapshot.js';
import { bucketKey, fieldOf, formatSchema, parseSchema, type TableSchema, trimmedPrimaryKey } from '../../src/meta/table-schema.js';
import { parseType } from '../../src/types/type-text.js';

const snapshot: Snapshot = {
  version: 3,
  id: 7n,
  schemaId: 2n,
  baseManifestList: 'manifest-list-a-0',
  baseManifestListSize: 884n,
  deltaManifestList: 'manifest-list-a-1',
  deltaManifestListSize: 992n,
  commitUser: 'job "1" é',
  commitIdentifier: 9223372036854775807n,
  commitKind: 'OVERWRITE',
  timeMillis: 1700000000000,
  totalRecordCount: 3n,
  deltaRecordCount: -3n,
  watermark: -9223372036854775808n,
  properties: { a: 'b' },
  nextRowId: 0n,
};

const schema: TableSchema = {
  version: 3,
  id: 0n,
  fields: [
    { id: 0, name: 'dt', type: { kind: 'VARCHAR', length: 2147483647, nullable: false } },
    { id: 1, name: 'id', type: { kind: 'BIGINT', nullable: false }, description: 'the "key"' },
    { id: 2, name: 'r', type: { kind: 'ROW', nullable: true, fields: [{ id: 3, name: 'd', type: parseType('DECIMAL(10, 2) NOT NULL') }] } },
  ],
  highestFieldId: 3,
  partitionKeys: ['dt'],
  primaryKeys: ['dt', 'id'],
  options: { bucket: '2' },
  comment: 'a table',
  timeMillis: 1700000000000,
};

describe('documents', () => {
  it('come back as they went', () => {
    expect(parseSnapshot(formatSnapshot(snapshot), 'snapshot-7')).toEqual(snapshot);
    expect(parseSchema(formatSchema(schema), 'schema-0')).toEqual(schema);
  });

  it('are never other documents with a bit flipped', () => {
    for (const [bytes, parse] of [
      [formatSnapshot(snapshot), parseSnapshot],
      [formatSchema(schema), parseSchema],
    ] as const) {
      const original = parse(bytes, 'f');
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const damaged = new Uint8Array(bytes);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        try {
          expect(parse(damaged, 'f'), `bit ${bit}`).toEqual(original);
        } catch (error) {
          expect(hasCode(error, 'CORRUPTION') && error.file, `bit ${bit}: ${error}`).toBe('f');
        }
      }
    }
  });

  it('are CORRUPTION when cut off', () => {
    const bytes = formatSchema(schema);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => parseSchema(bytes.subarray(0, length), 'f')).toThrow(expect.objectContaining({ code: 'CORRUPTION', file: 'f' }));
    }
  });

  it('of others need no checksum, and unknown members do no harm', () => {
    const text =
      '{"version":3,"id":1,"schemaId":0,"baseManifestList":"b","deltaManifestList":"d","changelogManifestList":null,"commitUser":"u","commitIdentifier":1,"commitKind":"APPEND","timeMillis":5,"totalRecordCount":3,"deltaRecordCount":3,"operation":"WRITE","logOffsets":{"1":2}}';
    const parsed = parseSnapshot(Buffer.from(text), 'f');
    expect(parsed.id).toBe(1n);
    expect('changelogManifestList' in parsed).toBe(false);
    expect(Buffer.from(formatSnapshot(parsed)).toString()).not.toContain('changelogManifestList');
  });

  it('say what is wrong with them', () => {
    const with_ = (change: object) => () => parseSnapshot(formatDocument({ ...snapshot, ...change }), 'f');
    expect(with_({ id: 'x' })).toThrow(/f: "id" should be an integer/);
    expect(with_({ id: 0 })).toThrow(/cannot be/);
    expect(with_({ commitKind: 'MERGE' })).toThrow(expect.objectContaining({ code: 'CORRUPTION' }));
    expect(with_({ version: 4 })).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    expect(() => parseDocument(Buffer.from('[1]'), 'f')).toThrow(/no JSON object/);
    expect(() => parseDocument(Uint8Array.of(0x7b, 0xff, 0x7d), 'f')).toThrow(/f is not JSON/);
  });

  it('of old versions have the defaults of their time', () => {
    const old = (members: object) =>
      parseSchema(
        Buffer.from(JSON.stringify({ id: 0, fields: [], highestFieldId: -1, partitionKeys: [], primaryKeys: [], options: {}, ...members })),
        'f',
      );
    expect(old({}).options).toEqual({ bucket: '1', 'file.format': 'orc' });
    expect(old({ version: 2 }).options).toEqual({ 'file.format': 'orc' });
    expect(old({ version: 3 }).options).toEqual({});
    expect(old({}).timeMillis).toBe(0);
  });

  it('know their keys', () => {
    expect(trimmedPrimaryKey(schema)).toEqual(['id']);
    expect(bucketKey(schema)).toEqual(['id']);
    expect(bucketKey({ ...schema, options: { 'bucket-key': ' id , dt' } })).toEqual(['id', 'dt']);
    expect(fieldOf(schema, 'id').id).toBe(1);
    expect(() => fieldOf(schema, 'ID')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    const wrong = { ...schema, primaryKeys: ['nope'] };
    expect(() => parseSchema(formatSchema(wrong), 'f')).toThrow(/the key column nope is no column/);
  });
});
