/** The demo's data: 3,000,000 real US flights of 2001, from the npm package vega-datasets. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { WeirError } from '../../base/error.js';
import type { SchemaSpec, Table } from '../../index.js';
import type { Batch, Column } from '../../types/column.js';
import type { InputBatch } from '../input/input-batch.js';
import { readParquet } from '../input/parquet.js';

const FILE = 'flights-3m.parquet';

/** The data has no key of its own: `flight` is the row's number in the file, from 0. */
export const FLIGHTS: SchemaSpec = {
  flight: 'INT NOT NULL',
  date: 'TIMESTAMP(6)',
  delay: 'INT',
  distance: 'INT',
  origin: 'STRING',
  destination: 'STRING',
};

/** NOT_FOUND with the line that installs it when it is not there. */
export function findFlights(data: string | undefined): string {
  if (data !== undefined) {
    if (existsSync(data)) return resolve(data);
    throw new WeirError('NOT_FOUND', `there is no file ${data}`, { file: data });
  }
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      const path = join(dirname(createRequire(from).resolve('vega-datasets')), '..', 'data', FILE);
      if (existsSync(path)) return path;
    } catch {
      // not installed there
    }
  }
  throw new WeirError('NOT_FOUND', `the demo's data is not installed: npm install vega-datasets@3 (or: weir demo --data ${FILE})`);
}

/** The file's rows with their key, row group by row group. */
export async function* keyedFlights(file: string, table: Table, signal: AbortSignal): AsyncGenerator<InputBatch, void, undefined> {
  const [key, ...fields] = table.schema.fields;
  if (key === undefined) throw new WeirError('INVALID_ARGUMENT', 'a table without columns');
  for await (const input of readParquet(file, { fields, kindColumn: undefined, signal })) {
    const { batch, firstRow } = input;
    const numbers = Int32Array.from({ length: batch.length }, (_, row) => firstRow + row);
    const column: Column = {
      type: key.type,
      length: batch.length,
      validity: null,
      values: numbers,
      offsets: undefined,
      children: undefined,
    };
    const keyed: Batch = { fields: [key, ...batch.fields], columns: [column, ...batch.columns], length: batch.length };
    yield { ...input, batch: keyed };
  }
}
