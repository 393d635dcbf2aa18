/** `weir write TABLE FILE…|-` */

import { stringifyJson } from '../../base/lossless-json.js';
import { partitionOf } from '../arguments.js';
import { commitRecord } from '../commit-record.js';
import { type Context, interruptible, progressOf, withTable } from '../context.js';
import { UsageError } from '../exit.js';
import type { InputFormat } from '../input/input-batch.js';
import { inputBatches, namedInputs } from '../input/open-input.js';
import { totalBytes } from '../input/text-source.js';
import { Loader, type LoadPlan } from '../loader.js';

export interface WriteFlags {
  format?: InputFormat;
  kindColumn?: string;
  commitRows?: number;
  commitMs?: number;
  commitUser?: string;
  identifier?: bigint;
  overwrite?: boolean;
  partition?: string[];
  flush?: boolean;
}

export async function write(context: Context, name: string, files: readonly string[], flags: WriteFlags): Promise<void> {
  const plan = planOf(flags);
  const inputs = namedInputs(files, flags.format);
  const size_bytes = await totalBytes(files);
  await withTable(context, name, async (table) => {
    const progress = progressOf(context, 'write');
    let read_bytes = 0;
    const onBytes = (bytes: number) => {
      read_bytes += bytes;
    };
    const { fields } = table.schema;
    const kindColumn = flags.kindColumn ?? (fields.some((field) => field.name === '_kind') ? undefined : '_kind');
    const loader = new Loader(table, plan, {
      progress: (rows) => progress.update(size_bytes ? read_bytes / size_bytes : undefined, `${rows.toLocaleString('en-US')} rows`),
      // one line a commit, in any case JSON: what a job reads back; who reads it must not stop the writing
      committed: async (result) => {
        progress.clear();
        for (const record of commitRecord(result)) await context.out.tryWrite(`${stringifyJson(record)}\n`);
      },
    });
    try {
      await interruptible((signal) => loader.load(inputBatches(inputs, { fields, kindColumn, signal, onBytes, stdin: context.stdin })));
    } finally {
      progress.clear();
    }
  });
}

function planOf(flags: WriteFlags): LoadPlan {
  const piecewise = flags.commitRows !== undefined || flags.commitMs !== undefined;
  if (flags.overwrite && piecewise) throw new UsageError('--overwrite is one commit: it takes no --commit-rows and no --commit-ms');
  if (flags.partition && !flags.overwrite) throw new UsageError('--partition goes with --overwrite');
  const partition = partitionOf(flags.partition);
  return {
    commitRows: flags.commitRows,
    commit_ms: flags.commitMs,
    commitUser: flags.commitUser,
    identifier: flags.identifier,
    overwrite: flags.overwrite ? (partition === undefined ? true : { partition }) : undefined,
    flush: flags.flush ?? true,
  };
}
