/**
 * Four processes upsert one table at once, while a fifth compacts it: every acknowledged row is there, none twice.
 *
 * Disjoint keys have an order of their own a writer; shared ones need `sequence.field`, for without the log nothing else
 * orders concurrent writers of one key. They hold no deletes: a compaction that drops a tombstone forgets its order, and an
 * older version written after it would come back, in Paimon as in weir.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openCatalog, seededRandom } from '../../src/index.js';
import { SNAPSHOTS_ONLY } from '../support/memory-catalog.js';
import { rowsOf } from './rows.mjs';
import { script } from './script.js';

const WRITERS = 4;
const COMMITS = process.env.WEIR_LONG === undefined ? 15 : 80;
const KEYS = 200;

async function race(options: Record<string, string | number>, deletes: boolean, keyOf: (writer: number) => number) {
  const warehouse = await mkdtemp(join(tmpdir(), 'weir-race-'));
  const catalog = await openCatalog({ warehouse, tableDefaults: SNAPSHOTS_ONLY });
  try {
    const table = await catalog.createTable('db.t', {
      schema: { id: 'BIGINT NOT NULL', version: 'BIGINT', text: 'STRING' },
      primaryKey: ['id'],
      options: {
        bucket: 2,
        'num-sorted-run.compaction-trigger': 4,
        'snapshot.num-retained.min': 20,
        'commit.max-retries': 200,
        ...options,
      },
    });
    const compactor = script('compactor.mjs', [warehouse, 'db.t']);
    const jobs = Array.from({ length: WRITERS }, (_, writer) =>
      script('writer.mjs', [warehouse, 'db.t', `job-${writer}`, keyOf(writer), KEYS, COMMITS, writer + 1, String(deletes)]),
    );
    await Promise.all(jobs.map((job) => job.ended));
    compactor.child.stdin.end();
    await compactor.ended;
    const rows = await table.scan().toArray();
    expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
    return rows as { id: bigint; version: bigint; text: string }[];
  } finally {
    await catalog.close();
    await rm(warehouse, { recursive: true, force: true });
  }
}

it('disjoint keys: the table is what each writer made of its own', { timeout: 300_000 }, async () => {
  const rows = await race({}, true, (writer) => writer * KEYS);
  const model = new Map<bigint, string>();
  for (let writer = 0; writer < WRITERS; writer++) {
    for (let identifier = 1; identifier <= COMMITS; identifier++) {
      const { upserts, deletes } = rowsOf(seededRandom, writer + 1, identifier, writer * KEYS, KEYS);
      for (const row of upserts) model.set(row.id, row.text);
      for (const row of deletes) model.delete(row.id);
    }
  }
  expect(new Map(rows.map((row) => [row.id, row.text]))).toEqual(model);
});

it('shared keys with sequence.field: the highest version of each key stays', { timeout: 300_000 }, async () => {
  const rows = await race({ 'sequence.field': 'version' }, false, () => 0);
  // per key the highest version, and the writers that wrote it last with that version (ties go to either)
  const newest = new Map<bigint, { version: bigint; texts: Set<string> }>();
  for (let writer = 0; writer < WRITERS; writer++) {
    for (let identifier = 1; identifier <= COMMITS; identifier++) {
      const { upserts } = rowsOf(seededRandom, writer + 1, identifier, 0, KEYS);
      const last = new Map(upserts.map((row) => [row.id, row.text]));
      for (const [id, text] of last) {
        const held = newest.get(id);
        const version = BigInt(identifier);
        if (held === undefined || held.version < version) newest.set(id, { version, texts: new Set([text]) });
        else if (held.version === version) held.texts.add(text);
      }
    }
  }
  const found = new Map(rows.map((row) => [row.id, row.text]));
  for (const [id, { texts }] of newest) expect(texts.has(found.get(id) ?? ''), `key ${id}`).toBe(true);
  for (const id of found.keys()) expect(newest.has(id)).toBe(true);
});
