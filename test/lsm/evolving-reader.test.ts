import { describe, expect, it } from 'vitest';
import { createDataFileWriter } from '../../src/format/data-file.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { openEvolving } from '../../src/lsm/evolving-reader.js';
import { keyValueFields, SEQUENCE_FIELD } from '../../src/lsm/file-fields.js';
import { fileOpener } from '../../src/lsm/file-opener.js';
import { serializeRow } from '../../src/meta/binary-row.js';
import type { TableSchema } from '../../src/meta/table-schema.js';
import type { Batch, Column } from '../../src/types/column.js';
import type { DataField, DataType } from '../../src/types/data-type.js';
import { columnFromData } from '../../src/types/datum.js';
import { avroFile } from '../support/avro-file.js';
import { fileMeta } from '../support/data-files.js';
import { plain } from '../support/random-columns.js';

const INT: DataType = { kind: 'INT', nullable: true };
const BIGINT: DataType = { kind: 'BIGINT', nullable: true };
const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: true };
const text = (value: string) => new TextEncoder().encode(value);
const row = (...fields: DataField[]): DataType => ({ kind: 'ROW', fields, nullable: true });
const field = (id: number, name: string, type: DataType): DataField => ({ id, name, type });

const schemaOf = (id: bigint, fields: DataField[]): TableSchema => ({
  version: 3,
  id,
  fields,
  highestFieldId: 9,
  partitionKeys: ['day'],
  primaryKeys: ['day', 'id'],
  options: {},
  timeMillis: 0,
});

const then = schemaOf(0n, [
  field(0, 'day', STRING),
  field(1, 'id', INT),
  field(2, 'a', INT),
  field(3, 'gone', STRING),
  field(4, 'r', row(field(5, 'x', INT), field(6, 'y', STRING))),
]);
const now = schemaOf(1n, [
  field(0, 'day', STRING),
  field(1, 'id', BIGINT),
  field(2, 'renamed', BIGINT),
  field(4, 'r', row(field(6, 'why', STRING), field(7, 'new', INT), field(5, 'x', BIGINT))),
  // a later column that has taken the name of a dropped one is another column
  field(8, 'gone', STRING),
]);

const PATH = '/t/day=d/bucket-0/data-0.parquet';
const file = fileMeta('data-0.parquet', 0, 1, 3, { schemaId: 0n, rowCount: 3 });
const partition = { fields: [now.fields[0]!], values: [text('d')] };

async function written(path = PATH) {
  const io = memoryFileIO();
  const fields = keyValueFields(then);
  const ids = columnFromData(INT, [1, 2, 3]);
  const inner: Column[] = [columnFromData(INT, [10, 20, null]), columnFromData(STRING, [text('p'), null, text('q')])];
  const columns: Column[] = [
    ids,
    columnFromData(SEQUENCE_FIELD.type, [7n, 8n, 9n]),
    columnFromData({ kind: 'TINYINT', nullable: false }, [0, 3, 2]),
    columnFromData(STRING, [text('stored, not read'), null, null]),
    ids,
    columnFromData(INT, [-1, null, 5]),
    columnFromData(STRING, [text('g'), text('g'), text('g')]),
    { type: then.fields[4]!.type, length: 3, validity: null, values: undefined, offsets: undefined, children: inner },
  ];
  if (path.endsWith('.avro')) {
    await io.writeFile(path, await avroFile({ fields, columns, length: 3 }, { blockRows: 2 }));
    return io;
  }
  const writer = await createDataFileWriter(io, path, fields, { format: 'parquet', compression: 'snappy', rowGroupRows: 2 });
  await writer.write({ fields, columns, length: 3 });
  await writer.finish();
  return io;
}

const shown = (batch: Batch) => Object.fromEntries(batch.fields.map((each, c) => [each.name, plain(batch.columns[c]!)]));

describe('evolving reader', () => {
  it.each([PATH, PATH.replace('.parquet', '.avro')])('reads columns by id, under the names and types of today: %s', async (path) => {
    const reader = await openEvolving(await written(path), path, file, then, now.fields, partition);
    const batch = await reader.readRows(Uint32Array.of(0, 1, 2));
    expect(shown(batch)).toEqual({
      day: ['d', 'd', 'd'],
      id: [1n, 2n, 3n],
      renamed: [-1n, null, 5n],
      r: [
        ['p', null, 10n],
        [null, null, 20n],
        ['q', null, null],
      ],
      gone: [null, null, null],
    });
    expect(batch.columns.map((column) => column.type)).toEqual(now.fields.map((each) => each.type));
    await reader.close();
  });

  it('reads row groups, of the wanted columns and system columns only', async () => {
    const wanted = [now.fields[2]!, SEQUENCE_FIELD, now.fields[0]!];
    const reader = await openEvolving(await written(), PATH, file, then, wanted, partition);
    const groups: unknown[] = [];
    for (let group = 0; group < reader.rowGroups.length; group++) groups.push(shown(await reader.readRowGroup(group)));
    expect(groups).toEqual([
      { renamed: [-1n, null], _SEQUENCE_NUMBER: [7n, 8n], day: ['d', 'd'] },
      { renamed: [5n], _SEQUENCE_NUMBER: [9n], day: ['d'] },
    ]);
    expect((await reader.readRowGroup(0)).length).toBe(2);
    await reader.close();
  });

  it('knows how many rows there are when no column is stored', async () => {
    const io = await written();
    for (const wanted of [[], [now.fields[0]!], [now.fields[4]!]]) {
      const reader = await openEvolving(io, PATH, file, then, wanted, partition);
      expect((await reader.readRowGroup(0)).length).toBe(2);
      expect((await reader.readRows(Uint32Array.of(0, 2))).length).toBe(2);
      await reader.close();
    }
  });

  it.each([2, 4])('a file of 3 rows is not the one of %s rows that the manifest names', async (rowCount) => {
    await expect(openEvolving(await written(), PATH, { ...file, rowCount }, then, now.fields, partition)).rejects.toMatchObject({
      code: 'CORRUPTION',
      file: PATH,
    });
  });

  it('gives statistics of today only of columns that had the type then', async () => {
    const reader = await openEvolving(await written(), PATH, file, then, now.fields, partition);
    expect(reader.statsOf(0, now.fields[2]!)).toBeUndefined();
    expect(reader.statsOf(0, field(2, 'renamed', INT))).toMatchObject({ min: -1, max: -1, hasMinMax: true, nullCount: 1n });
    expect(reader.statsOf(0, now.fields[4]!)).toBeUndefined();
    expect(reader.rowGroupStats(0, 'a', INT)).toMatchObject({ min: -1, max: -1 });
    await reader.close();
  });

  it('is opened by the schema that the file was written under', async () => {
    const io = await written();
    const place = { partition: serializeRow([STRING], [text('d')]), bucket: 0, directory: '/t/day=d/bucket-0' };
    const open = fileOpener({ io, place, schema: now, fileSchemas: [now, then] }, now.fields.slice(0, 2));
    const reader = await open(file);
    expect(shown(await reader.readRows(Uint32Array.of(2)))).toEqual({ day: ['d'], id: [3n] });
    await reader.close();
    await expect(open({ ...file, schemaId: 5n })).rejects.toMatchObject({ code: 'CORRUPTION', file: PATH });
    await expect(open({ ...file, externalPath: '/elsewhere/data-0.parquet' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
