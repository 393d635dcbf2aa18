import { describe, expect, it } from 'vitest';
import { FieldIds, highestFieldId } from '../../src/meta/field-ids.js';
import { applyChanges, newSchema, type SchemaChange } from '../../src/meta/schema-change.js';
import { formatSchema, parseSchema, type TableSchema } from '../../src/meta/table-schema.js';
import type { DataField, DataType } from '../../src/types/data-type.js';
import { formatType, parseType } from '../../src/types/type-text.js';
import { fields, schemaOf } from './samples.js';

const NOW = 1800000000000;
const base = schemaOf(
  {
    dt: 'STRING NOT NULL',
    id: 'BIGINT NOT NULL',
    a: 'INT',
    b: 'STRING NOT NULL',
    ts: 'TIMESTAMP(3)',
  },
  {
    partitionKeys: ['dt'],
    primaryKeys: ['dt', 'id'],
    highestFieldId: 9,
    options: {
      bucket: '2',
      'bucket-key': 'id',
      'sequence.field': 'ts,a',
      'fields.a.stats-mode': 'full',
      'file-index.bloom-filter.columns': 'b, a',
    },
  },
);
const nested: TableSchema = {
  ...schemaOf({ id: 'INT' }),
  fields: [
    { id: 0, name: 'id', type: parseType('INT') },
    {
      id: 1,
      name: 'r',
      type: {
        kind: 'ROW',
        nullable: true,
        fields: [
          { id: 2, name: 'x', type: parseType('INT') },
          { id: 3, name: 'y', type: parseType('STRING') },
        ],
      },
    },
    {
      id: 4,
      name: 'l',
      type: {
        kind: 'ARRAY',
        nullable: true,
        element: { kind: 'ROW', nullable: true, fields: [{ id: 5, name: 'z', type: parseType('FLOAT') }] },
      },
    },
    { id: 6, name: 'm', type: parseType('MAP<STRING, INT>') },
  ],
  highestFieldId: 6,
};

const apply = (schema: TableSchema, ...changes: SchemaChange[]) => applyChanges(schema, changes, { hasSnapshot: true, now_ms: NOW });
const names = (schema: TableSchema) => schema.fields.map((field) => `${field.name}${field.id}`).join(' ');
const typesOf = (schema: TableSchema) => Object.fromEntries(schema.fields.map((field) => [field.name, formatType(field.type)]));
const refused = (schema: TableSchema, ...changes: SchemaChange[]) =>
  expect(() => apply(schema, ...changes)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));

describe('field ids', () => {
  it('are given in the order Java gives them', () => {
    const ids = new FieldIds(-1);
    const given = fields({
      a: 'INT',
      b: 'STRING',
      r: 'ROW<x INT, y ROW<z INT>, w MAP<ROW<k INT>, ARRAY<ROW<e INT>>>>',
      m: 'MAP<STRING, INT>',
    }).map((field) => ids.column(field));
    const flat: string[] = [];
    const visit = (field: DataField) => {
      flat.push(`${field.name}${field.id}`);
      visitType(field.type);
    };
    const visitType = (type: DataType): void => {
      if (type.kind === 'ROW') for (const field of type.fields) visit(field);
      if (type.kind === 'ARRAY') visitType(type.element);
      if (type.kind === 'MAP') for (const part of [type.key, type.value]) visitType(part);
    };
    for (const field of given) visit(field);
    expect(flat).toEqual(['a0', 'b1', 'r2', 'x3', 'y5', 'z4', 'w8', 'k6', 'e7', 'm9']);
    expect(ids.highest).toBe(9);
    expect(highestFieldId(given)).toBe(9);
    expect(highestFieldId([])).toBe(-1);
    expect(highestFieldId([{ id: 2147483646, name: '_SEQUENCE_NUMBER', type: parseType('BIGINT') }])).toBe(-1);
  });
});

describe('new schemas', () => {
  const define = (options: Record<string, string>, primaryKeys: string[] = [], partitionKeys: string[] = []) =>
    newSchema({ fields: fields({ a: 'INT', b: 'STRING' }), primaryKeys, partitionKeys, options, now_ms: NOW });

  it('of primary-key tables have one bucket and keys that are not null', () => {
    const schema = define({}, ['a']);
    expect(schema).toMatchObject({
      version: 3,
      id: 0n,
      highestFieldId: 1,
      primaryKeys: ['a'],
      options: { bucket: '1', 'file.compression': 'snappy' },
      timeMillis: NOW,
    });
    expect(typesOf(schema)).toEqual({ a: 'INT NOT NULL', b: 'STRING' });
    expect(define({ bucket: '7', 'file.compression': 'zstd' }, ['a']).options).toEqual({ bucket: '7', 'file.compression': 'zstd' });
    expect(define({}).options).toEqual({ 'file.compression': 'snappy' });
    expect(parseSchema(formatSchema(schema), 'f')).toEqual(schema);
  });

  it('take keys from options, once', () => {
    expect(define({ 'primary-key': 'b, a', partition: 'b' })).toMatchObject({ primaryKeys: ['b', 'a'], partitionKeys: ['b'] });
    expect(define({ 'primary-key': 'a' }).options).not.toHaveProperty('primary-key');
    expect(() => define({ 'primary-key': 'a' }, ['a'])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => define({}, ['c'])).toThrow(/c is no column/);
  });
});

describe('columns', () => {
  it('are added with ids never used before, where they are wanted', () => {
    const next = apply(
      base,
      { action: 'addColumn', name: 'n', type: 'ROW<p INT, q INT>', comment: 'new' },
      { action: 'addColumn', name: 'first', type: parseType('INT'), first: true },
      { action: 'addColumn', name: 'mid', type: 'INT', after: 'id' },
    );
    expect(names(next)).toBe('first13 dt0 id1 mid14 a2 b3 ts4 n10');
    expect(next).toMatchObject({ id: 1n, highestFieldId: 14, timeMillis: NOW });
    expect(next.fields.at(-1)).toMatchObject({ description: 'new', type: { fields: [{ id: 11 }, { id: 12 }] } });
    refused(base, { action: 'addColumn', name: 'n', type: 'INT NOT NULL' });
    refused(base, { action: 'addColumn', name: 'a', type: 'INT' });
    refused(base, { action: 'addColumn', name: 'n', type: 'INT', after: 'nope' });
    refused(base, { action: 'addColumn', name: '_KEY_x', type: 'INT' });
  });

  it('are dropped for good', () => {
    const next = apply(base, { action: 'dropColumn', name: 'b' });
    expect(names(next)).toBe('dt0 id1 a2 ts4');
    expect(names(apply(next, { action: 'addColumn', name: 'b', type: 'INT' }))).toBe('dt0 id1 a2 ts4 b10');
    for (const name of ['dt', 'id', 'ts', 'nope']) refused(base, { action: 'dropColumn', name });
    refused(schemaOf({ a: 'INT' }), { action: 'dropColumn', name: 'a' });
    refused(schemaOf({ a: 'INT', b: 'INT' }, { options: { bucket: '2', 'bucket-key': 'a' } }), { action: 'dropColumn', name: 'a' });
  });

  it('are renamed with the options that name them', () => {
    const next = apply(base, { action: 'renameColumn', name: 'a', to: 'c' }, { action: 'renameColumn', name: 'id', to: 'key' });
    expect(names(next)).toBe('dt0 key1 c2 b3 ts4');
    expect(next.primaryKeys).toEqual(['dt', 'key']);
    expect(next.options).toEqual({
      bucket: '2',
      'bucket-key': 'key',
      'sequence.field': 'ts,c',
      'fields.c.stats-mode': 'full',
      'file-index.bloom-filter.columns': 'b, c',
    });
    refused(base, { action: 'renameColumn', name: 'dt', to: 'day' });
    refused(base, { action: 'renameColumn', name: 'a', to: 'b' });
    refused(base, { action: 'renameColumn', name: 'nope', to: 'c' });
    refused(base, { action: 'renameColumn', name: 'a', to: '' });
  });

  it('change to types their values can be cast to', () => {
    expect(typesOf(apply(base, { action: 'updateType', name: 'a', type: 'BIGINT' })).a).toBe('BIGINT');
    expect(typesOf(apply(base, { action: 'updateType', name: 'b', type: 'VARCHAR(5)' })).b).toBe('VARCHAR(5) NOT NULL');
    expect(typesOf(apply(base, { action: 'updateType', name: 'a', type: 'TINYINT' })).a).toBe('TINYINT');
    refused(
      { ...base, options: { ...base.options, 'disable-explicit-type-casting': 'true' } },
      { action: 'updateType', name: 'a', type: 'TINYINT' },
    );
    refused(base, { action: 'updateType', name: 'a', type: 'ARRAY<INT>' });
    for (const name of ['dt', 'id']) refused(base, { action: 'updateType', name, type: 'STRING' });
    refused(nested, { action: 'updateType', name: 'r', type: 'ROW<x BIGINT>' });
  });

  it('become nullable, and not the other way unless told', () => {
    expect(typesOf(apply(base, { action: 'updateNullability', name: 'b', nullable: true })).b).toBe('STRING');
    refused(base, { action: 'updateNullability', name: 'a', nullable: false });
    refused(base, { action: 'updateNullability', name: 'id', nullable: true });
    const open = { ...base, options: { ...base.options, 'alter-column-null-to-not-null.disabled': 'false' } };
    expect(typesOf(apply(open, { action: 'updateNullability', name: 'a', nullable: false })).a).toBe('INT NOT NULL');
  });

  it('move, and take comments', () => {
    expect(names(apply(base, { action: 'moveColumn', name: 'ts', first: true }))).toBe('ts4 dt0 id1 a2 b3');
    expect(names(apply(base, { action: 'moveColumn', name: 'dt', last: true }))).toBe('id1 a2 b3 ts4 dt0');
    expect(names(apply(base, { action: 'moveColumn', name: 'dt', after: 'a' }))).toBe('id1 a2 dt0 b3 ts4');
    expect(names(apply(base, { action: 'moveColumn', name: 'ts', before: 'id' }))).toBe('dt0 ts4 id1 a2 b3');
    refused(base, { action: 'moveColumn', name: 'a' });
    refused(base, { action: 'moveColumn', name: 'a', after: 'a' });
    const commented = apply(base, { action: 'updateComment', name: 'a', comment: 'text' }, { action: 'setComment', comment: 'table' });
    expect(commented).toMatchObject({ comment: 'table', fields: [{}, {}, { description: 'text' }, {}, {}] });
    const bare = apply(commented, { action: 'updateComment', name: 'a', comment: null }, { action: 'setComment', comment: null });
    expect([bare.comment, bare.fields[2]]).toEqual([undefined, base.fields[2]]);
  });

  it('have members that change like columns', () => {
    const next = apply(
      nested,
      { action: 'addColumn', name: ['r', 'n'], type: 'INT', first: true },
      { action: 'renameColumn', name: ['r', 'x'], to: 'renamed' },
      { action: 'updateType', name: ['r', 'renamed'], type: 'BIGINT' },
      { action: 'dropColumn', name: ['r', 'y'] },
      { action: 'updateType', name: ['l', 'element', 'z'], type: 'DOUBLE' },
      { action: 'updateType', name: ['m', 'value'], type: 'BIGINT' },
      { action: 'addColumn', name: ['l', 'element', 'w'], type: 'STRING' },
    );
    expect(next.highestFieldId).toBe(8);
    expect(next.fields[1]!.type).toMatchObject({
      fields: [
        { id: 7, name: 'n' },
        { id: 2, name: 'renamed', type: { kind: 'BIGINT' } },
      ],
    });
    expect(next.fields[2]!.type).toMatchObject({
      element: {
        fields: [
          { id: 5, name: 'z', type: { kind: 'DOUBLE' } },
          { id: 8, name: 'w' },
        ],
      },
    });
    expect(formatType(next.fields[3]!.type)).toBe('MAP<STRING, BIGINT>');
    refused(nested, { action: 'addColumn', name: ['id', 'n'], type: 'INT' });
    refused(nested, { action: 'updateType', name: ['m', 'key'], type: 'INT' });
    refused(nested, { action: 'dropColumn', name: ['r', 'nope'] });
    refused(nested, { action: 'dropColumn', name: [] });
  });
});

describe('options', () => {
  it('are set and removed', () => {
    const next = apply(
      base,
      { action: 'setOption', key: 'write-only', value: 'true' },
      { action: 'setOption', key: 'my.own', value: 'x' },
      { action: 'removeOption', key: 'fields.a.stats-mode' },
      { action: 'removeOption', key: 'no.such' },
    );
    expect(next.options).toMatchObject({ 'write-only': 'true', 'my.own': 'x' });
    expect(next.options).not.toHaveProperty('fields.a.stats-mode');
    refused(base, { action: 'setOption', key: 'write-only', value: 'maybe' });
  });

  it('that say where rows are stay once there is a snapshot', () => {
    refused(base, { action: 'setOption', key: 'bucket-key', value: '' });
    refused(base, { action: 'removeOption', key: 'bucket-key' });
    refused(base, { action: 'setOption', key: 'merge-engine', value: 'first-row' });
    refused(base, { action: 'setOption', key: 'data-file.path-directory', value: 'd' });
    refused(base, { action: 'setOption', key: 'primary-key', value: 'a' });
    refused(base, { action: 'setOption', key: 'bucket', value: '-1' });
    refused(base, { action: 'removeOption', key: 'bucket' });
    expect(apply(base, { action: 'setOption', key: 'bucket', value: '5' }).options.bucket).toBe('5');
    expect(apply(base, { action: 'setOption', key: 'bucket-key', value: 'id' }).options['bucket-key']).toBe('id');
    const before = applyChanges(base, [{ action: 'removeOption', key: 'bucket-key' }], { hasSnapshot: false, now_ms: NOW });
    expect(before.options).not.toHaveProperty('bucket-key');
  });

  it('weir refuses are refused for a table that is there, too', () => {
    expect(() => apply(base, { action: 'setOption', key: 'changelog-producer', value: 'lookup' })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });
});

it('an unknown change is told', () => refused(base, { action: 'explode' } as unknown as SchemaChange));
