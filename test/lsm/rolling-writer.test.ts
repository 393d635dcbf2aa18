import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { faultyFileIO } from '../../src/io/faulty-file-io.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { openEvolving } from '../../src/lsm/evolving-reader.js';
import { keyValueFields } from '../../src/lsm/file-fields.js';
import { fileRun } from '../../src/lsm/file-run.js';
import { type FileTarget, openRollingWriter } from '../../src/lsm/rolling-writer.js';
import { deserializeRow, EMPTY_ROW } from '../../src/meta/binary-row.js';
import { decodeStats } from '../../src/meta/stats.js';
import type { TableSchema } from '../../src/meta/table-schema.js';
import { type Batch, DELETE, INSERT, UPDATE_BEFORE } from '../../src/types/column.js';
import { columnFromData, type Datum } from '../../src/types/datum.js';
import { plain } from '../support/random-columns.js';

const schema: TableSchema = {
  version: 3,
  id: 4n,
  fields: [
    { id: 0, name: 'name', type: { kind: 'VARCHAR', length: 100, nullable: true } },
    { id: 1, name: 'id', type: { kind: 'BIGINT', nullable: false } },
  ],
  highestFieldId: 1,
  partitionKeys: [],
  primaryKeys: ['id'],
  options: {},
  timeMillis: 0,
};

const target: FileTarget = {
  kind: 'keyValue',
  schema,
  directory: '/t/bucket-0',
  namePrefix: 'data-x-',
  level: 2,
  fileSource: 1,
  firstSequence: 0n,
  creationTime_ms: Date.UTC(2024, 5, 1),
  targetFileSize_bytes: 1 << 30,
  targetFileRows: 1 << 30,
  compression: 'snappy',
  zstdLevel: 1,
  suffixWithCompression: false,
  statsModes: ['truncate(2)', 'full'],
  denseStats: true,
  dictionary: true,
  fsync: true,
};

const text = (value: string) => new TextEncoder().encode(value);
const KEY = [schema.fields[1]!.type];

/** Rows of keys first … last with sequence numbers key+100 downwards in kind order +I -D -U. */
function keyed(first: number, last: number): Batch {
  const ids = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const data: Datum[][] = [
    ids.map(BigInt),
    ids.map((id) => BigInt(1000 - id)),
    ids.map((id) => [INSERT, DELETE, UPDATE_BEFORE][id % 3]!),
    ids.map((id) => (id === 7 ? null : text(`n${String(id).padStart(4, '0')}`))),
    ids.map(BigInt),
  ];
  const fields = keyValueFields(schema);
  return { fields, columns: fields.map((field, c) => columnFromData(field.type, data[c]!)), length: ids.length };
}

describe('rolling writer', () => {
  it('says of a file what a manifest must hold', async () => {
    const writer = openRollingWriter(memoryFileIO(), target);
    await writer.write(keyed(3, 8));
    await writer.write(keyed(9, 11));
    const [file, ...others] = await writer.finish();
    expect(others).toEqual([]);
    expect(file).toMatchObject({ fileName: 'data-x-0.parquet', rowCount: 9, schemaId: 4n, level: 2, fileSource: 1, deleteRowCount: 6n });
    expect(file).toMatchObject({ minSequenceNumber: 989n, maxSequenceNumber: 997n, extraFiles: [], valueStatsCols: null });
    expect(deserializeRow(KEY, file!.minKey)).toEqual([3n]);
    expect(deserializeRow(KEY, file!.maxKey)).toEqual([11n]);
    expect(deserializeRow(KEY, file!.keyStats.min)).toEqual([3n]);
    const stats = decodeStats(schema, file!);
    expect(stats('id')).toEqual({ min: 3n, max: 11n, hasMinMax: true, nullCount: 0n });
    expect(stats('name')).toEqual({ min: text('n0'), max: text('n1'), hasMinMax: true, nullCount: 1n });
    const zone_ms = new Date(target.creationTime_ms).getTimezoneOffset() * 60_000;
    expect(file!.creationTime_ms).toBe(BigInt(target.creationTime_ms - zone_ms));
  });

  it('rolls at its target into files that do not overlap, and that read back as one run', async () => {
    const io = memoryFileIO();
    const writer = openRollingWriter(io, { ...target, targetFileRows: 10 });
    for (let first = 0; first < 35; first += 5) await writer.write(keyed(first, first + 4));
    const files = await writer.finish();
    expect(files.map((file) => [file.fileName, file.rowCount])).toEqual([
      ['data-x-0.parquet', 10],
      ['data-x-1.parquet', 10],
      ['data-x-2.parquet', 10],
      ['data-x-3.parquet', 5],
    ]);
    expect(files.map((file) => deserializeRow(KEY, file.minKey)[0])).toEqual([0n, 10n, 20n, 30n]);
    const run = fileRun(files, {
      open: (file) => openEvolving(io, `/t/bucket-0/${file.fileName}`, file, schema, schema.fields, { fields: [], values: [] }),
    });
    const ids: unknown[] = [];
    for (let batch = await run.next(); batch !== undefined; batch = await run.next()) ids.push(...plain(batch.columns[1]!));
    expect(ids).toEqual(Array.from({ length: 35 }, (_, i) => BigInt(i)));
    for (const file of files) expect((await io.stat(`/t/bucket-0/${file.fileName}`))?.size_bytes).toBe(file.fileSize_bytes);
  });

  it('rolls by size and cuts large batches to do so', async () => {
    const writer = openRollingWriter(memoryFileIO(), { ...target, targetFileSize_bytes: 1 });
    await writer.write(keyed(0, 70_000));
    expect((await writer.finish()).map((file) => file.rowCount)).toEqual([65_536, 4465]);
  });

  it('makes no file without rows', async () => {
    const io = memoryFileIO();
    const writer = openRollingWriter(io, target);
    await writer.write(keyed(5, 4));
    expect(await writer.finish()).toEqual([]);
    expect(await io.list('/t/bucket-0')).toEqual([]);
  });

  it('numbers the rows of append tables over all files', async () => {
    const append: TableSchema = { ...schema, primaryKeys: [] };
    const writer = openRollingWriter(memoryFileIO(), {
      ...target,
      kind: 'append',
      schema: append,
      firstSequence: 50n,
      targetFileRows: 4,
      level: 0,
    });
    const rows = keyed(0, 3);
    const batch = { fields: schema.fields, columns: rows.columns.slice(3), length: 4 };
    await writer.write(batch);
    await writer.write(batch);
    const files = await writer.finish();
    expect(files.map((file) => [file.minSequenceNumber, file.maxSequenceNumber])).toEqual([
      [50n, 53n],
      [54n, 57n],
    ]);
    expect(files[0]).toMatchObject({ minKey: EMPTY_ROW, maxKey: EMPTY_ROW, deleteRowCount: 0n });
    expect(files[0]!.keyStats).toEqual({ min: EMPTY_ROW, max: EMPTY_ROW, nullCounts: [] });
  });

  it('names the compression in the file name where the table asks for it', async () => {
    for (const [compression, suffix] of [
      ['zstd', '.zst'],
      ['snappy', '.snappy'],
      ['none', ''],
    ] as const) {
      const writer = openRollingWriter(memoryFileIO(), { ...target, compression, suffixWithCompression: true });
      await writer.write(keyed(0, 1));
      expect((await writer.finish())[0]!.fileName).toBe(`data-x-0${suffix}.parquet`);
    }
  });

  it('leaves nothing behind when aborted, whatever failed', async () => {
    let failures = 0;
    for (let stopAfter = 0; stopAfter < 40; stopAfter++) {
      const storage = memoryFileIO();
      const io = faultyFileIO(storage, seededRandom(1));
      const writer = openRollingWriter(io, { ...target, targetFileRows: 3 });
      io.plan.operations = new Set(['create', 'write', 'finish']);
      io.plan.stopAfter = stopAfter;
      try {
        for (let first = 0; first < 12; first += 3) await writer.write(keyed(first, first + 2));
        await writer.finish();
      } catch (error) {
        failures++;
        expect(error).toMatchObject({ code: 'UNAVAILABLE' });
      }
      io.heal();
      await writer.abort();
      expect(await storage.list('/t/bucket-0'), `after ${stopAfter} calls`).toEqual([]);
    }
    expect(failures).toBeGreaterThan(4);
    expect(failures).toBeLessThan(40);
  });
});
