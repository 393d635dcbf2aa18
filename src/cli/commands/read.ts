/** `weir read TABLE`: the rows of a state, or the changes between two snapshots. */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WeirError } from '../../base/error.js';
import type { Change, Scan, StreamPosition, Table } from '../../index.js';
import type { Batch } from '../../types/column.js';
import type { DataField } from '../../types/data-type.js';
import { sliceBatch } from '../../types/take.js';
import { parseWhere } from '../../types/where.js';
import { keyList, snapshotRange, timeOf } from '../arguments.js';
import { type Context, interruptible, withTable } from '../context.js';
import { UsageError } from '../exit.js';
import { formatOf } from '../input/input-batch.js';
import { useColor } from '../progress.js';
import { wholeFile, wholeStream } from '../rows-out/output-file.js';
import { type ByteSink, type OutputFormat, openRowWriter, type RowWriter } from '../rows-out/row-writer.js';

export interface ReadFlags {
  snapshot?: bigint;
  tag?: string;
  asOf?: string;
  at?: string;
  incremental?: string;
  columns?: string[];
  where?: string;
  limit?: number;
  format?: OutputFormat;
  output?: string;
  numbers: 'exact' | 'plain';
}

interface Result {
  readonly fields: readonly DataField[];
  readonly kinds: boolean;
  readonly rows: AsyncGenerator<{ batch: Batch; kinds: Uint8Array | undefined }>;
}

export async function read(context: Context, name: string, flags: ReadFlags): Promise<void> {
  const at = timeTravel(flags);
  const incremental = flags.incremental === undefined ? undefined : snapshotRange(flags.incremental);
  const columns = flags.columns && keyList(flags.columns);
  if (columns?.length === 0) throw new UsageError('--columns takes at least one column');
  await withTable(context, name, (table) =>
    interruptible(async (signal) => {
      const schemaFields = at === undefined || 'position' in at ? table.schema.fields : await fieldsAt(table, at);
      const fields = columns ? columns.flatMap((column) => schemaFields.find((field) => field.name === column) ?? []) : schemaFields;
      const query = {
        signal,
        ...(columns && { columns }),
        ...(flags.where !== undefined && { where: parseWhere(flags.where, schemaFields) }),
      };
      const { limit } = flags;
      // changes up to a snapshot that is not there yet would be waited for
      if (incremental) await table.snapshot({ snapshot: incremental.to });
      const rows = incremental
        ? changesOf(table.changesBetween({ ...query, ...incremental }), limit ?? Number.POSITIVE_INFINITY, signal)
        : rowsOf(table.scan({ ...query, ...(limit !== undefined && { limit }), ...(at && { at }) }));
      await emit(context, flags, { fields, kinds: incremental !== undefined, rows });
    }),
  );
}

type SnapshotAt = { snapshot: bigint } | { tag: string } | { time: number };

function timeTravel(flags: ReadFlags): SnapshotAt | { position: StreamPosition } | undefined {
  if (flags.snapshot !== undefined) return { snapshot: flags.snapshot };
  if (flags.tag !== undefined) return { tag: flags.tag };
  if (flags.at !== undefined) return { position: flags.at as StreamPosition };
  return flags.asOf === undefined ? undefined : { time: timeOf(flags.asOf, '--as-of') };
}

/** A read of a snapshot uses the schema of that snapshot. */
async function fieldsAt(table: Table, at: SnapshotAt): Promise<readonly DataField[]> {
  const snapshot = await table.snapshot(at);
  const schema = (await table.schemas()).find((each) => each.id === snapshot?.schemaId);
  if (schema === undefined) {
    throw new WeirError('NOT_FOUND', `${table.name} has no such snapshot, or the schema of it is gone`, { table: table.name });
  }
  return schema.fields;
}

async function* rowsOf(scan: Scan<Record<string, unknown>>): Result['rows'] {
  for await (const batch of scan.batches()) yield { batch, kinds: undefined };
}

async function* changesOf(changes: AsyncIterable<Change<Record<string, unknown>>>, limit: number, signal: AbortSignal): Result['rows'] {
  let left = limit;
  if (left === 0) return;
  for await (const { batch, kinds } of changes) {
    const length = Math.min(left, batch.length);
    yield { batch: sliceBatch(batch, 0, length), kinds: kinds.subarray(0, length) };
    left -= length;
    if (left === 0) return;
  }
  // a stream of changes ends quietly when it is stopped; a result that is cut short is no result
  signal.throwIfAborted();
}

async function emit(context: Context, flags: ReadFlags, result: Result): Promise<void> {
  const { output } = flags;
  const byName = output === undefined ? undefined : formatOf(output, undefined);
  const format = flags.format ?? byName ?? (output === undefined && context.out.isTerminal ? 'table' : 'jsonl');
  const color = output === undefined && useColor(context.out.stream);
  const fill = async (sink: ByteSink) => {
    if (format === 'parquet') return;
    await copy(result, await openRowWriter(format, { ...result, sink, numbers: flags.numbers, color }));
  };
  if (format === 'parquet') {
    if (output !== undefined) await wholeFile(output, (path) => writeParquet(path, result));
    else await parquetToOutput(context, result);
  } else if (output !== undefined) await wholeStream(output, fill);
  else await fill(context.out);
}

async function copy(result: Result, writer: RowWriter): Promise<void> {
  for await (const { batch, kinds } of result.rows) if (batch.length > 0) await writer.write(batch, kinds);
  await writer.finish();
}

async function writeParquet(path: string, result: Result): Promise<void> {
  const { parquetWriter } = await import('../rows-out/parquet.js');
  const writer = await parquetWriter(path, result.fields, result.kinds);
  try {
    await copy(result, writer);
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** Parquet ends with its directory, so it is made in a temporary file first. */
async function parquetToOutput(context: Context, result: Result): Promise<void> {
  if (context.out.isTerminal) throw new UsageError('Parquet is not for a terminal: give --output FILE');
  const directory = await mkdtemp(join(tmpdir(), 'weir-read-'));
  try {
    const path = join(directory, 'rows.parquet');
    await writeParquet(path, result);
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) await context.out.write(chunk as Buffer);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
