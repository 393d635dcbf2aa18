/** A table as a stream: where it starts, where it resumes, when it ends, and that nothing is lost or told twice. */
import { describe, expect, it } from 'vitest';
import {
  type Change,
  type ChangesOptions,
  eq,
  gt,
  memoryFileIO,
  type Predicate,
  type StreamPosition,
  type Table,
  type WeirError,
} from '../../src/index.js';
import { FAST, memoryCatalog, put, type Row, sorted } from '../support/memory-catalog.js';

type Options = ChangesOptions & { where?: Predicate };

async function make(options: Record<string, string | number | boolean> = {}) {
  const made = await memoryCatalog(memoryFileIO());
  const table = (await made.catalog.createTable('db.t', {
    schema: { id: 'BIGINT NOT NULL', v: 'STRING' },
    primaryKey: ['id'],
    options: { bucket: 2, ...FAST, ...options },
  })) as unknown as Table;
  return { ...made, table };
}

const row = (id: number, v = `v${id}`): Row => ({ id: BigInt(id), v });
const rows = (from: number, to: number, tag = '') => Array.from({ length: to - from }, (_, i) => row(from + i, `v${from + i}${tag}`));

/** Five snapshots: inserts, updates, a delete, a compaction, inserts. */
async function history(table: Table) {
  const writer = await table.openWriter({ commitUser: 'job', writeOnly: true });
  await writer.write(rows(0, 8));
  await writer.commit();
  await writer.write(rows(4, 12, '!'));
  await writer.commit();
  await writer.delete([
    { id: 0n, v: 'v0' },
    { id: 9n, v: 'v9!' },
  ]);
  await writer.commit();
  await table.compact({ full: true });
  await writer.close();
  await put(table, rows(12, 15));
  return (await table.snapshot())!.id;
}

interface Told {
  position: StreamPosition;
  snapshot: bigint;
  rows: string[];
}

async function collect(stream: AsyncIterable<Change<Row>>, most = Number.POSITIVE_INFINITY): Promise<Told[]> {
  const told: Told[] = [];
  for await (const change of stream) {
    expect(change.length).toBe(change.kinds.length);
    expect(change.toArrow().numRows).toBe(change.length);
    told.push({
      position: change.position,
      snapshot: change.snapshot,
      rows: change.rows().map(({ kind, row: { id, v } }) => `${kind} ${String(id)} ${String(v)}`),
    });
    if (told.length >= most) break;
  }
  return told;
}

const flat = (told: Told[]) => told.flatMap((one) => one.rows);

/** What a reader that applies the changes ends up with. */
function applied(told: Told[]): string[] {
  const state = new Map<string, string>();
  for (const line of flat(told)) {
    const [kind, id, v] = line.split(' ');
    if (kind === '-D') state.delete(id!);
    else if (kind !== '-U') state.set(id!, v!);
  }
  return [...state].map(([id, v]) => `${id} ${v}`).sort();
}

const stateOf = async (table: Table, at?: bigint) =>
  (await table.scan(at === undefined ? {} : { at: { snapshot: at } }).toArray())
    .map((found) => `${String(found.id)} ${String(found.v)}`)
    .sort();

describe.each(['none', 'input'])('changelog-producer=%s', (producer) => {
  it('from every start the changes end in the state of the table', async () => {
    const { table } = await make({ 'changelog-producer': producer });
    const last = await history(table);
    for (const from of ['latest-full', 'earliest', { snapshot: 1n }] as const) {
      const told = await collect(table.changes({ from, until: 'now' }));
      expect(applied(told), String(from)).toEqual(await stateOf(table));
    }
    expect(await collect(table.changes({ from: 'latest', until: 'now' }))).toEqual([]);
    const whole = await collect(table.changes({ from: { snapshot: 1n }, until: { snapshot: last } }));
    expect(sorted(whole.filter((one) => one.snapshot === 2n).flatMap((one) => one.rows))).toEqual(
      sorted(rows(4, 12, '!').map((one) => `+I ${String(one.id)} ${String(one.v)}`)),
    );
    expect(
      whole
        .filter((one) => one.snapshot === 3n)
        .flatMap((one) => one.rows.map((line) => line.slice(0, 4)))
        .sort(),
    ).toEqual(['-D 0', '-D 9']);
    expect(new Set(whole.map((one) => one.snapshot))).toEqual(new Set([1n, 2n, 3n, last]));
    expect(applied(await collect(table.changes({ from: { snapshot: 1n }, until: { snapshot: 2n } })))).toEqual(await stateOf(table, 2n));
  });

  it('resumes at every position: nothing is lost, nothing is told twice', async () => {
    const { table, catalog } = await make({ 'changelog-producer': producer });
    const last = await history(table);
    for (const from of ['earliest', 'latest-full', { snapshot: 2n }] as const) {
      const whole = await collect(table.changes({ from, until: { snapshot: last } }));
      expect(whole.length).toBeGreaterThan(1);
      expect(new Set(whole.map((one) => one.position)).size).toBe(whole.length);
      for (const [i, { position }] of whole.entries()) {
        const restarted = await catalog.table('db.t');
        const rest = await collect(restarted.changes({ from: position, until: { snapshot: last } }));
        expect(rest, `after ${position}`).toEqual(whole.slice(i + 1));
      }
    }
  });

  it('resumes where it was though more was committed and the schema grew', async () => {
    const { table } = await make({ 'changelog-producer': producer });
    await history(table);
    const first = await collect(table.changes({ from: 'earliest', until: 'now' }), 1);
    await table.alter([{ action: 'addColumn', name: 'w', type: 'INT' }]);
    await put(table, [{ id: 1n, v: 'late', w: 5 }]);
    const rest = await collect(table.changes({ from: first[0]!.position, until: 'now' }));
    expect(applied([...first, ...rest])).toEqual(await stateOf(table));
  });

  it('columns and where', async () => {
    const { table } = await make({ 'changelog-producer': producer });
    await history(table);
    const seen: unknown[] = [];
    for await (const change of table.changes({ from: { snapshot: 1n }, until: { snapshot: 3n }, columns: ['v'], where: gt('id', 8n) }))
      seen.push(...change.rows());
    expect(sorted(seen)).toEqual(
      sorted([
        { kind: '+I', row: { v: 'v9!' } },
        { kind: '+I', row: { v: 'v10!' } },
        { kind: '+I', row: { v: 'v11!' } },
        { kind: '-D', row: { v: 'v9!' } },
      ]),
    );
    const whole = await collect(table.changes({ from: 'latest-full', until: 'now', where: eq('id', 13n) } satisfies Options));
    expect(flat(whole)).toEqual(['+I 13 v13']);
    await expect(collect(table.changes({ columns: ['x'], until: 'now' }))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('waiting and ending', () => {
  it('waits for commits that come later', async () => {
    const { table } = await make();
    const stop = new AbortController();
    const told: string[] = [];
    let seen!: () => void;
    let waiting = new Promise<void>((resolve) => (seen = resolve));
    const reading = (async () => {
      for await (const change of table.changes({ signal: stop.signal, poll_ms: 1 })) {
        told.push(...change.rows().map((one) => `${one.kind} ${String(one.row.id)}`));
        seen();
      }
    })();
    for (let i = 0; i < 3; i++) {
      await put(table, [row(i)]);
      await waiting;
      waiting = new Promise<void>((resolve) => (seen = resolve));
    }
    stop.abort();
    await reading;
    expect(told).toEqual(['+I 0', '+I 1', '+I 2']);
  });

  it('a signal that was given before, or while nothing comes, ends it without an error', async () => {
    const { table } = await make();
    await put(table, [row(1)]);
    expect(await collect(table.changes({ signal: AbortSignal.abort() }))).toEqual([]);
    const stop = new AbortController();
    const reading = collect(table.changes({ from: 'latest', signal: stop.signal, poll_ms: 600_000 }));
    setImmediate(() => stop.abort());
    expect(await reading).toEqual([]);
  });

  it('until now: of an empty table at once, and never beyond what there was at the start', async () => {
    const { table } = await make();
    expect(await collect(table.changes({ until: 'now' }))).toEqual([]);
    await put(table, [row(1)]);
    await put(table, [row(2)]);
    const stream = table.changes({ from: { snapshot: 1n }, until: 'now' });
    const first = await stream.next();
    await put(table, [row(3)]);
    const rest = await collect(stream);
    expect([first.value!.rows()[0]!.row.id, ...rest.map((one) => one.snapshot)]).toEqual([1n, 2n]);
  });

  it('a reader may leave at any batch', async () => {
    const { table } = await make();
    await history(table);
    expect(await collect(table.changes({ from: 'earliest' }), 1)).toHaveLength(1);
  });
});

describe('what expired', () => {
  const shrink = (table: Table) =>
    table.alter([
      { action: 'setOption', key: 'snapshot.num-retained.min', value: '1' },
      { action: 'setOption', key: 'snapshot.num-retained.max', value: '1' },
    ]);

  it('a position or a snapshot that is gone is POSITION_EXPIRED and says what is left', async () => {
    const { table, catalog } = await make();
    await history(table);
    const whole = await collect(table.changes({ from: 'earliest', until: 'now' }));
    await shrink(table);
    await table.expire();
    const fresh = await catalog.table('db.t');
    const gone = { code: 'POSITION_EXPIRED', message: expect.stringMatching(/latest-full/) };
    await expect(collect(fresh.changes({ from: { snapshot: 2n }, until: 'now' }))).rejects.toMatchObject(gone);
    await expect(collect(fresh.changes({ from: whole[0]!.position, until: 'now' }))).rejects.toMatchObject(gone);
    expect(applied(await collect(fresh.changes({ until: 'now' })))).toEqual(await stateOf(fresh));
  });

  it('while it is being read: POSITION_EXPIRED, also through a handle that remembers the snapshot', async () => {
    const { table } = await make({ bucket: 1 });
    await put(table, rows(0, 5), { writeOnly: true });
    await put(table, rows(0, 5, '!'), { writeOnly: true });
    await table.snapshots();
    await shrink(table);
    await table.compact({ full: true });
    await table.expire();
    const error = (await table
      .scan({ at: { snapshot: 1n } })
      .toArray()
      .catch((thrown: unknown) => thrown)) as WeirError;
    expect(error).toMatchObject({ code: 'POSITION_EXPIRED', table: 'db.t' });
    await expect(table.get({ id: 1n }, { at: { snapshot: 1n } })).rejects.toMatchObject({ code: 'POSITION_EXPIRED' });
    await expect(collect(table.changes({ from: { snapshot: 1n }, until: 'now' }))).rejects.toMatchObject({ code: 'POSITION_EXPIRED' });
  });

  it('beyond the end by more than one: the table was rolled back', async () => {
    const { table } = await make();
    await put(table, [row(1)]);
    await expect(collect(table.changes({ from: { snapshot: 9n } }))).rejects.toMatchObject({ code: 'POSITION_EXPIRED' });
  });

  it('a position of another shape is refused', async () => {
    const { table } = await make();
    await expect(collect(table.changes({ from: 'tomorrow' as StreamPosition, until: 'now' }))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('a consumer goes on where it was, and keeps from expiry what it still needs', async () => {
    const { table, catalog } = await make();
    await put(table, rows(0, 2));
    const first = await collect(table.changes({ consumer: 'report', until: 'now' }));
    for (let i = 2; i < 6; i++) await put(table, [row(i)]);
    await shrink(table);
    await table.expire();
    expect((await table.snapshots()).map((snapshot) => snapshot.id)).toEqual([2n, 3n, 4n, 5n]);
    const fresh = await catalog.table('db.t');
    const second = await collect(fresh.changes({ consumer: 'report', until: 'now' }));
    expect(applied([...first, ...second])).toEqual(await stateOf(table));
    expect(flat(second)).toEqual(['+I 2 v2', '+I 3 v3', '+I 4 v4', '+I 5 v5']);
    expect(await collect(fresh.changes({ consumer: 'report', until: 'now' }))).toEqual([]);
    await table.expire();
    expect((await table.snapshots()).map((snapshot) => snapshot.id)).toEqual([5n]);
  });

  it('what a consumer did not ask beyond it is told again', async () => {
    const { table } = await make({ bucket: 1 });
    await put(table, [row(1)]);
    await collect(table.changes({ consumer: 'report', until: 'now' }));
    await put(table, [row(2)]);
    await put(table, [row(3)]);
    const left = await collect(table.changes({ consumer: 'report' }), 1);
    expect(flat(left)).toEqual(['+I 2 v2']);
    expect(flat(await collect(table.changes({ consumer: 'report', until: 'now' })))).toEqual(['+I 2 v2', '+I 3 v3']);
  });
});
