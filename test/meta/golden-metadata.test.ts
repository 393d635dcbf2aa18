import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/base/lossless-json.js';
import { readAvro } from '../../src/format/avro-container.js';
import { localFileIO } from '../../src/io/local-file-io.js';
import { deserializeRow, EMPTY_ROW } from '../../src/meta/binary-row.js';
import { entryIdentity, mergeEntries } from '../../src/meta/file-entry-state.js';
import { liveFiles } from '../../src/meta/live-files.js';
import { ADD, type ManifestEntry } from '../../src/meta/manifest-entry.js';
import { readManifest, writeManifest } from '../../src/meta/manifest-file.js';
import { describeManifest, readManifestList, writeManifestList } from '../../src/meta/manifest-list.js';
import { MANIFEST_LIST_SCHEMA, MANIFEST_SCHEMA } from '../../src/meta/manifest-schema.js';
import { ManifestStore } from '../../src/meta/manifest-store.js';
import { partitionPath, partitionToSpec, specToPartition } from '../../src/meta/partition-path.js';
import { SchemaStore } from '../../src/meta/schema-store.js';
import { formatSnapshot, parseSnapshot } from '../../src/meta/snapshot.js';
import { SnapshotStore } from '../../src/meta/snapshot-store.js';
import { decodeStats } from '../../src/meta/stats.js';
import { TablePath } from '../../src/meta/table-path.js';
import { formatSchema, parseSchema, trimmedPrimaryKey, typesOf } from '../../src/meta/table-schema.js';
import { compareDatum } from '../../src/types/datum.js';
import { goldenTables } from '../support/golden.js';

const tables = goldenTables();
const io = localFileIO();

const filesOf = (directory: string, prefix: string) =>
  existsSync(directory)
    ? readdirSync(directory)
        .filter((name) => name.startsWith(prefix))
        .map((name) => join(directory, name))
    : [];

const stores = (path: string, options: Readonly<Record<string, string>>) => {
  const tablePath = new TablePath(path, options);
  return {
    path: tablePath,
    schemas: new SchemaStore(io, tablePath),
    snapshots: new SnapshotStore(io, tablePath),
    manifests: new ManifestStore(io, tablePath, { codec: 'zstd', sync: false }),
  };
};

/** A document without the checksum weir adds to it. */
const withoutChecksum = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString()
    .replace(/,\n {2}"weirChecksum" : "[0-9a-f]{8}"/, '');

describe('metadata of tables Java wrote', () => {
  it('is ninety tables', () => expect(tables).toHaveLength(90));

  it.each(tables)('$name: schemas and snapshots are written as Java wrote them', ({ path }) => {
    for (const file of filesOf(join(path, 'schema'), 'schema-')) {
      const bytes = readFileSync(file);
      expect(withoutChecksum(formatSchema(parseSchema(bytes, file)))).toBe(bytes.toString());
    }
    for (const file of [...filesOf(join(path, 'snapshot'), 'snapshot-'), ...filesOf(join(path, 'changelog'), 'changelog-')]) {
      const bytes = readFileSync(file);
      expect(withoutChecksum(formatSnapshot(parseSnapshot(bytes, file)))).toBe(bytes.toString());
    }
  });

  it.each(tables)('$name: manifests and lists survive being read and written, under the schema Java has', async ({ path, meta }) => {
    const schema = await stores(path, meta.options).schemas.latest();
    const entriesOf = new Map<string, ManifestEntry[]>();
    for (const file of filesOf(join(path, 'manifest'), 'manifest-').filter((name) => !/manifest-list-/.test(name))) {
      const bytes = readFileSync(file);
      const entries = await readManifest(bytes, file);
      entriesOf.set(file.slice(file.lastIndexOf('/') + 1), entries);
      expect((await readAvro(bytes, file)).schema).toEqual(MANIFEST_SCHEMA);
      expect(await readManifest(await writeManifest(entries, 'zstd'), 'again')).toEqual(entries);
    }
    for (const file of filesOf(join(path, 'manifest'), 'manifest-list-')) {
      const bytes = readFileSync(file);
      const list = await readManifestList(bytes, file);
      expect((await readAvro(bytes, file)).schema).toEqual(MANIFEST_LIST_SCHEMA);
      expect(await readManifestList(await writeManifestList(list, 'snappy'), 'again')).toEqual(list);
      for (const manifest of list) {
        const entries = entriesOf.get(manifest.fileName);
        // expired, or of a branch
        if (entries === undefined) continue;
        expect(describeManifest(manifest.fileName, manifest.fileSize_bytes, entries, schema!)).toEqual(manifest);
      }
    }
  });

  it.each(tables)('$name: every snapshot adds up, and its files are where they should be', async ({ path, meta }) => {
    const { path: tablePath, schemas, snapshots, manifests } = stores(path, meta.options);
    const ids = await snapshots.list();
    expect(ids.map(Number)).toEqual(meta.snapshots.map(({ id }) => id));
    expect(await snapshots.latestId()).toBe(ids.at(-1));
    expect(await snapshots.earliestId()).toBe(ids[0]);
    for (const known of meta.snapshots) {
      const snapshot = await snapshots.read(BigInt(known.id));
      expect([snapshot.commitKind, Number(snapshot.schemaId)]).toEqual([known.kind, known.schemaId]);
      const live = await liveFiles(manifests, snapshot);
      expect(live.reduce((rows, { file }) => rows + BigInt(file.rowCount), 0n)).toBe(snapshot.totalRecordCount);
      const lists = [...(await manifests.readList(snapshot.baseManifestList)), ...(await manifests.readList(snapshot.deltaManifestList))];
      const merged = mergeEntries((await Promise.all(lists.map(({ fileName }) => manifests.readEntries(fileName)))).flat());
      expect(merged.map(entryIdentity).sort()).toEqual(live.map(entryIdentity).sort());
      const tableSchema = await schemas.read(snapshot.schemaId);
      for (const { partition, bucket, file, kind } of live) {
        expect(kind).toBe(ADD);
        expect(existsSync(tablePath.dataFile(partitionPath(tableSchema, partition), bucket, file)), file.fileName).toBe(true);
        expect(specToPartition(tableSchema, partitionToSpec(tableSchema, partition))).toEqual(partition);
        const schema = await schemas.read(file.schemaId);
        const keyTypes = typesOf(schema, trimmedPrimaryKey(schema));
        if (keyTypes.length === 0) expect(file.minKey).toBe(EMPTY_ROW);
        const [min, max] = [deserializeRow(keyTypes, file.minKey), deserializeRow(keyTypes, file.maxKey)];
        // postponed files are not sorted
        if (keyTypes.length > 0 && bucket >= 0) expect(compareDatum(keyTypes[0]!, min[0]!, max[0]!)).toBeLessThanOrEqual(0);
        const stats = decodeStats(schema, file);
        for (const field of schema.fields) {
          const known = stats(field.name);
          if (known?.hasMinMax) expect(compareDatum(field.type, known.min, known.max)).toBeLessThanOrEqual(0);
          if (known?.nullCount != null) expect(known.nullCount).toBeLessThanOrEqual(BigInt(file.rowCount));
        }
      }
    }
  });

  it('has tags with their own members, consumers and index manifests', async () => {
    const { path, meta } = tables.find(({ name }) => name === 'tags_branches')!;
    const { snapshots } = stores(path, meta.options);
    const names = await snapshots.tags();
    expect(names.length).toBeGreaterThan(0);
    for (const name of names)
      expect((await snapshots.tag(name)).id).toBe(
        BigInt((parseJson(readFileSync(join(path, 'tag', `tag-${name}`), 'utf8')) as { id: number }).id),
      );
    const vectors = tables.find(({ name }) => name === 'append_dv')!;
    const dv = stores(vectors.path, vectors.meta.options);
    const index = await dv.manifests.readIndex((await dv.snapshots.latest())!.indexManifest!);
    expect(index.map(({ indexType }) => indexType)).toContain('DELETION_VECTORS');
    expect(index.flatMap(({ vectors }) => vectors).length).toBeGreaterThan(0);
  });
});
