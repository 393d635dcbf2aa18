import { describe, expect, it } from 'vitest';
import { sameType, sameTypeIgnoringNull } from '../../src/types/type-equal.js';
import { formatType, parseField, parseType } from '../../src/types/type-text.js';

describe('parseType', () => {
  it.each([
    ['integer', 'INT'],
    ['numeric', 'DECIMAL(10, 0)'],
    ['dec( 12 ,3 ) not  null', 'DECIMAL(12, 3) NOT NULL'],
    ['DECIMAL(5)', 'DECIMAL(5, 0)'],
    ['double precision null', 'DOUBLE'],
    ['CHAR', 'CHAR(1)'],
    ['varchar(2147483647)', 'STRING'],
    ['VARBINARY(2147483647)', 'BYTES'],
    ['TIME', 'TIME(0)'],
    ['TIME(3) WITHOUT TIME ZONE', 'TIME(3)'],
    ['TIMESTAMP', 'TIMESTAMP(6)'],
    ['timestamp(3) without time zone not null', 'TIMESTAMP(3) NOT NULL'],
    ['TIMESTAMP_LTZ(3)', 'TIMESTAMP(3) WITH LOCAL TIME ZONE'],
    ['array<int not null>NOT NULL', 'ARRAY<INT NOT NULL> NOT NULL'],
    ['MAP<STRING,MULTISET<INT>>', 'MAP<STRING, MULTISET<INT>>'],
    ["row<a int,`b c` STRING not null 'it''s', \"d\" ROW<>>", "ROW<a INT, `b c` STRING NOT NULL COMMENT 'it''s', d ROW<>>"],
    ['ROW(a INT)', 'ROW<a INT>'],
    ['VECTOR<FLOAT, 3> NOT NULL', 'VECTOR<FLOAT, 3> NOT NULL'],
    ['ARRAY<VARIANT>', 'ARRAY<VARIANT>'],
    ['INTERVAL DAY TO SECOND', 'INTERVAL DAY TO SECOND'],
  ])('reads %s', (text, formatted) => {
    const type = parseType(text);
    expect(formatType(type)).toBe(formatted);
    expect(sameType(type, parseType(formatted))).toBe(true);
  });

  it.each([
    '',
    'INT INT',
    'DECIMAL(39, 1)',
    'DECIMAL(3, 4)',
    'ARRAY INT',
    'ARRAY<INT',
    'MAP<INT>',
    'ROW<a>',
    'CHAR(0)',
    'TIMESTAMP(10)',
    'NOT NULL',
    'VECTOR<',
  ])('refuses %j', (text) => {
    expect(() => parseType(text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

it('parseField takes name, type, comment and default', () => {
  expect(parseField("id BIGINT NOT NULL COMMENT 'the key' DEFAULT 7")).toEqual({
    id: -1,
    name: 'id',
    type: { kind: 'BIGINT', nullable: false },
    description: 'the key',
    defaultValue: '7',
  });
});

describe('sameType', () => {
  it.each([
    ['INT', 'INT NOT NULL'],
    ['INT', 'BIGINT'],
    ['DECIMAL(10, 2)', 'DECIMAL(10, 3)'],
    ['VARCHAR(3)', 'CHAR(3)'],
    ['TIMESTAMP(3)', 'TIMESTAMP_LTZ(3)'],
    ['ARRAY<INT>', 'MULTISET<INT>'],
    ['ARRAY<INT>', 'ARRAY<INT NOT NULL>'],
    ['ROW<a INT>', 'ROW<b INT>'],
  ])('tells %s from %s', (a, b) => {
    expect(sameType(parseType(a), parseType(b))).toBe(false);
  });

  it('looks at field ids, not at comments', () => {
    const row = parseType('ROW<a INT>');
    expect(sameType(row, parseType("ROW<a INT 'x'>"))).toBe(true);
    expect(sameType(row, { ...row, fields: [{ id: 3, name: 'a', type: { kind: 'INT', nullable: true } }] } as typeof row)).toBe(false);
    expect(sameTypeIgnoringNull(parseType('INT'), parseType('INT NOT NULL'))).toBe(true);
  });
});
