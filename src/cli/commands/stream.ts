/** `weir stream TABLE`: changes as JSON lines, `_kind` first, until `--until`, SIGINT or the reader of stdout goes. */

import { stringifyJson } from '../../base/lossless-json.js';
import { encodeJsonLines } from '../../types/json-line.js';
import { parseWhere } from '../../types/where.js';
import { keyList, streamEnd, streamStart } from '../arguments.js';
import { type Context, interruptible, withTable } from '../context.js';
import { Interrupted } from '../exit.js';
import { startOf } from '../stream-start.js';

export interface StreamFlags {
  from: string;
  until?: string;
  consumer?: string;
  positions?: boolean;
  columns?: string[];
  where?: string;
  numbers: 'exact' | 'plain';
}

export async function stream(context: Context, name: string, flags: StreamFlags): Promise<void> {
  const from = streamStart(flags.from);
  const until = streamEnd(flags.until);
  let last: string | undefined;
  let begin: string | undefined;
  await withTable(context, name, async (table) => {
    try {
      await interruptible(async (signal) => {
        const start = await startOf(table, from);
        // a consumer goes on from where it was, which only the table knows
        if (flags.consumer === undefined) begin = positionLine(start.position, start.snapshot);
        const changes = table.changes({
          from: start.position,
          signal,
          ...(until && { until }),
          ...(flags.consumer !== undefined && { consumer: flags.consumer }),
          ...(flags.columns && { columns: keyList(flags.columns) }),
          ...(flags.where !== undefined && { where: parseWhere(flags.where, table.schema.fields) }),
        });
        for await (const change of changes) {
          if (change.length > 0) await context.out.write(encodeJsonLines(change.batch, { kinds: change.kinds, numbers: flags.numbers }));
          last = positionLine(change.position, change.snapshot);
          if (flags.positions) await context.out.write(last);
        }
      });
      last ??= begin;
    } catch (error) {
      // the user's way to end a stream
      if (!(error instanceof Interrupted)) throw error;
      last ??= begin;
    } finally {
      if (last !== undefined) context.stderr.write(last);
    }
  });
}

function positionLine(position: string, snapshot: bigint): string {
  return `${stringifyJson({ _position: position, _snapshot: snapshot })}\n`;
}
