/** The simulation finds bugs: each of these, planted in a build of its own, within so many worlds. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Plant, plantedBuild } from './planted-build.js';
import { simulate } from './simulate.js';

const WITHIN = 60;

const PLANTS: Record<string, Plant> = {
  'the position is not checked in the race for the snapshot': {
    file: 'commit/part-commit.ts',
    snippet: 'advances !== undefined && advances.from !== position && !repeated',
    instead: 'advances !== undefined && advances.from > position && !repeated',
  },
  'a commit is acknowledged before its slot is published': {
    file: 'log/commit-queue.ts',
    snippet: 'open = this.#stillOpen(group, state);',
    instead: 'open = this.#stillOpen(group, state); for (const { resolve } of open) resolve({ slot: undefined, alreadyCommitted: false });',
  },
  'a slot that exists counts as one’s own': {
    file: 'log/table-log.ts',
    snippet: 'if (await store.publish(slot, bytes, () => void this.#others.leave())) return true;',
    instead: 'await store.publish(slot, bytes); return true;',
  },
  'the log is trimmed before a tree record covers it': {
    file: 'table/log/retention.ts',
    snippet: 'return first < state.tree.slot ? first : state.tree.slot;',
    instead: 'return first > 0n ? state.slot : 0n;',
  },
  'commits of an older incarnation count': {
    file: 'log/log-state.ts',
    snippet: 'known?.epoch === epoch && !this.closed',
    instead: 'known !== undefined && !this.closed',
  },
  'each process puts the slots of one writer into the tree, with a position of its own': {
    file: 'table/log/slot-files.ts',
    snippet: "if (header.content.kind !== 'commits') continue;",
    instead:
      "if (header.content.kind !== 'commits' || (store.writer ??= header.content.commits[0].user) !== header.content.commits[0].user) continue;",
  },
  'the numbers of a slot begin anew': {
    file: 'log/table-log.ts',
    snippet: 'const base = next > state.end ? next : state.end;',
    instead: 'const base = next;',
  },
};

describe('the simulation finds', () => {
  let remove = () => {};
  afterEach(() => remove());

  it.each(Object.entries(PLANTS))('%s', { timeout: 300_000 }, async (_, plant) => {
    const { build, ...made } = await plantedBuild([plant]);
    remove = made.remove;
    let found: string | undefined;
    for (let seed = 1; seed <= WITHIN && found === undefined; seed++) {
      await simulate(build, seed).catch((error: Error) => {
        found = error.message.split('\n')[0]!;
      });
    }
    expect(found).toMatch(/^seed \d+, after \d+ turns: /);
  });
});
