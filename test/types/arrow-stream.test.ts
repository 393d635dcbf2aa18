import { RecordBatchReader, tableFromIPC } from 'apache-arrow';
import { expect, it } from 'vitest';
import { fromRecordBatch, toRecordBatch } from '../../src/types/arrow.js';
import { ArrowStreamEncoder } from '../../src/types/arrow-stream.js';
import type { Batch } from '../../src/types/column.js';
import type { DataField } from '../../src/types/data-type.js';
import { BatchBuilder } from '../../src/types/row-builder.js';
import { rowsOf } from '../../src/types/row-reader.js';
import { fieldsOf } from '../../src/types/schema-spec.js';
import { sliceBatch } from '../../src/types/take.js';
import { ALL_TYPES, randomRow } from '../support/random-rows.js';
import { integerBetween, testRandom } from '../support/seeds.js';

function batchOf(fields: readonly DataField[], rows: readonly Record<string, unknown>[]): Batch {
  const builder = new BatchBuilder(fields);
  for (const row of rows) builder.push(row);
  return builder.finish();
}

it('is read as what Arrow itself would have written: every type, several batches, empty ones, and its text', () => {
  const random = testRandom();
  const fields = fieldsOf(ALL_TYPES);
  const encoder = new ArrowStreamEncoder(fields, 'note');
  for (let round = 0; round < 10; round++) {
    const rows = () => Array.from({ length: integerBetween(random, 0, 40) }, () => randomRow(random, fields));
    const whole = batchOf(fields, [...rows(), ...rows()]);
    const cut = integerBetween(random, 0, whole.length);
    const batches = [batchOf(fields, rows()), whole, sliceBatch(whole, cut, whole.length)];
    const text = 'ä'.repeat(integerBetween(random, 0, 20));
    const bytes = encoder.encode(batches, text);
    const reader = RecordBatchReader.from(bytes).open();
    expect(reader.schema.metadata.get('note')).toBe(text);
    expect(reader.schema.fields.map(String)).toEqual(toRecordBatch(whole).schema.fields.map(String));
    const read = [...reader];
    const filled = batches.filter(({ length }) => length > 0);
    expect(read.filter(({ numRows }) => numRows > 0).map((batch) => rowsOf(fromRecordBatch(batch, fields)))).toEqual(filled.map(rowsOf));
    for (const [i, batch] of read.filter(({ numRows }) => numRows > 0).entries())
      expect(batch.data.children.map(({ nullCount }) => nullCount)).toEqual(
        toRecordBatch(filled[i]!).data.children.map(({ nullCount }) => nullCount),
      );
  }
});

it('carries no metadata unless it is asked to, and leaves room at its end', () => {
  const fields = fieldsOf({ id: 'BIGINT' });
  const bytes = new ArrowStreamEncoder(fields).encode([batchOf(fields, [{ id: 7n }])], '', 8);
  expect(bytes.length % 8).toBe(0);
  expect([...bytes.subarray(-16)]).toEqual([255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const table = tableFromIPC(bytes);
  expect(table.schema.metadata.size).toBe(0);
  expect(table.toArray().map((row) => (row as { id: bigint }).id)).toEqual([7n]);
});

it('of no columns is a schema and its text', () => {
  const reader = RecordBatchReader.from(new ArrowStreamEncoder([], 'note').encode([], 'x')).open();
  expect(reader.schema.fields).toEqual([]);
  expect(reader.schema.metadata.get('note')).toBe('x');
  expect([...reader].map(({ numRows }) => numRows)).toEqual([0]);
});
