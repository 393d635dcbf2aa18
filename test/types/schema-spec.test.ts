import { describe, expect, expectTypeOf, it } from 'vitest';
import * as t from '../../src/types/schema-spec.js';
import { fieldsOf, type RowOf, type SchemaSpec } from '../../src/types/schema-spec.js';
import { formatType } from '../../src/types/type-text.js';

describe('fieldsOf', () => {
  it('has a builder for every type', () => {
    const fields = fieldsOf({
      boolean: t.boolean(),
      tinyint: t.tinyint(),
      smallint: t.smallint(),
      int: t.int(),
      bigint: t.bigint(),
      float: t.float(),
      double: t.double(),
      decimal: t.decimal(10, 2),
      char: t.char(3),
      varchar: t.varchar(4),
      string: t.string(),
      binary: t.binary(5),
      varbinary: t.varbinary(6),
      bytes: t.bytes(),
      date: t.date(),
      time: t.time(),
      timestamp: t.timestamp(),
      ts3: t.timestamp(3),
      ltz: t.timestampLtz(),
      array: t.array(t.int().notNull()),
      map: t.map('STRING NOT NULL', t.double()),
      multiset: t.multiset(t.string()),
      row: t.row({ a: t.int(), b: 'BIGINT NOT NULL' }),
    });
    expect(fields.map((field) => formatType(field.type))).toEqual([
      'BOOLEAN',
      'TINYINT',
      'SMALLINT',
      'INT',
      'BIGINT',
      'FLOAT',
      'DOUBLE',
      'DECIMAL(10, 2)',
      'CHAR(3)',
      'VARCHAR(4)',
      'STRING',
      'BINARY(5)',
      'VARBINARY(6)',
      'BYTES',
      'DATE',
      'TIME(3)',
      'TIMESTAMP(6)',
      'TIMESTAMP(3)',
      'TIMESTAMP(6) WITH LOCAL TIME ZONE',
      'ARRAY<INT NOT NULL>',
      'MAP<STRING NOT NULL, DOUBLE>',
      'MULTISET<STRING>',
      'ROW<a INT, b BIGINT NOT NULL>',
    ]);
  });

  it('numbers a column before what is in its type, a nested field after', () => {
    const fields = fieldsOf({
      a: t.int(),
      b: t.string(),
      r: 'ROW<x INT, y ROW<z INT>, m MAP<STRING, INT>>',
      c: t.array(t.row({ d: t.int() })),
      e: 'INT',
    });
    const ids = JSON.stringify(fields, (key, value: unknown) =>
      ['nullable', 'kind', 'length', 'name'].includes(key) ? undefined : value,
    ).match(/"id":\d+/g);
    expect(fields.map((field) => field.id)).toEqual([0, 1, 2, 7, 9]);
    expect(new Set(ids).size).toBe(10);
    expect(fields[2]!.type).toMatchObject({
      fields: [
        { name: 'x', id: 3 },
        { name: 'y', id: 5, type: { fields: [{ name: 'z', id: 4 }] } },
        { name: 'm', id: 6 },
      ],
    });
    expect(fields[3]!.type).toMatchObject({ element: { fields: [{ name: 'd', id: 8 }] } });
  });

  it('keeps comments and defaults, of builders and texts', () => {
    const amount = t.decimal(10, 2).default('0.00').comment('in EUR').notNull();
    expect(fieldsOf({ amount, note: "STRING COMMENT 'it''s'" })).toEqual([
      {
        id: 0,
        name: 'amount',
        type: { kind: 'DECIMAL', nullable: false, precision: 10, scale: 2 },
        description: 'in EUR',
        defaultValue: '0.00',
      },
      { id: 1, name: 'note', type: { kind: 'VARCHAR', nullable: true, length: 2147483647 }, description: "it's" },
    ]);
  });

  it('leaves a spec as it was', () => {
    const plain = t.int();
    expect(plain.notNull().comment('x').type.nullable).toBe(false);
    expect(plain.type.nullable).toBe(true);
    expect(plain.description).toBeUndefined();
  });

  it('keeps the order of pairs, whatever the names, nested ones too', () => {
    const names = (spec: SchemaSpec) => fieldsOf(spec).map((field) => field.name);
    expect(names({ name: 'STRING', '2001': 'INT', '2000': t.int() })).toEqual(['2000', '2001', 'name']);
    expect(
      names([
        ['name', 'STRING'],
        ['2001', 'INT'],
        ['2000', t.int()],
      ]),
    ).toEqual(['name', '2001', '2000']);
    const [nested] = fieldsOf([
      [
        'r',
        t.row([
          ['b', 'INT'],
          ['1', t.bigint()],
        ]),
      ],
    ]);
    expect(nested!.type).toMatchObject({ kind: 'ROW', fields: [{ name: 'b' }, { name: '1' }] });
    expect(() =>
      names([
        ['a', 'INT'],
        ['a', 'STRING'],
      ]),
    ).toThrow(/column 'a' comes twice/);
  });

  it('names the column whose type is none', () => {
    expect(() => fieldsOf({ id: 'BIGINT NOTNULL' })).toThrow(/^column 'id': /);
    expect(() => fieldsOf({ id: 7 as unknown as string })).toThrow(/^column 'id': a type is a text/);
    for (const bad of [() => t.decimal(39), () => t.decimal(5, 6), () => t.char(0), () => t.timestamp(10), () => t.varchar(1.5)])
      expect(bad).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('RowOf', () => {
  it('requires NOT NULL columns and lets the others be missing', () => {
    const schema = {
      id: t.bigint().notNull(),
      name: t.string().comment('x'),
      tags: t.array(t.string().notNull()).notNull(),
      scores: t.map('STRING NOT NULL', t.double()),
      bag: t.multiset(t.int().notNull()),
      at: t.row({ x: t.double().notNull(), y: 'DECIMAL(10, 2)' }),
      blob: t.bytes(),
    };
    type Row = RowOf<typeof schema>;
    expectTypeOf<Row>().toEqualTypeOf<{
      id: bigint;
      tags: string[];
      name?: string | null;
      scores?: Map<string, number | null> | null;
      bag?: Map<number, number> | null;
      at?: { x: number; y?: string | null } | null;
      blob?: Uint8Array | null;
    }>();
    const row: Row = { id: 1n, tags: [] };
    // @ts-expect-error no such column
    const wrong: Row = { ...row, nam: 'x' };
    // @ts-expect-error a BIGINT is a bigint
    const number: Row = { ...row, id: 1 };
    // @ts-expect-error NOT NULL
    const missing: Row = { id: 1n };
    expect([wrong, number, missing]).toHaveLength(3);
  });

  it('reads flat texts', () => {
    const schema = {
      a: 'BIGINT NOT NULL',
      b: 'decimal(10, 2)',
      c: 'TIMESTAMP(3) WITH LOCAL TIME ZONE NOT NULL',
      d: "INT COMMENT 'NOT NULL'",
      e: "VARCHAR(10) NOT NULL DEFAULT 'x'",
      f: 'ARRAY<INT>',
      g: 'DOUBLE PRECISION',
      h: 'VARBINARY(3)',
    } as const;
    expectTypeOf<RowOf<typeof schema>>().toEqualTypeOf<{
      a: bigint;
      c: string;
      e: string;
      b?: string | null;
      d?: number | null;
      f?: unknown;
      g?: number | null;
      h?: Uint8Array | null;
    }>();
    expect(fieldsOf(schema)).toHaveLength(8);
  });

  it('infers from pairs what it infers from names', () => {
    const schema = [
      ['id', t.bigint().notNull()],
      ['1', 'INT'],
      ['at', t.row([['x', t.double().notNull()]]).notNull()],
    ] as const;
    expectTypeOf<RowOf<typeof schema>>().toEqualTypeOf<{ id: bigint; at: { x: number }; '1'?: number | null }>();
    expect(fieldsOf(schema)).toHaveLength(3);
  });
});
