/**
 * The golden tables: 90 tables written by Apache Paimon's Java library (1.x), each with what Java reads from it at
 * every snapshot. Unpacked once per machine, into the temporary directory.
 *
 *   <root>/golden.db/<table>/…         the tables: <root> is a warehouse with one database, `golden`
 *   <root>/expected/<table>/…          meta.json and the expected rows; ENCODING.md says how they are written
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { readTar } from './tar.js';

export interface GoldenField {
  readonly id: number;
  readonly name: string;
  readonly type: string;
}

export interface GoldenSnapshot {
  readonly id: number;
  readonly kind: 'APPEND' | 'COMPACT' | 'OVERWRITE' | 'ANALYZE';
  readonly schemaId: number;
  readonly rows: number;
  readonly totalRecordCount: number;
  readonly deltaRecordCount: number;
  readonly changelogRecordCount: number | null;
  readonly changes?: number;
}

/** What Java knew of a table when it wrote the expected files: its meta.json. */
export interface GoldenMeta {
  readonly table: string;
  readonly fields: readonly GoldenField[];
  readonly schemaId: number;
  readonly partitionKeys: readonly string[];
  readonly primaryKeys: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly snapshots: readonly GoldenSnapshot[];
  readonly tags: Readonly<Record<string, unknown>>;
}

export interface GoldenTable {
  readonly name: string;
  /** directory of the table */
  readonly path: string;
  readonly meta: GoldenMeta;
  /** names of its expected files, sorted */
  readonly files: readonly string[];
  /** lines of an expected file */
  expected(file: string): string[];
}

const archive = fileURLToPath(new URL('../fixtures/golden.tar.br', import.meta.url));

/** The warehouse with the golden tables; unpacks them when they are not there. Do not write to it: copy the table. */
export function goldenWarehouse(): string {
  const packed = readFileSync(archive);
  const root = join(tmpdir(), `weir-golden-${createHash('sha256').update(packed).digest('hex').slice(0, 12)}`);
  if (!existsSync(root)) unpack(packed, root);
  return root;
}

/** The tables whose name passes `pattern`, by name. */
export function goldenTables(pattern = /./): GoldenTable[] {
  const root = goldenWarehouse();
  const names = readdirSync(join(root, 'golden.db')).filter((name) => pattern.test(name));
  return names.sort().map((name) => goldenTable(name, root));
}

export function goldenTable(name: string, root = goldenWarehouse()): GoldenTable {
  const expectations = join(root, 'expected', name);
  return {
    name,
    path: join(root, 'golden.db', name),
    meta: JSON.parse(readFileSync(join(expectations, 'meta.json'), 'utf8')) as GoldenMeta,
    files: readdirSync(expectations).sort(),
    expected: (file) => readFileSync(join(expectations, file), 'utf8').split('\n').slice(0, -1),
  };
}

/** Test processes may unpack at the same time: each into a folder of its own, and the first rename wins. */
function unpack(packed: Uint8Array, root: string): void {
  const fresh = `${root}-${process.pid}`;
  const made = new Set<string>();
  for (const { path, bytes } of readTar(brotliDecompressSync(packed))) {
    const target = join(fresh, path.slice(path.indexOf('/') + 1));
    if (!made.has(dirname(target))) {
      mkdirSync(dirname(target), { recursive: true });
      made.add(dirname(target));
    }
    writeFileSync(target, bytes);
  }
  try {
    renameSync(fresh, root);
  } catch (error) {
    rmSync(fresh, { recursive: true });
    if (!existsSync(root)) throw error;
  }
}
