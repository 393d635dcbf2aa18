/** `weir snapshots TABLE`: every snapshot held, oldest first, as Paimon's `$snapshots`. */
import { type Context, withTable } from '../context.js';
import { isoTime, printRecords } from '../records.js';

const WIDE = [
  'base_manifest_list',
  'delta_manifest_list',
  'changelog_manifest_list',
  'watermark',
  'next_row_id',
  'operation',
  'writer_version',
];

export function snapshots(context: Context, name: string): Promise<void> {
  return withTable(context, name, async (table) => {
    const records = (await table.snapshots()).map((snapshot) => ({
      snapshot_id: snapshot.id,
      schema_id: snapshot.schemaId,
      commit_user: snapshot.commitUser,
      commit_identifier: snapshot.commitIdentifier,
      commit_kind: snapshot.commitKind,
      commit_time: isoTime(snapshot.timeMillis),
      base_manifest_list: snapshot.baseManifestList,
      delta_manifest_list: snapshot.deltaManifestList,
      changelog_manifest_list: snapshot.changelogManifestList ?? null,
      total_record_count: snapshot.totalRecordCount,
      delta_record_count: snapshot.deltaRecordCount,
      changelog_record_count: snapshot.changelogRecordCount ?? null,
      watermark: snapshot.watermark ?? null,
      next_row_id: snapshot.nextRowId ?? null,
      operation: snapshot.properties?.operation ?? null,
      writer_version: snapshot.properties?.['writer-version'] ?? null,
    }));
    await printRecords(context.out, records, { wide: WIDE });
  });
}
