/** How far the tree has got: the newest snapshot that says so, else the log's record. */
import { describe, expect, it } from 'vitest';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { formatPositionProperty, POSITION_PROPERTY, positionProperty, treePosition } from '../../src/log/tree-position.js';
import type { Snapshot } from '../../src/meta/snapshot.js';
import { SnapshotStore } from '../../src/meta/snapshot-store.js';
import { TablePath } from '../../src/meta/table-path.js';

const snapshotOf = (id: bigint, position?: bigint, log = 'L'): Snapshot => ({
  version: 3,
  id,
  schemaId: 0n,
  baseManifestList: `base-${id}`,
  deltaManifestList: `delta-${id}`,
  commitUser: 'someone',
  commitIdentifier: id,
  commitKind: 'APPEND',
  timeMillis: Number(id),
  totalRecordCount: 0n,
  deltaRecordCount: 0n,
  ...(position !== undefined && { properties: { [POSITION_PROPERTY]: formatPositionProperty(log, position) } }),
});

/** The position with these snapshots, as [id, position], when the record says (snapshot, position). */
async function positionWith(snapshots: Snapshot[], tree: [bigint, bigint]) {
  const store = new SnapshotStore(memoryFileIO(), new TablePath('/t'));
  for (const snapshot of snapshots) await store.publish(snapshot);
  return treePosition(store, 'L', { slot: 1n, snapshot: tree[0], position: tree[1] }, await store.latest());
}

describe('the position of the tree', () => {
  it('is what the newest snapshot of weir says', async () => {
    expect(await positionWith([snapshotOf(1n, 5n), snapshotOf(2n, 9n)], [1n, 5n])).toEqual({ kind: 'at', position: 9n });
    expect(await positionWith([snapshotOf(1n, 5n), snapshotOf(2n, 9n), snapshotOf(3n)], [1n, 5n])).toEqual({ kind: 'at', position: 9n });
  });

  it('is what the record says where none after it does', async () => {
    expect(await positionWith([snapshotOf(4n), snapshotOf(5n), snapshotOf(6n)], [4n, 30n])).toEqual({ kind: 'at', position: 30n });
    expect(await positionWith([], [0n, 0n])).toEqual({ kind: 'at', position: 0n });
    // the snapshot of the record, and some after it, have expired
    expect(await positionWith([snapshotOf(8n), snapshotOf(9n)], [4n, 30n])).toEqual({ kind: 'at', position: 30n });
  });

  it('does not believe a snapshot of another log', async () => {
    expect(await positionWith([snapshotOf(1n, 99n, 'M')], [0n, 0n])).toEqual({ kind: 'at', position: 0n });
    expect(positionProperty(snapshotOf(1n, 99n, 'L/2'), 'L')).toBeUndefined();
    expect(positionProperty(snapshotOf(1n, 99n, 'L/2'), 'L/2')).toBe(99n);
  });

  it('stands above the snapshots of a table that was rolled back', async () => {
    expect(await positionWith([snapshotOf(1n, 5n), snapshotOf(2n, 9n)], [7n, 40n])).toEqual({ kind: 'behind', position: 40n });
    expect(await positionWith([], [7n, 40n])).toEqual({ kind: 'behind', position: 40n });
  });
});
