/** Tables with deletion vectors, in memory: those Java wrote, copied, and those weir wrote, with vectors put on their files. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AvroWriter } from '../../src/format/avro-container.js';
import type { AvroSchema } from '../../src/format/avro-schema.js';
import { type FileIO, memoryFileIO, type Table } from '../../src/index.js';
import { formatSnapshot } from '../../src/meta/snapshot.js';
import { formatSchema, parseSchema } from '../../src/meta/table-schema.js';
import { roaringOf, vector32, vector64 } from './deletion-vectors.js';
import { goldenTable } from './golden.js';

/** A copy of a golden table, as `golden.<name>` of the warehouse `/wh`. */
export async function goldenCopy(name: string): Promise<{ io: ReturnType<typeof memoryFileIO>; root: string }> {
  const io = memoryFileIO();
  const { path } = goldenTable(name);
  const root = `/wh/golden.db/${name}`;
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const from = join(entry.parentPath, entry.name);
    await io.writeFile(`${root}${from.slice(path.length)}`, readFileSync(from));
  }
  return { io, root };
}

/** Changes options behind the table's back, as another program might have set them. */
export async function setOptions(io: FileIO, root: string, options: Record<string, string | undefined>): Promise<void> {
  for (const { path } of await io.list(`${root}/schema`)) {
    const schema = parseSchema(await io.readFile(path), path);
    const changed = Object.entries({ ...schema.options, ...options }).filter(([, value]) => value !== undefined);
    await io.replace(path, formatSchema({ ...schema, options: Object.fromEntries(changed) as Record<string, string> }));
  }
}

const optional = (name: string, type: AvroSchema) => ({ name, type: ['null', type], default: null });
const RANGE = {
  type: 'record',
  name: 'range',
  fields: [{ name: 'f0', type: 'string' }, ...['f1', 'f2'].map((name) => ({ name, type: 'int' })), optional('_CARDINALITY', 'long')],
};
const INDEX_MANIFEST: AvroSchema = {
  type: 'record',
  name: 'record',
  fields: [
    { name: '_VERSION', type: 'int' },
    { name: '_KIND', type: 'int' },
    { name: '_PARTITION', type: 'bytes' },
    { name: '_BUCKET', type: 'int' },
    { name: '_INDEX_TYPE', type: 'string' },
    { name: '_FILE_NAME', type: 'string' },
    { name: '_FILE_SIZE', type: 'long' },
    { name: '_ROW_COUNT', type: 'long' },
    optional('_DELETIONS_VECTORS_RANGES', { type: 'array', items: ['null', RANGE] }),
    optional('_EXTERNAL_PATH', 'string'),
  ],
};

export interface Deletions {
  /** positions by name of the data file */
  readonly rows: ReadonlyMap<string, readonly number[]>;
  readonly bits: 32 | 64;
  /** directory of the index file; default: the table's `index` */
  readonly directory?: string;
  /** say in the manifest where the index file is */
  readonly external?: boolean;
  /** default DELETION_VECTORS */
  readonly type?: string;
  /** name every vector twice */
  readonly twice?: boolean;
}

/** Publishes a snapshot whose files, all of one bucket, have these rows deleted. */
export async function deleteRows(io: FileIO, table: Table, deletions: Deletions): Promise<void> {
  const latest = (await table.snapshot())!;
  const { partition, bucket } = (await table.files())[0]!;
  const name = `index-${latest.id}-0`;
  const path = `${deletions.directory ?? `${table.path}/index`}/${name}`;
  const parts: Uint8Array[] = [Uint8Array.of(1)];
  let offset = 1;
  const ranges = [...deletions.rows].map(([file, rows]) => {
    const bitmap = roaringOf(rows, { runs: true });
    const vector = deletions.bits === 32 ? vector32(bitmap) : vector64([[0, bitmap]]);
    const range = { f0: file, f1: offset, f2: deletions.bits === 32 ? vector.length - 8 : vector.length, _CARDINALITY: rows.length };
    parts.push(vector);
    offset += vector.length;
    return range;
  });
  await io.writeFile(path, Buffer.concat(parts));
  const writer = new AvroWriter(INDEX_MANIFEST, 'zstd');
  await writer.append({
    _VERSION: 1,
    _KIND: 0,
    _PARTITION: partition,
    _BUCKET: bucket,
    _INDEX_TYPE: deletions.type ?? 'DELETION_VECTORS',
    _FILE_NAME: name,
    _FILE_SIZE: offset,
    _ROW_COUNT: ranges.length,
    _DELETIONS_VECTORS_RANGES: deletions.twice === true ? [...ranges, ...ranges] : ranges,
    _EXTERNAL_PATH: deletions.external === true ? path : null,
  });
  const indexManifest = `index-manifest-${latest.id}-0`;
  await io.writeFile(`${table.path}/manifest/${indexManifest}`, await writer.finish());
  const next = { ...latest, id: latest.id + 1n, indexManifest };
  await io.writeFile(`${table.path}/snapshot/snapshot-${next.id}`, formatSnapshot(next));
}
