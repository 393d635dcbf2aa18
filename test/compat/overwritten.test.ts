/**
 * The unsafe mode: Java publishes on a local disk as it does by itself, by looking and then renaming, and weir commits
 * between the two. Java replaces weir's snapshot; weir notices with its next commit, or when its writer closes, and
 * commits again. With a log it is the snapshot that a flush made.
 *
 *   Java   snapshot-N is free? ··························· rename to snapshot-N
 *   weir   ······················ link snapshot-N, done ························ notices: snapshot-N+1
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCatalog, type WeirEvent } from '../../src/index.js';
import { tempDir } from '../support/temp-dir.js';
import { JAVA_VERSIONS, JavaPaimon } from './support/java-paimon.js';
import { lineOf, scanLines, writeLines } from './support/weir-lines.js';

const row = (id: number, text: string) => lineOf({ id, text });

describe.each(JAVA_VERSIONS)('Java %s renames over a snapshot of weir’s', (version) => {
  let java: JavaPaimon;
  beforeAll(() => {
    java = new JavaPaimon(version);
  });
  afterAll(() => java.close());

  const cases = (['a log', 'no log'] as const).flatMap((has) => [
    { has, kind: 'primary-key table', primaryKey: ['id'], bucket: '1', notices: 'next commit' },
    { has, kind: 'primary-key table', primaryKey: ['id'], bucket: '1', notices: 'close' },
    { has, kind: 'append table', primaryKey: [], bucket: '-1', notices: 'next commit' },
    { has, kind: 'append table', primaryKey: [], bucket: '-1', notices: 'close' },
  ]);
  it.each(cases)('$kind with $has: the $notices puts it back', async ({ has, primaryKey, bucket, notices }) => {
    const warehouse = tempDir();
    const events: WeirEvent[] = [];
    const catalog = await openCatalog({ warehouse, threads: 1, onEvent: (event) => events.push(event) });
    const table = await catalog.createTable('db.t', {
      schema: { id: 'INT NOT NULL', text: 'STRING' } as Record<string, string>,
      primaryKey,
      options: { bucket, 'write-only': true, 'log.enabled': has === 'a log', 'snapshot.interval': '1 h' },
    });
    const commitUser = has === 'a log' ? 'weir-log' : 'weir';
    const commit = async () => (await writer.commit()).snapshot ?? (await table.flush());
    const javaTable = java.table(warehouse, 'db.t', 'held');
    const writer = await table.openWriter({ commitUser: 'weir' });
    await writeLines(table, writer, [row(1, 'weir 1')]);
    await commit();

    await java.hold();
    const javaCommit = javaTable.write([row(2, 'java')], { user: 'java', identifier: 1 });
    await Promise.race([java.awaitHeld(), javaCommit]);
    await writeLines(table, writer, [row(3, 'weir 2')]);
    expect(await commit()).toBe(2n);
    await java.release();
    await javaCommit;
    expect((await javaTable.read()).sort()).toEqual([row(1, 'weir 1'), row(2, 'java')]);

    const expected = [row(1, 'weir 1'), row(2, 'java'), row(3, 'weir 2')];
    if (notices === 'next commit') {
      await writeLines(table, writer, [row(4, 'weir 3')]);
      await commit();
      expected.push(row(4, 'weir 3'));
    }
    await writer.close();
    expect(events.filter((event) => event.type === 'overwritten')).toMatchObject([{ snapshot: 2n, commitUser }]);
    expect(await scanLines(table.scan())).toEqual(expected);
    expect(await javaTable.read()).toEqual(expected);
    const users = (await table.snapshots()).map((snapshot) => snapshot.commitUser);
    expect(users).toEqual([commitUser, 'java', commitUser, ...(notices === 'next commit' ? [commitUser] : [])]);
    await catalog.close();
  });
});
