/** `weir orphans TABLE`: deletes old files that nothing refers to, and prints each; with `--dry-run` it prints only. */
import { timeOf } from '../arguments.js';
import { type Context, interruptible, withTable } from '../context.js';
import { printRecords } from '../records.js';

export interface OrphansFlags {
  olderThan?: string;
  dryRun?: boolean;
}

export function orphans(context: Context, name: string, flags: OrphansFlags): Promise<void> {
  return withTable(context, name, (table) =>
    interruptible(async (signal) => {
      const { files, unknown } = await table.removeOrphanFiles({
        signal,
        ...(flags.olderThan !== undefined && { olderThan: timeOf(flags.olderThan, '--older-than') }),
        dryRun: flags.dryRun ?? false,
      });
      await printRecords(
        context.out,
        files.map((file) => ({
          file_path: file.path,
          file_size_in_bytes: file.size_bytes,
          last_update_time: new Date(file.modified_ms).toISOString(),
          deleted: !(flags.dryRun ?? false),
        })),
      );
      if (!(context.options.quiet ?? false))
        for (const path of unknown) context.stderr.write(`left alone, its name says nothing: ${path}\n`);
    }),
  );
}
