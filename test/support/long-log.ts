/** A log with a past: its first slots are long in the tree, and gone. */
import type { FileIO, Table } from '../../src/index.js';
import { LogPath } from '../../src/log/log-path.js';
import { encodeSlot } from '../../src/log/slot-codec.js';

/** Writes the log's newest slot, a `tree` record that says that there is nothing to do and all below is given up. */
export async function beginLogAt<R>(io: FileIO, table: Table<R>, slot: bigint, time_ms: number): Promise<void> {
  const id = table.options['log.id']!;
  const header = {
    log: id,
    slot,
    commit: '00000000-0000-4000-8000-000000000001',
    start: slot,
    tree: { slot, snapshot: 0n, position: slot - 1n },
    base: 0n,
    end: 0n,
    time_ms,
    schemaId: 0n,
    content: { kind: 'tree' as const, users: [], coverage: [{ position: slot - 1n, time_ms }] },
  };
  await io.writeFile(new LogPath(table.path, id).slot(slot), encodeSlot(header, undefined));
}
