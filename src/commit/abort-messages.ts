/**
 * Deleting the files of messages that were not committed.
 *
 * Invariant: a file the table may refer to is never deleted: neither one of the latest snapshot (the messages were committed
 * after all, by this process or another) nor one of a commit whose outcome is unknown.
 */
import type { CommitMessage } from '../meta/commit-message.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import { liveFiles } from '../meta/live-files.js';
import { partitionPath } from '../meta/partition-path.js';
import type { TableSchema } from '../meta/table-schema.js';
import { ownFiles } from './commit-changes.js';
import type { CommitContext } from './commit-context.js';
import { TouchedPartitions } from './touched-partitions.js';
import { isUncertain } from './uncertain-files.js';

export async function abortMessages(context: CommitContext, messages: readonly CommitMessage[]): Promise<void> {
  await removeUncommitted(context, messages, ownFiles);
}

/** Deletes those files that `filesOf` names of each message, if nothing refers to them. */
export async function removeUncommitted(
  context: CommitContext,
  messages: readonly CommitMessage[],
  filesOf: (message: CommitMessage) => readonly DataFileMeta[],
): Promise<void> {
  const { io, path, schemas, snapshots } = context;
  const candidates = messages.map((message) => ({ message, files: filesOf(message) })).filter(({ files }) => files.length > 0);
  if (candidates.length === 0) return;
  const schema = await schemas.latest();
  // a dropped table has taken its files with it
  if (schema === undefined) return;
  const referenced = await liveNames(context, schema, messages);
  for (const { message, files } of candidates) {
    const directory = partitionPath(schema, message.partition);
    for (const file of files) {
      if (referenced.has(file.fileName) || isUncertain(snapshots, file.fileName)) continue;
      await io.remove(path.dataFile(directory, message.bucket, file));
      for (const extra of file.extraFiles) await io.remove(path.extraFile(directory, message.bucket, file, extra));
    }
  }
}

async function liveNames(context: CommitContext, schema: TableSchema, messages: readonly CommitMessage[]): Promise<Set<string>> {
  const latest = await context.snapshots.latest();
  if (latest === undefined) return new Set();
  const touched = new TouchedPartitions(
    schema,
    messages.map((message) => message.partition),
  );
  const live = await liveFiles(context.manifests, latest, {
    manifest: (manifest) => touched.mayTouch(manifest),
    bucket: (entry) => touched.has(entry.partition),
  });
  return new Set(live.map((entry) => entry.file.fileName));
}
