/** What slots say, folded: in order, and the same for whoever folds. */
import { describe, expect, it } from 'vitest';
import { LogState } from '../../src/log/log-state.js';
import type { SlotContent, SlotHeader } from '../../src/log/slot.js';
import { commitsOf, headerOf } from './samples.js';

/** A state after `open job` in slot 1. */
function opened(): LogState {
  const state = new LogState();
  state.apply(slot(1n, { kind: 'open', user: 'job' }), 'f');
  return state;
}

const slot = (number: bigint, content: SlotContent, more: Partial<SlotHeader> = {}) =>
  headerOf({ slot: number, base: 100n, end: 100n, content, ...more });

const commit = (identifier: bigint, epoch = 1n) => ({ user: 'job', epoch, identifier, inlineRows: 0, bodies: [] });

describe('the state of a log', () => {
  it('knows the last identifier and epoch of each user', () => {
    const state = opened();
    expect(state.user('job')).toMatchObject({ epoch: 1n, identifier: undefined });
    state.apply(slot(2n, commitsOf(0, 7n)), 'f');
    expect(state.user('job')).toMatchObject({ epoch: 1n, identifier: 7n });
    state.apply(slot(3n, { kind: 'open', user: 'job' }), 'f');
    expect(state.user('job')).toMatchObject({ epoch: 3n, identifier: 7n });
    expect(state.user('other')).toBeUndefined();
  });

  it('does not count what an older incarnation or a repetition commits', () => {
    const state = opened();
    state.apply(slot(2n, commitsOf(0, 7n)), 'f');
    expect([6n, 7n, 8n].map((identifier) => state.counts(commit(identifier)))).toEqual([false, false, true]);
    state.apply(slot(3n, { kind: 'open', user: 'job' }), 'f');
    expect(state.counts(commit(8n, 1n))).toBe(false);
    expect(state.counts(commit(8n, 3n))).toBe(true);
    // a void commit changes nothing
    state.apply(slot(4n, commitsOf(0, 9n, 1n)), 'f');
    expect(state.user('job')).toMatchObject({ epoch: 3n, identifier: 7n });
  });

  it('is closed until somebody opens', () => {
    const state = opened();
    state.apply(slot(2n, { kind: 'closed' }), 'f');
    expect(state.closed).toBe(true);
    state.apply(slot(3n, { kind: 'open', user: 'x' }), 'f');
    expect(state.closed).toBe(false);
  });

  it('begins anew at a tree record with all that it repeats', () => {
    const users = [{ user: 'job', epoch: 3n, identifier: 7n, time_ms: 1 }];
    const record = slot(
      9n,
      { kind: 'tree', users, coverage: [{ position: 8n, time_ms: 1 }] },
      { tree: { slot: 9n, snapshot: 2n, position: 8n } },
    );
    const state = LogState.at(record);
    expect(state).toMatchObject({ slot: 9n, tree: { slot: 9n, snapshot: 2n, position: 8n }, end: 100n });
    expect(state.user('job')).toEqual(users[0]);
    state.apply(slot(10n, commitsOf(0, 8n, 3n), { tree: { slot: 9n, snapshot: 2n, position: 8n } }), 'f');
    expect(state.user('job')?.identifier).toBe(8n);
  });

  it('knows whose numbers may still be used, until a record says that it is over', () => {
    const state = opened();
    state.apply(slot(2n, { kind: 'reserve', user: 'job', epoch: 1n, rows: 50 }, { end: 150n }), 'f');
    expect(state).toMatchObject({ slot: 2n, end: 150n });
    state.apply(slot(3n, { kind: 'open', user: 'job' }, { base: 150n, end: 150n }), 'f');
    expect(state.user('job')).toMatchObject({ epoch: 3n, reserved: 2n });
    expect(state.refusal('job', 1n, 'db.t')?.code).toBe('FENCED');
    expect(state.refusal('job', 3n, 'db.t')).toBeUndefined();
    // numbers of an older incarnation came too late
    state.apply(slot(4n, { kind: 'reserve', user: 'job', epoch: 1n, rows: 1 }, { base: 150n, end: 151n }), 'f');
    expect(state.user('job')?.reserved).toBe(2n);
    const users = [{ user: 'job', epoch: 3n, identifier: 8n, time_ms: 1 }];
    const record = { base: 151n, end: 151n, tree: { slot: 5n, snapshot: 2n, position: 4n } };
    state.apply(slot(5n, { kind: 'tree', users, coverage: [] }, record), 'f');
    // what it repeats is all there is: who begins here knows the same
    expect(state.users).toEqual(users);
    expect(state.user('job')?.reserved).toBeUndefined();
  });

  it('refuses a slot that cannot follow', () => {
    const mark = { slot: 1n, snapshot: 1n, position: 0n };
    const before = { base: 100n, end: 110n, start: 2n, tree: mark, time_ms: 50 };
    for (const wrong of [{ slot: 4n }, { base: 109n, end: 120n }, { time_ms: 49 }, { start: 1n }, { tree: { ...mark, slot: 0n } }]) {
      const state = new LogState();
      state.apply(headerOf({ slot: 1n, content: { kind: 'open', user: 'a' }, start: 1n, base: 0n, end: 0n, time_ms: 1 }), 'f');
      state.apply(headerOf({ slot: 2n, content: { kind: 'start' }, ...before }), 'f');
      const next = headerOf({ slot: 3n, content: { kind: 'start' }, ...before, base: 110n, ...wrong });
      expect(() => state.apply(next, 'the-file')).toThrow(/the-file does not follow slot 2/);
    }
  });
});
