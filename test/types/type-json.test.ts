import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/base/error.js';
import { MAX_LENGTH } from '../../src/types/data-type.js';
import { sameType } from '../../src/types/type-equal.js';
import { fieldFromJson, fieldToJson, typeFromJson, typeToJson } from '../../src/types/type-json.js';
import { goldenTables } from '../support/golden.js';

describe('typeToJson', () => {
  it.each([
    'BOOLEAN',
    'INT NOT NULL',
    'DECIMAL(10, 2)',
    'STRING',
    'VARCHAR(10) NOT NULL',
    'BYTES',
    'VARBINARY(3)',
    'BINARY(8)',
    'CHAR(3)',
    'TIME(3)',
    'TIMESTAMP(9)',
    'TIMESTAMP(3) WITH LOCAL TIME ZONE NOT NULL',
    'VARIANT',
    'BLOB NOT NULL',
    "GEOMETRY('OGC:CRS84')",
  ])('gives back %s', (text) => {
    expect(typeToJson(typeFromJson(text))).toBe(text);
  });

  it('gives back structures, NOT NULL inside their "type"', () => {
    const json = {
      type: 'MAP NOT NULL',
      key: 'STRING NOT NULL',
      value: {
        type: 'ROW',
        fields: [
          { id: 4, name: 'a', type: { type: 'ARRAY NOT NULL', element: 'INT' }, description: "it's", defaultValue: '1' },
          { id: 3, name: 'm', type: { type: 'MULTISET', element: 'STRING' } },
        ],
      },
    };
    expect(JSON.stringify(typeToJson(typeFromJson(json)))).toBe(JSON.stringify(json));
  });

  it('keeps an unknown structure', () => {
    const json = { type: 'VECTOR NOT NULL', element: 'FLOAT', length: 768 };
    const type = typeFromJson(json);
    expect(type).toMatchObject({ kind: 'OTHER', nullable: false });
    expect(typeToJson(type)).toEqual(json);
  });
});

describe('typeFromJson', () => {
  it('reads STRING and BYTES as their long forms', () => {
    expect(typeFromJson('string')).toEqual({ kind: 'VARCHAR', length: MAX_LENGTH, nullable: true });
    expect(typeFromJson('BYTES NOT NULL')).toEqual({ kind: 'VARBINARY', length: MAX_LENGTH, nullable: false });
  });

  it.each([[null], [7], [[]], [{}], ['DECIMAL(10'], [{ type: 'ROW' }], [{ type: 'ARRAY' }]])('refuses %j as CORRUPTION', (json) => {
    expect(() => typeFromJson(json)).toThrow(expect.objectContaining({ code: 'CORRUPTION' }));
  });

  it('refuses a field without an id', () => {
    try {
      fieldFromJson({ name: 'a', type: 'INT' });
      expect.unreachable();
    } catch (error) {
      expect(hasCode(error, 'CORRUPTION')).toBe(true);
    }
  });
});

describe('schemas that Java wrote', () => {
  it('are given back key for key', () => {
    let fields = 0;
    for (const { path } of goldenTables()) {
      for (const name of readdirSync(join(path, 'schema'))) {
        const schema = JSON.parse(readFileSync(join(path, 'schema', name), 'utf8')) as { fields: unknown[] };
        for (const json of schema.fields) {
          const field = fieldFromJson(json);
          expect(JSON.stringify(fieldToJson(field)), `${path}/${name}`).toBe(JSON.stringify(json));
          expect(sameType(field.type, typeFromJson(typeToJson(field.type)))).toBe(true);
          fields++;
        }
      }
    }
    expect(fields).toBeGreaterThan(500);
  });
});
