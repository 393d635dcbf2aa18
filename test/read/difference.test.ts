/** The rows by which two states of a bucket differ, against maps from key to row. */
import { describe, expect, it } from 'vitest';
import { memoryFileIO } from '../../src/index.js';
import { KeyValueLayout } from '../../src/lsm/key-value-layout.js';
import { memoryFile } from '../../src/lsm/memory-file.js';
import type { FileTarget } from '../../src/lsm/rolling-writer.js';
import { EMPTY_ROW } from '../../src/meta/binary-row.js';
import { TableOptions } from '../../src/meta/table-options.js';
import type { TableSchema } from '../../src/meta/table-schema.js';
import { readDifference } from '../../src/read/difference-task.js';
import { splitOf } from '../../src/read/split.js';
import type { SplitInput } from '../../src/read/split-task.js';
import { type Batch, ROW_KINDS } from '../../src/types/column.js';
import { BatchBuilder } from '../../src/types/row-builder.js';
import { rowsOf } from '../../src/types/row-reader.js';
import { memoryCatalog } from '../support/memory-catalog.js';
import { integerBetween, testRandom } from '../support/seeds.js';

type Rows = Map<number, string>;

async function schemaOf(): Promise<TableSchema> {
  const { catalog } = await memoryCatalog();
  const table = await catalog.createTable('db.t', {
    schema: { v: 'STRING', id: 'INT NOT NULL' },
    primaryKey: ['id'],
    options: { bucket: 1 },
  });
  return table.schema;
}

/** A state as a file of one run, read in batches of so many rows. */
function inputOf(schema: TableSchema, rows: Rows, name: string, splitRows: number): SplitInput | undefined {
  const keys = [...rows.keys()].sort((a, b) => a - b);
  if (keys.length === 0) return undefined;
  const layout = new KeyValueLayout(schema, [], true);
  const options = new TableOptions(schema.options, { append: false });
  const target: FileTarget = {
    kind: 'keyValue',
    schema,
    directory: '',
    namePrefix: name,
    level: 0,
    fileSource: 0,
    firstSequence: 0n,
    creationTime_ms: 0,
    targetFileSize_bytes: 1,
    targetFileRows: 1,
    compression: 'none',
    zstdLevel: 1,
    suffixWithCompression: false,
    statsModes: schema.fields.map((field) => options.statsMode(field.name, 0)),
    denseStats: true,
    dictionary: false,
    fsync: false,
  };
  const files = [];
  for (let at = 0; at < keys.length; at += splitRows) {
    const builder = new BatchBuilder(schema.fields);
    const part = keys.slice(at, at + splitRows);
    for (const id of part) builder.push({ v: rows.get(id)!, id });
    const numbers = BigInt64Array.from(part, (_, i) => BigInt(at + i));
    const batch = layout.batch(builder.finish(), new Uint8Array(part.length), numbers);
    files.push(memoryFile(`${name}${at}`, batch, target, true, BigInt(at)));
  }
  const place = { partition: EMPTY_ROW, bucket: 0, directory: '', memory: files };
  return {
    io: memoryFileIO(),
    table: 'db.t',
    schema,
    fileSchemas: [schema],
    split: splitOf(place, false, [[files.map(({ meta }) => meta)]]),
    columns: schema.fields.map((field) => field.name),
    where: undefined,
    kinds: false,
    sequenceFields: [],
    sequenceAscending: true,
    ignoreDelete: false,
    batchRows: 16,
  };
}

async function difference(before: SplitInput | undefined, after: SplitInput | undefined): Promise<string[][]> {
  const batches: string[][] = [];
  for await (const { value } of readDifference({ before, after })) {
    const kinds = (value as Batch).columns.at(-1)!.values as Int8Array;
    batches.push(rowsOf(value as Batch).map(({ id, v }, i) => `${ROW_KINDS[kinds[i]!]} ${String(id)} ${String(v)}`));
  }
  return batches;
}

function wanted(before: Rows, after: Rows): string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort((a, b) => a - b)
    .flatMap((id) => {
      const [was, is] = [before.get(id), after.get(id)];
      if (was === is) return [];
      if (was === undefined) return [`+I ${id} ${is}`];
      return is === undefined ? [`-D ${id} ${was}`] : [`-U ${id} ${was}`, `+U ${id} ${is}`];
    });
}

describe('the difference of two states', () => {
  it('is what a map tells, however the states are cut into files', async () => {
    const schema = await schemaOf();
    const random = testRandom();
    for (let round = 0; round < 60; round++) {
      const state = (): Rows =>
        new Map(
          Array.from({ length: integerBetween(random, 0, 40) }, () => [integerBetween(random, 0, 50), `v${integerBetween(random, 0, 2)}`]),
        );
      const [before, after] = [state(), state()];
      if (before.size + after.size === 0) continue;
      const sides = () =>
        [before, after].map((rows, i) => inputOf(schema, rows, `f${i}-`, integerBetween(random, 1, 20))) as [
          SplitInput | undefined,
          SplitInput | undefined,
        ];
      const [was, is] = sides();
      expect((await difference(was, is)).flat()).toEqual(wanted(before, after));
      expect((await difference(...sides())).flat()).toEqual(wanted(before, after));
    }
  });

  it('has as many batches whatever differs: a position counts them', async () => {
    const schema = await schemaOf();
    const rows = (tag: string): Rows => new Map(Array.from({ length: 30 }, (_, id) => [id, `${tag}${id}`]));
    const cut = (tag: string, size: number) => inputOf(schema, rows(tag), tag, size);
    const same = await difference(cut('a', 7), cut('a', 10));
    const other = await difference(cut('a', 7), cut('b', 10));
    expect(same.flat()).toEqual([]);
    expect(other.flat()).toHaveLength(60);
    expect(same.length).toBe(other.length);
    expect(same.length).toBeGreaterThan(4);
  });
});
