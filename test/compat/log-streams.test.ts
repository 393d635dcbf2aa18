/**
 * A table with a log as a stream, while weir commits to the log and Java to snapshots: weir's stream takes weir's rows from the
 * log and Java's snapshots in place, Java's stream sees both as snapshots. Either gives every row once, those of a key in order.
 *
 *   weir   slot slot │flush│ slot      │flush│        the log          weir's stream  (at once)
 *   Java             S1      S2 (Java)   S3           snapshots        Java's stream  (after the flush)
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCatalog, type RowKind, type StreamPosition, type Table } from '../../src/index.js';
import { encodeJsonLines } from '../../src/types/json-line.js';
import { orderByKey } from '../golden/lines.js';
import { tempDir } from '../support/temp-dir.js';
import { JAVA_VERSIONS, JavaPaimon, type JavaTable } from './support/java-paimon.js';
import { lineOf, writeLines } from './support/weir-lines.js';

const ROUNDS = 4;
const PRODUCERS = ['none', 'input'] as const;

describe.each(JAVA_VERSIONS)('weir and Java %s', (version) => {
  let java: JavaPaimon;
  beforeAll(() => {
    java = new JavaPaimon(version);
  });
  afterAll(() => java.close());

  it.each(PRODUCERS)('stream a table with a log that both write, changelog-producer=%s', async (producer) => {
    const warehouse = tempDir();
    const catalog = await openCatalog({ warehouse, threads: 1 });
    const weir = await catalog.createTable('db.t', {
      schema: { id: 'INT NOT NULL', text: 'STRING' } as Record<string, string>,
      primaryKey: ['id'],
      options: {
        bucket: 2,
        'changelog-producer': producer,
        'log.enabled': true,
        'snapshot.interval': '1 h',
        'snapshot.num-retained.min': 1000,
        'snapshot.num-retained.max': 1000,
        'commit.fsync': false,
      },
    });
    const javaTable = java.table(warehouse, 'db.t', 'linking');
    const written: string[] = [];
    const all = ROUNDS * 11;
    const followed = follow(await (await openCatalog({ warehouse, threads: 1 })).table('db.t'), all);
    let byJava: Promise<string[]> | undefined;

    const writer = await weir.openWriter({ commitUser: 'weir' });
    for (let round = 0; round < ROUNDS; round++) {
      const commit = async (lines: string[]) => {
        await writeLines(weir, writer, lines);
        await writer.commit();
        written.push(...lines);
      };
      await commit([changeOf(1, round), changeOf(2, round), changeOf(10 * round, round)]);
      await commit([changeOf(3, round), changeOf(4, round, '-D')]);
      await weir.flush();
      byJava ??= javaTable.follow(1n, all);
      // over what weir flushed: the same keys
      await javaCommits(javaTable, [changeOf(1, round, '+I', 'java'), changeOf(3, round, '-D', 'java')], round, written);
      // beside what is in the log only: keys of its own
      await commit([changeOf(5, round), changeOf(6, round)]);
      await javaCommits(javaTable, [changeOf(7, round, '+I', 'java'), changeOf(8, round, '+I', 'java')], 100 + round, written);
    }
    await weir.flush();

    const expected = orderByKey(written, ['id']);
    expect(written).toHaveLength(all);
    const { lines, positions } = await followed;
    expect(orderByKey(lines, ['id'])).toEqual(expected);
    expect(orderByKey(await byJava!, ['id'])).toEqual(expected);
    // resumed anywhere, weir's stream gives what is left: rows of different keys may have another order
    for (const [from, told] of [...positions].filter((_, index) => index % 3 === 1)) {
      const rest = await follow(weir, all - told, from);
      expect(orderByKey(rest.lines, ['id']), from).toEqual(orderByKey(lines.slice(told), ['id']));
    }
    await writer.close();
    expect((await weir.verify()).problems).toEqual([]);
  });
});

/** The first so many rows of a stream, and how many had been told at each of its positions. */
async function follow(
  table: Table,
  rows: number,
  from: StreamPosition | { snapshot: bigint } = { snapshot: 1n },
): Promise<{ lines: string[]; positions: Map<StreamPosition, number> }> {
  const lines: string[] = [];
  const positions = new Map<StreamPosition, number>();
  if (rows === 0) return { lines, positions };
  for await (const { batch, kinds, position } of table.changes({ from, poll_ms: 20 })) {
    lines.push(...encodeJsonLines(batch, { kinds }).split('\n').slice(0, -1));
    positions.set(position, lines.length);
    if (lines.length >= rows) break;
  }
  return { lines, positions };
}

async function javaCommits(table: JavaTable, lines: string[], identifier: number, written: string[]): Promise<void> {
  await table.write(lines, { user: 'java', identifier });
  written.push(...lines);
}

/** A row with its kind, as streams give it. */
function changeOf(id: number, round: number, kind: RowKind = '+I', by = 'weir'): string {
  const line = lineOf({ id, text: `${by} ${round}` }, kind);
  return kind === '+I' ? line.replace('{', '{"_kind":"+I",') : line;
}
