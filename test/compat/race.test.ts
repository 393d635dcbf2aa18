/**
 * weir and Java write and compact one table at the same time, from two processes: nothing is lost, nothing is there twice.
 *
 *   weir  ─ commits ─> log ─ every 500 ms ─> snapshots ─┬─> a stream of weir's over both, which counts every row
 *   Java  ─ commits ──────────────────────> snapshots ─┘
 *
 * Java publishes by hard links here (java/src/weir/compat/LinkingFileIO.java). Its writers leave compaction to a job of its
 * own, as several writers of one table have to; one of weir's compacts as it goes.
 *
 * Disjoint keys have an order of their own a writer. Shared ones need `sequence.field`, and hold no deletes: a compaction
 * that drops a tombstone forgets its order. Those are raced for with and without a log.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCatalog, seededRandom, type Table } from '../../src/index.js';
import { encodeJsonLines } from '../../src/types/json-line.js';
import { rowsOf } from '../crash/rows.mjs';
import { tempDir } from '../support/temp-dir.js';
import { JAVA_VERSIONS, JavaPaimon, type JavaTable } from './support/java-paimon.js';
import { changeLines, lineOf, scanLines } from './support/weir-lines.js';

const DURATION_MS = Number(process.env.WEIR_RACE_S ?? 60) * 1000;
const KEYS = 200;
const SEEDS = { weir: 1, java: 2 } as const;
/** what a Java compaction says when its files were compacted away, or its levels filled, by another */
const CONFLICT = /conflicts? (during commits|detected)|LSM conflicts|File deletion conflicts/i;

/** snapshots often, so that weir and Java meet */
const LOG = { 'log.enabled': 'true', 'snapshot.interval': '500 ms' };

type User = keyof typeof SEEDS;

describe.each(JAVA_VERSIONS)('weir and Java %s at the same time', (version) => {
  let java: JavaPaimon;
  beforeAll(() => {
    java = new JavaPaimon(version);
  });
  afterAll(() => java.close());

  it('write and compact two tables, one of disjoint and one of shared keys', { timeout: DURATION_MS + 240_000 }, async () => {
    const warehouse = tempDir();
    const disjoint = await contest(warehouse, java, 'db.disjoint', { ...LOG, 'changelog-producer': 'input' });
    const sharedLog = version === '1.4.2' ? { ...LOG, 'log.compaction': 'false' } : { 'log.enabled': 'false' };
    const shared = await contest(warehouse, java, 'db.shared', { ...sharedLog, 'sequence.field': 'version' });
    await warmUp(warehouse, java);
    const follower = followed(warehouse, 'db.disjoint');
    const until_ms = Date.now() + DURATION_MS;
    await Promise.all([disjoint.run(until_ms, true), shared.run(until_ms, false)]);

    const model = new Map<string, string>();
    const changes: string[] = [];
    for (const user of ['weir', 'java'] as const) {
      for (const identifier of await disjoint.identifiers(user)) {
        const { upserts, deletes } = disjoint.rows(user, identifier);
        for (const row of upserts) model.set(String(row.id), lineOf(textRow(row)));
        for (const row of deletes) model.delete(String(row.id));
        changes.push(...upserts.map((row) => changeOf(row, '+I')), ...deletes.map((row) => changeOf(row, '-D')));
      }
    }
    const expected = [...model.values()].sort();
    expect(await scanLines(disjoint.weir.scan())).toEqual(expected);
    expect(await disjoint.java.read()).toEqual(expected);

    // every change once, however it is read: from snapshots by Java and by weir, and as the log had it while it came
    changes.sort();
    const last = (await disjoint.weir.snapshot())!.id;
    expect([...(await disjoint.java.changes(1n, last)).values()].flat().sort()).toEqual(changes);
    const inSnapshots = await changeLines(disjoint.weir.changesBetween({ from: 0n, to: last }));
    expect([...inSnapshots.values()].flat().sort()).toEqual(changes);
    expect((await follower.first(changes.length)).sort()).toEqual(changes);

    const found = await scanLines(shared.weir.scan());
    expect(await shared.java.read()).toEqual(found);
    const winners = await newest(shared);
    expect(found).toHaveLength(winners.size);
    for (const line of found) expect(winners.get((JSON.parse(line) as { id: string }).id), line).toContain(line);
    for (const { weir } of [disjoint, shared]) {
      await expectContention(weir);
      expect((await weir.verify()).problems).toEqual([]);
    }
  });
});

/** A stream of weir's in place from the start, with a handle of its own. */
function followed(warehouse: string, name: string): { first(rows: number): Promise<string[]> } {
  const stop = new AbortController();
  const lines: string[] = [];
  const running = (async () => {
    await using catalog = await openCatalog({ warehouse, threads: 1 });
    const table = await catalog.table(name);
    const { signal } = stop;
    for await (const { batch, kinds } of table.changes({ from: { snapshot: 1n }, signal, poll_ms: 50 }))
      lines.push(...encodeJsonLines(batch, { kinds }).split('\n').slice(0, -1));
  })();
  return {
    /** all that it has told, once it has told so many rows or has had its time */
    async first(rows) {
      const until_ms = Date.now() + 30_000;
      while (lines.length < rows && Date.now() < until_ms) await Promise.race([pause(50), running]);
      stop.abort();
      await running;
      return lines;
    },
  };
}

/** The first commit of a JVM takes seconds. */
async function warmUp(warehouse: string, java: JavaPaimon): Promise<void> {
  const table = java.table(warehouse, 'db.warm', 'linking');
  await table.create({ schema: { id: 'INT NOT NULL' }, primaryKey: ['id'], options: { bucket: '1' } });
  await table.write([lineOf({ id: 1 })], { user: 'java', identifier: 1 });
  await table.compact({ user: 'java', identifier: 2, full: true });
}

interface Contest {
  readonly weir: Table;
  readonly java: JavaTable;
  /** writes and compacts until then */
  run(until_ms: number, deletes: boolean): Promise<void>;
  rows(user: User, identifier: number): ReturnType<typeof rowsOf>;
  /** what a user committed, 1 … n, each once */
  identifiers(user: User): Promise<number[]>;
}

async function contest(warehouse: string, java: JavaPaimon, name: string, options: Record<string, string>): Promise<Contest> {
  const catalog = await openCatalog({ warehouse, threads: 1 });
  const weir = await catalog.createTable(name, {
    schema: { id: 'BIGINT NOT NULL', version: 'BIGINT', text: 'STRING' },
    primaryKey: ['id'],
    options: {
      bucket: '2',
      'num-sorted-run.compaction-trigger': '4',
      'snapshot.num-retained.min': '100000',
      'snapshot.num-retained.max': '100000',
      'commit.max-retries': '1000',
      ...options,
    },
  });
  const javaTable = java.table(warehouse, name, 'linking');
  const firstKey = (user: User) => (user === 'java' && options['sequence.field'] === undefined ? KEYS : 0);
  const rows = (user: User, identifier: number) => rowsOf(seededRandom, SEEDS[user], identifier, firstKey(user), KEYS);
  const acknowledged = { weir: 0, java: 0 };

  async function weirWrites(deletes: boolean, identifier: number, writer: Awaited<ReturnType<Table['openWriter']>>) {
    const changes = rows('weir', identifier);
    await writer.write(changes.upserts as never);
    if (deletes) await writer.delete(changes.deletes as never);
    await writer.commit({ identifier: BigInt(identifier) });
    acknowledged.weir = identifier;
  }

  async function javaWrites(deletes: boolean, identifier: number) {
    const changes = rows('java', identifier);
    const lines = changes.upserts.map((row) => lineOf(textRow(row)));
    if (deletes) lines.push(...changes.deletes.map((row) => lineOf(textRow(row), '-D')));
    await javaTable.write(lines, { user: 'java', identifier, options: { 'write-only': 'true' } });
    acknowledged.java = identifier;
  }

  return {
    weir,
    java: javaTable,
    rows,
    async run(until_ms, deletes) {
      const repeat = async (step: (turn: number) => Promise<unknown>, end_ms = until_ms) => {
        for (let turn = 1; Date.now() < end_ms; turn++) await step(turn);
      };
      // Java's compactions take longer, so that it loses most races: towards the end weir leaves compacting to it,
      // in its writer (without a log) and beside it (with one)
      const alone_ms = until_ms - (until_ms - Date.now()) / 3;
      const compactor = await openCatalog({ warehouse, threads: 1 });
      const compacted = await compactor.table(name);
      let writer = await weir.openWriter({ commitUser: 'weir', writeOnly: !deletes });
      let compacts = deletes;
      await Promise.all([
        repeat(async (turn) => {
          if (compacts && Date.now() > alone_ms) {
            compacts = false;
            await writer.close();
            await weir.alter([{ action: 'setOption', key: 'log.compaction', value: 'false' }]);
            writer = await weir.openWriter({ commitUser: 'weir', writeOnly: true });
          }
          await weirWrites(deletes, turn, writer);
          await pause(20);
        }),
        repeat((turn) => javaWrites(deletes, turn)),
        repeat(async (turn) => {
          await compacted.compact({ full: turn % 3 === 0 });
          await pause(1500);
        }, alone_ms),
        repeat(async (turn) => {
          await javaTable.compact({ user: 'java-compactor', identifier: turn, full: true }).catch((error: Error) => {
            if (!CONFLICT.test(error.message)) throw error;
          });
          await pause(50);
        }),
      ]);
      await writer.close();
      await compactor.close();
    },
    async identifiers(user) {
      const each = Array.from({ length: acknowledged[user] }, (_, index) => index + 1);
      if (user === 'weir' && options['log.enabled'] === 'true') {
        await using committer = await weir.openCommitter({ commitUser: 'weir' });
        expect(await committer.lastIdentifier()).toBe(BigInt(each.length));
        return each;
      }
      const snapshots = await weir.snapshots();
      const own = snapshots.filter((snapshot) => snapshot.commitUser === user && snapshot.commitKind === 'APPEND');
      const identifiers = own.map((snapshot) => Number(snapshot.commitIdentifier));
      expect(identifiers, `commits of ${user}`).toEqual(each);
      return each;
    },
  };
}

/** Both wrote and compacted, and not one after the other. */
async function expectContention(table: Table): Promise<void> {
  const snapshots = await table.snapshots();
  const side = (user: string) => (user.startsWith('java') ? 'java' : 'weir');
  const compactors = snapshots.filter((snapshot) => snapshot.commitKind === 'COMPACT').map((snapshot) => side(snapshot.commitUser));
  expect(new Set(compactors)).toEqual(new Set(['weir', 'java']));
  const turns = snapshots.filter((snapshot, index) => index > 0 && side(snapshot.commitUser) !== side(snapshots[index - 1]!.commitUser));
  expect(turns.length).toBeGreaterThan(5);
}

/** Of each key the lines that may have won: the highest version, by either. */
async function newest(contest: Contest): Promise<Map<string, string[]>> {
  const winners = new Map<string, { version: bigint; lines: string[] }>();
  for (const user of ['weir', 'java'] as const) {
    for (const identifier of await contest.identifiers(user)) {
      const last = new Map(contest.rows(user, identifier).upserts.map((row) => [String(row.id), row]));
      for (const [id, row] of last) {
        const held = winners.get(id);
        const line = lineOf(textRow(row));
        if (held === undefined || held.version < row.version) winners.set(id, { version: row.version, lines: [line] });
        else if (held.version === row.version) held.lines.push(line);
      }
    }
  }
  return new Map([...winners].map(([id, { lines }]) => [id, lines]));
}

function textRow({ id, version, text }: { id: bigint; version: bigint; text: string | null }) {
  return { id: String(id), version: String(version), text };
}

const changeOf = (row: Parameters<typeof textRow>[0], kind: '+I' | '-D') => JSON.stringify({ _kind: kind, ...textRow(row) });

const pause = (duration_ms: number) => new Promise((resolve) => setTimeout(resolve, duration_ms));
