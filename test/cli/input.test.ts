/** Readers of inputs: rows, kinds and places; what other programs write as Parquet and Arrow. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { Table as ArrowTable, Dictionary, Int32, Int64, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrowFieldsOf, readArrow } from '../../src/cli/input/arrow.js';
import { readCsv } from '../../src/cli/input/csv.js';
import { inferFields } from '../../src/cli/input/infer.js';
import { type InputBatch, placeOf } from '../../src/cli/input/input-batch.js';
import { readJsonLines } from '../../src/cli/input/jsonl.js';
import { readParquet } from '../../src/cli/input/parquet.js';
import { parquetFieldsOf } from '../../src/cli/input/parquet-schema.js';
import { localFileIO } from '../../src/io/local-file-io.js';
import type { DataField } from '../../src/types/data-type.js';
import { encodeJsonLines } from '../../src/types/json-line.js';
import { formatType, parseField } from '../../src/types/type-text.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-input-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const fieldsOf = (...texts: string[]): DataField[] => texts.map((text, id) => ({ ...parseField(text), id }));
const spell = (fields: readonly DataField[]) => fields.map((field) => `${field.name} ${formatType(field.type)}`);

async function all(input: AsyncIterable<InputBatch>): Promise<{ lines: string; places: string[] }> {
  let lines = '';
  const places: string[] = [];
  for await (const piece of input) {
    lines += encodeJsonLines(piece.batch, piece.kinds === null ? {} : { kinds: piece.kinds });
    for (let row = 0; row < piece.batch.length; row += 1) places.push(placeOf(piece, row));
  }
  return { lines, places };
}

describe('text', () => {
  const fields = fieldsOf('a INT NOT NULL', 'b STRING');

  it('knows the line of each row', async () => {
    const file = join(folder, 'a.jsonl');
    await writeFile(file, '\n{"a":1}\r\n\n{"b":"x","a":2,"_kind":"-D"}');
    const { lines, places } = await all(readJsonLines(file, { fields, kindColumn: '_kind' }));
    expect(lines).toBe('{"a":1,"b":null}\n{"_kind":"-D","a":2,"b":"x"}\n');
    expect(places).toEqual([`${file} line 2`, `${file} line 4`]);
  });

  it('refuses bytes that are no UTF-8', async () => {
    const file = join(folder, 'bad.jsonl');
    await writeFile(file, Buffer.from([...Buffer.from('{"a":1,"b":"'), 0xff, ...Buffer.from('"}\n')]));
    await expect(all(readJsonLines(file, { fields, kindColumn: undefined }))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('reads more than one piece of a file', async () => {
    const file = join(folder, 'long.csv');
    const rows = Array.from({ length: 60_000 }, (_, i) => `${i},"text, of ""row"" ${i}"`);
    await writeFile(file, `a,b\n${rows.join('\n')}`);
    const { lines, places } = await all(readCsv(file, { fields, kindColumn: undefined }));
    expect(places).toHaveLength(60_000);
    expect(places.at(-1)).toBe(`${file} line 60001`);
    expect(lines.trimEnd().split('\n').at(-1)).toBe('{"a":59999,"b":"text, of \\"row\\" 59999"}');
  });

  it('hands out the rows before a bad one', async () => {
    for (const [name, text, read] of [
      ['b.jsonl', '{"a":1}\n{"a":"x"}\n{"a":3}\n', readJsonLines],
      ['b.csv', 'a\n1\nx\n3\n', readCsv],
    ] as const) {
      const file = join(folder, name);
      await writeFile(file, text);
      const seen: number[] = [];
      const run = async () => {
        for await (const piece of read(file, { fields, kindColumn: undefined })) seen.push(piece.batch.length);
      };
      await expect(run()).rejects.toThrow(`${file} line ${name === 'b.csv' ? 3 : 2}: column 'a'`);
      expect(seen).toEqual([1]);
    }
  });

  it('guesses columns', async () => {
    const file = join(folder, 'guess.jsonl');
    await writeFile(file, '{"i":1,"n":null,"d":1,"s":"x","t":"2001-02-03T04:05:06Z"}\n{"d":2.5,"s":"2001-02-03","m":[{"k":true}]}\n');
    expect(spell(await inferFields(file, 'jsonl'))).toEqual([
      'i BIGINT',
      'n STRING',
      'd DOUBLE',
      's STRING',
      't TIMESTAMP(6) WITH LOCAL TIME ZONE',
      'm ARRAY<ROW<k BOOLEAN>>',
    ]);
  });
});

describe("other programs' Parquet", () => {
  let file: string;
  const query = `select * from (values
    (1::bigint, 7::integer, 'x', 1.25::decimal(9,2), timestamp '2001-02-03 04:05:06.789', date '2001-02-03', [1, null]::integer[], {'a': 'q', 'b': 2::bigint}, map {'k': 1::bigint}, time '01:02:03.5'),
    (3000000000::bigint, null, null, null, null, null, null, null, null, null)) t(big, small, text, money, "at", day, list, struct, map, clock)`;
  beforeAll(async () => {
    file = join(folder, 'duck.parquet');
    const connection = await (await DuckDBInstance.create()).connect();
    await connection.run(`copy (${query}) to '${file}' (format parquet)`);
    connection.closeSync();
  });

  it('tells its columns', async () => {
    expect(spell(await parquetFieldsOf(localFileIO(), file))).toEqual([
      'big BIGINT',
      'small INT',
      'text STRING',
      'money DECIMAL(9, 2)',
      'at TIMESTAMP(6)',
      'day DATE',
      'list ARRAY<INT>',
      'struct ROW<a STRING, b BIGINT>',
      'map MAP<STRING NOT NULL, BIGINT>',
      'clock TIME(3)',
    ]);
  });

  it('takes its rows into other types where they fit exactly', async () => {
    const fields = fieldsOf(
      'big DOUBLE',
      'small SMALLINT',
      'text VARCHAR(5)',
      'money DECIMAL(20, 4)',
      'at TIMESTAMP(3)',
      'day DATE',
      'list ARRAY<BIGINT>',
      'struct ROW<b INT, a STRING>',
      'map MAP<STRING, INT>',
      'clock TIME(3)',
      'extra INT',
    );
    const { lines, places } = await all(readParquet(file, { fields, kindColumn: undefined }));
    expect(JSON.parse(lines.split('\n')[0] ?? '')).toEqual({
      big: '1.0',
      small: 7,
      text: 'x',
      money: '1.2500',
      at: '2001-02-03T04:05:06.789000000',
      day: '2001-02-03',
      list: ['1', null],
      struct: { b: 2, a: 'q' },
      map: [['k', 1]],
      clock: '01:02:03.500',
    });
    expect(places).toEqual([`${file} row 1`, `${file} row 2`]);
  });

  it('refuses what does not fit, with its row', async () => {
    const only = (text: string, ...rest: string[]) => {
      const others = ['big BIGINT', 'small INT', 'text STRING', 'money DECIMAL(9, 2)', 'at TIMESTAMP(6)', 'day DATE', 'list ARRAY<INT>'];
      const more = ['struct ROW<a STRING, b BIGINT>', 'map MAP<STRING, BIGINT>', 'clock TIME(3)'];
      const name = text.split(' ')[0];
      const columns = [...others, ...more].map((other) => (other.startsWith(`${name} `) ? text : other));
      return all(readParquet(file, { fields: fieldsOf(...columns, ...rest), kindColumn: undefined }));
    };
    await expect(only('big INT')).rejects.toThrow(`${file} row 2: column 'big': 3000000000 does not fit INT`);
    await expect(only('money DECIMAL(9, 1)')).rejects.toThrow("row 1: column 'money': 1.25 does not fit DECIMAL(9, 1)");
    await expect(only('at TIMESTAMP(0)')).rejects.toThrow("row 1: column 'at'");
    await expect(only('text INT')).rejects.toThrow("column 'text' is INT in the table and STRING in the file");
    await expect(all(readParquet(file, { fields: fieldsOf('big BIGINT'), kindColumn: undefined }))).rejects.toThrow(
      "unknown column 'small'",
    );
    const junk = join(folder, 'junk.parquet');
    await writeFile(junk, 'this is no parquet file');
    await expect(all(readParquet(junk, { fields: [], kindColumn: undefined }))).rejects.toMatchObject({ code: 'CORRUPTION' });
  });
});

describe('Arrow', () => {
  it.each(['stream', 'file'] as const)('reads an IPC %s', async (format) => {
    const table = new ArrowTable({
      a: vectorFromArray([1n, 2n, null], new Int64()),
      b: vectorFromArray(['x', 'y', 'x'], new Dictionary(new Utf8(), new Int32())),
      _kind: vectorFromArray(['+I', '-D', '+U'], new Utf8()),
    });
    const file = join(folder, `rows-${format}.arrow`);
    await writeFile(file, tableToIPC(table, format));
    expect(spell(await arrowFieldsOf(file))).toEqual(['a BIGINT', 'b STRING', '_kind STRING']);
    const { lines, places } = await all(readArrow(file, { fields: fieldsOf('a BIGINT', 'b STRING', 'c INT'), kindColumn: '_kind' }));
    expect(lines).toBe(
      '{"_kind":"+I","a":"1","b":"x","c":null}\n{"_kind":"-D","a":"2","b":"y","c":null}\n{"_kind":"+U","a":null,"b":"x","c":null}\n',
    );
    expect(places).toEqual([1, 2, 3].map((row) => `${file} row ${row}`));
    await expect(all(readArrow(file, { fields: fieldsOf('a BIGINT', 'b STRING'), kindColumn: undefined }))).rejects.toThrow(
      "unknown column '_kind'",
    );
  });

  it('refuses what is no Arrow', async () => {
    const file = join(folder, 'junk.arrow');
    await writeFile(file, 'this is no arrow stream, whatever its name says');
    await expect(all(readArrow(file, { fields: [], kindColumn: undefined }))).rejects.toMatchObject({ code: 'CORRUPTION' });
  });
});
