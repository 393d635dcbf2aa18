/** `weir stream TABLE`: changes as JSON lines, `_kind` first, until `--until`, SIGINT or the reader of stdout goes. */

import { stringifyJson } from '../../base/lossless-json.js';
import type { StreamPosition } from '../../index.js';
import { encodeJsonLines } from '../../types/json-line.js';
import { parseWhere } from '../../types/where.js';
import { keyList, streamEnd, streamStart } from '../arguments.js';
import { type Context, interruptible, withTable } from '../context.js';
import { Interrupted } from '../exit.js';

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
  await withTable(context, name, async (table) => {
    try {
      await interruptible(async (signal) => {
        const changes = table.changes({
          from: from as StreamPosition,
          signal,
          ...(until && { until }),
          ...(flags.consumer !== undefined && { consumer: flags.consumer }),
          ...(flags.columns && { columns: keyList(flags.columns) }),
          ...(flags.where !== undefined && { where: parseWhere(flags.where, table.schema.fields) }),
        });
        for await (const change of changes) {
          if (change.length > 0) await context.out.write(encodeJsonLines(change.batch, { kinds: change.kinds, numbers: flags.numbers }));
          last = `${stringifyJson({ _position: change.position, _snapshot: change.snapshot })}\n`;
          if (flags.positions) await context.out.write(last);
        }
      });
    } catch (error) {
      // the user's way to end a stream
      if (!(error instanceof Interrupted)) throw error;
    } finally {
      if (last !== undefined) context.stderr.write(last);
    }
  });
}
