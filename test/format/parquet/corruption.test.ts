/** Damaged files: weir's own never give wrong rows; those of others, which have no checksums, never anything but an answer. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WeirError } from '../../../src/base/error.js';
import { seededRandom } from '../../../src/base/random.js';
import { openDataFile } from '../../../src/format/data-file.js';
import { memoryFileIO } from '../../../src/io/memory-file-io.js';
import type { DataField, DataType } from '../../../src/types/data-type.js';
import { takeBatch } from '../../../src/types/take.js';
import { fieldFromJson } from '../../../src/types/type-json.js';
import { goldenTable } from '../../support/golden.js';
import { batchOf, plainRows, scratch, writeParquet } from '../../support/parquet.js';
import { nestedTypes, randomColumn } from '../../support/random-columns.js';

const seed = Number(process.env.SEED ?? 11);
const rounds = Number(process.env.ROUNDS ?? 500);
const path = '/damaged.parquet';

/** The rows, or the code of the WeirError; anything else is thrown. */
async function outcome(
  bytes: Uint8Array,
  fields: readonly DataField[],
  rows: Uint32Array,
): Promise<{ all: unknown[]; some: unknown[] } | string> {
  const io = memoryFileIO();
  await io.writeFile(path, bytes);
  try {
    const reader = await openDataFile(io, path);
    const all: unknown[] = [];
    for (let i = 0; i < reader.rowGroups.length; i++) all.push(...plainRows(await reader.readRowGroup(i, fields)));
    for (const field of fields) for (let i = 0; i < reader.rowGroups.length; i++) reader.rowGroupStats(i, field.name, field.type);
    const some = plainRows(await reader.readRows(rows, fields));
    return { all, some };
  } catch (error) {
    if (!(error instanceof WeirError)) throw error;
    if (error.code === 'CORRUPTION') expect(error.message).toContain(path);
    return error.code;
  }
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const out = bytes.slice();
  out[bit >> 3]! ^= 1 << (bit & 7);
  return out;
}

const types: DataType[] = [
  { kind: 'INT', nullable: true },
  { kind: 'BIGINT', nullable: false },
  { kind: 'DECIMAL', precision: 38, scale: 2, nullable: true },
  { kind: 'BOOLEAN', nullable: true },
  { kind: 'VARCHAR', length: 2147483647, nullable: true },
  ...nestedTypes,
];

for (const compression of ['none', 'snappy', 'zstd']) {
  it(`never gives wrong rows from a damaged file of weir, ${compression} (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const batch = batchOf(types.map((type) => randomColumn(random, type, 60, type.nullable ? 0.2 : 0)));
    const files = await scratch();
    await writeParquet(files.path('good.parquet'), batch, { compression, pageRows: 16, rowGroupRows: 40 });
    const good = readFileSync(files.path('good.parquet'));
    await files.remove();
    const rows = Uint32Array.of(0, 15, 16, 39, 40, 59);
    const whole = { all: plainRows(batch), some: plainRows(takeBatch(batch, rows)) };
    expect(await outcome(good, batch.fields, rows)).toEqual(whole);
    const found = { CORRUPTION: 0, same: 0 };
    for (let i = 0; i < rounds; i++) {
      const cut = i % 2 === 0;
      const at = Math.floor(random.float() * good.length * (cut ? 1 : 8));
      const answer = await outcome(cut ? good.subarray(0, at) : flipped(good, at), batch.fields, rows);
      if (typeof answer === 'string') {
        expect(answer, `${cut ? 'cut' : 'flip'} at ${at}`).toBe('CORRUPTION');
        found.CORRUPTION++;
      } else {
        expect(answer, `flip at ${at}`).toEqual(whole);
        found.same++;
      }
    }
    expect(found.CORRUPTION).toBeGreaterThan(rounds * 0.8);
  });
}

for (const name of ['nested_parquet', 'comp_snappy', 'comp_v2pages', 'comp_lz4']) {
  it(`answers for any bytes, ${name} (seed ${seed})`, async () => {
    const table = goldenTable(name);
    const bucket = join(table.path, 'bucket-0');
    const file = readdirSync(bucket).find((entry) => entry.endsWith('.parquet'))!;
    const good = readFileSync(join(bucket, file));
    const { fields: json } = JSON.parse(readFileSync(join(table.path, 'schema', 'schema-0'), 'utf8')) as { fields: unknown[] };
    const fields = json.map((field) => fieldFromJson(field));
    const rows = Uint32Array.of(0, 3, 7);
    expect(typeof (await outcome(good, fields, rows))).toBe('object');
    const random = seededRandom(seed);
    const answers = new Set<string>();
    for (let i = 0; i < rounds; i++) {
      // half of the damage to the metadata, where sizes and counts are
      const from = i % 2 === 0 ? 0 : good.length * 0.7;
      const bad = flipped(good, Math.floor((from + random.float() * (good.length - from)) * 8));
      if (i % 3 === 0) bad[Math.floor(random.float() * bad.length)] = Math.floor(random.float() * 256);
      const answer = await outcome(bad, fields, rows);
      answers.add(typeof answer === 'string' ? answer : 'rows');
    }
    for (const answer of answers) expect(['rows', 'CORRUPTION', 'UNSUPPORTED', 'INVALID_ARGUMENT']).toContain(answer);
  });
}
