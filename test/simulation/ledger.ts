/**
 * What the table ought to be, told from the files alone at the moment they become visible: the order of the slots is the order
 * of all commits, and folding them gives the state after each.
 *
 *   slot 1 ─ slot 2 ─ … ─ head          states[n]: rows of the log's writers after slot n
 *   snapshots of others, by id          foreignAfter[id]: rows of other engines' writers (keys of their own) after snapshot id
 *
 * It knows the rules of format-spec/log and nothing of the code that keeps them. What breaks one is a Violation.
 */

import type { SlotHeader } from '../../src/log/slot.js';
import { decodeBody, decodeHeader, decodeSlotRows } from '../../src/log/slot-codec.js';
import type { Batch } from '../../src/types/column.js';
import type { DataField } from '../../src/types/data-type.js';
import { rowsOf } from '../../src/types/row-reader.js';

export class Violation extends Error {
  override readonly name = 'Violation';
}

export interface Row {
  readonly id: number;
  readonly token: string;
}

/** A row and what is done with it: 0 +I, 1 -U, 2 +U, 3 -D. */
export interface Change extends Row {
  readonly kind: number;
  /** of two rows of a key the higher number wins */
  readonly number?: number;
}

/** keys from here on belong to other engines' writers */
export const FOREIGN_KEYS = 100;

/** Rows of a table: the last of each key, or all of them in a table without keys. */
export class Fold {
  readonly #keyed: boolean;
  readonly #byKey: Map<number, string>;
  /** of the row of each key */
  readonly #numbers: Map<number, number>;
  readonly #all: string[];

  constructor(keyed: boolean, from?: Fold) {
    this.#keyed = keyed;
    this.#byKey = new Map(from === undefined ? [] : from.#byKey);
    this.#numbers = new Map(from === undefined ? [] : from.#numbers);
    this.#all = from === undefined ? [] : [...from.#all];
  }

  copy(): Fold {
    return new Fold(this.#keyed, this);
  }

  add({ id, token, kind, number = 0 }: Change): void {
    this.#numbers.set(id, number);
    if (!this.#keyed) this.#all.push(`${id}=${token}`);
    else if ((kind & 1) === 1) this.#byKey.delete(id);
    else this.#byKey.set(id, token);
  }

  /** Does this state, beside another engine's on the same keys, read like that? Of equal numbers either may win. */
  reads(rows: ReadonlyMap<number, string>, others: Fold): boolean {
    const ids = new Set([...this.#byKey.keys(), ...others.#byKey.keys()]);
    if (ids.size !== rows.size) return false;
    for (const id of ids) {
      const [own, other] = [this.#numbers.get(id) ?? -1, others.#numbers.get(id) ?? -1];
      const token = rows.get(id);
      if (!((own >= other && token === this.#byKey.get(id)) || (other >= own && token === others.#byKey.get(id)))) return false;
    }
    return true;
  }

  /** the row of a key */
  get(id: number): string | undefined {
    return this.#byKey.get(id);
  }

  /** the rows, sorted: equal texts, equal rows */
  text(wanted: (id: number) => boolean = () => true): string {
    const rows = this.#keyed ? [...this.#byKey].map(([id, token]) => `${id}=${token}`) : this.#all;
    return rows
      .filter((row) => wanted(Number.parseInt(row, 10)))
      .sort()
      .join(' ');
  }
}

export interface Fact {
  readonly slot: number;
  readonly user: string;
  readonly epoch: bigint;
  readonly identifier: bigint;
  readonly tokens: string;
  readonly counts: boolean;
}

interface After {
  readonly header: SlotHeader;
  readonly facts: readonly Fact[];
  readonly users: ReadonlyMap<string, { epoch: bigint; identifier: bigint | undefined }>;
  readonly rows: Fold;
  readonly text: string;
}

export interface TableSnapshot {
  readonly id: number;
  readonly user: string;
  readonly identifier: number;
  readonly kind: string;
  readonly position: number | undefined;
}

/** What a slot refers to. */
export interface SlotFiles {
  fieldsOf(schema: bigint): Promise<readonly DataField[]>;
  body(name: string): Promise<Uint8Array>;
}

export class Ledger {
  readonly keyed: boolean;
  /** other engines write the same keys */
  shared = false;
  readonly #files: SlotFiles;
  readonly #slots: After[] = [];
  readonly #acknowledged = new Set<number>();
  /** slots that came too late: numbers that had been used and trimmed */
  readonly late = new Set<number>();
  readonly #removed = new Set<number>();
  readonly snapshots = new Map<number, TableSnapshot>();
  /** snapshots that came too late: ids that had been used and expired */
  readonly lateSnapshots = new Set<number>();
  readonly #foreign: { readonly key: string; readonly snapshot: number; readonly rows: Fold; readonly text: string }[] = [];
  readonly #foreignTold = new Set<string>();
  readonly #foreignRows = new Map<string, readonly Change[]>();

  constructor(keyed: boolean, files: SlotFiles) {
    this.keyed = keyed;
    this.#files = files;
  }

  get head(): number {
    return this.#slots.length;
  }

  /** newest slot that somebody was told of */
  get acknowledged(): number {
    return Math.max(0, ...this.#acknowledged);
  }

  /** commits of other engines that somebody was told of */
  get foreignAcknowledged(): number {
    return Math.max(0, ...[...this.#foreignTold].map((key) => this.#foreign.findIndex((one) => one.key === key) + 1));
  }

  get foreignHead(): number {
    return this.#foreign.length;
  }

  header(slot: number): SlotHeader {
    return this.#slots[slot - 1]!.header;
  }

  /** rows of the log's writers after a slot, sorted; 0: before the first */
  text(slot: number): string {
    if (slot > this.head) throw new Violation(`somebody knows of slot ${slot}, the log ends at ${this.head}`);
    return slot === 0 ? '' : this.#slots[slot - 1]!.text;
  }

  /** rows of other engines' writers after `count` of their commits */
  foreignText(count: number): string {
    return count === 0 ? '' : this.#foreign[count - 1]!.text;
  }

  /** how many commits of other engines the snapshots below `id` hold */
  foreignBefore(id: number): number {
    return this.#foreign.filter(({ snapshot }) => snapshot < id).length;
  }

  /** What another engine is about to commit. */
  announce(user: string, identifier: number, rows: readonly Change[]): void {
    this.#foreignRows.set(`${user}/${identifier}`, rows);
  }

  async slotCreated(slot: number, bytes: Uint8Array): Promise<void> {
    const header = decodeHeader(bytes, `slot ${slot}`);
    if (slot <= this.head) {
      if (slot >= Number(this.header(this.head).start)) throw new Violation(`slot ${slot} was written twice`);
      this.late.add(slot);
      return;
    }
    if (slot > this.head + 1) throw new Violation(`slot ${slot} follows slot ${this.head}`);
    this.#checkStart(header);
    const before = this.#slots.at(-1);
    const users = new Map(before?.users);
    const rows = before?.rows.copy() ?? new Fold(this.keyed);
    const facts: Fact[] = [];
    const { content } = header;
    if (content.kind === 'open') users.set(content.user, { epoch: BigInt(slot), identifier: users.get(content.user)?.identifier });
    else if (content.kind === 'commits') {
      const fields = await this.#files.fieldsOf(header.schemaId);
      const inline = decodeSlotRows(bytes, fields, `slot ${slot}`).flatMap(changesOf);
      let at = 0;
      let numbered = Number(header.base) + inline.length;
      for (const { user, epoch, identifier, inlineRows, bodies } of content.commits) {
        const changes = inline.slice(at, at + inlineRows).map((change, i) => ({ ...change, number: Number(header.base) + at + i }));
        at += inlineRows;
        for (const body of bodies) {
          const rows = decodeBody(await this.#files.body(body.name), body, fields, body.name).flatMap(changesOf);
          changes.push(...rows.map((change) => ({ ...change, number: numbered++ })));
        }
        const known = users.get(user);
        const counts = known?.epoch === epoch && (known.identifier === undefined || identifier > known.identifier);
        const tokens = tokensOf(changes);
        if (counts && tokens !== '' && this.#fact((fact) => fact.tokens === tokens) !== undefined)
          throw new Violation(`the rows ${tokens} were committed twice, the second time in slot ${slot}`);
        facts.push({ slot, user, epoch, identifier, tokens, counts });
        if (!counts) continue;
        users.set(user, { epoch, identifier });
        for (const change of changes) rows.add(change);
      }
    }
    this.#slots.push({ header, facts, users, rows, text: rows.text() });
  }

  slotRemoved(slot: number): void {
    if (this.late.delete(slot)) return;
    if (slot >= Number(this.header(this.head).start)) throw new Violation(`slot ${slot} was deleted and is not below the start of the log`);
    this.#removed.add(slot);
  }

  snapshotCreated(id: number, bytes: Uint8Array, log: string): void {
    const document = JSON.parse(Buffer.from(bytes).toString()) as {
      commitUser: string;
      commitIdentifier: number;
      commitKind: string;
      properties?: Record<string, string>;
    };
    const property = document.properties?.['weir.log.position'];
    const position = property?.startsWith(`${log}/`) ? Number(property.slice(log.length + 1)) : undefined;
    const { commitUser: user, commitIdentifier: identifier, commitKind: kind } = document;
    if (this.snapshots.has(id)) {
      this.lateSnapshots.add(id);
      return;
    }
    this.#checkPosition(id, user, kind, position);
    this.snapshots.set(id, { id, user, identifier, kind, position });
    const key = `${user}/${identifier}`;
    const rows = kind === 'APPEND' ? this.#foreignRows.get(key) : undefined;
    if (rows === undefined) return;
    if (this.#foreign.some((one) => one.key === key)) throw new Violation(`snapshot ${id} repeats commit ${identifier} of ${user}`);
    const fold = this.#foreign.at(-1)?.rows.copy() ?? new Fold(this.keyed);
    for (const row of rows) fold.add(row);
    this.#foreign.push({ key, snapshot: id, rows: fold, text: fold.text() });
  }

  /** Somebody was told that these rows are committed. */
  acknowledge(user: string, identifier: bigint, tokens: string, slot: bigint | undefined): void {
    const fact = this.#fact((one) => one.counts && one.user === user && one.identifier === identifier);
    if (fact === undefined) throw new Violation(`commit ${identifier} of ${user} was acknowledged and is not in the log`);
    if (fact.tokens !== tokens)
      throw new Violation(`commit ${identifier} of ${user} was acknowledged, with other rows: ${fact.tokens}, not ${tokens}`);
    if (slot !== undefined && Number(slot) !== fact.slot)
      throw new Violation(`commit ${identifier} of ${user} is in slot ${fact.slot}, its caller was told ${slot}`);
    this.#acknowledged.add(fact.slot);
  }

  /** Somebody was told that these rows, an append's, are committed. */
  acknowledgeAppend(user: string, tokens: string, slot: bigint | undefined): void {
    const fact = this.#fact((one) => one.counts && one.user === user && one.tokens === tokens);
    if (fact === undefined) throw new Violation(`the rows ${tokens} of ${user} were acknowledged and are not in the log`);
    if (Number(slot) !== fact.slot) throw new Violation(`the rows ${tokens} are in slot ${fact.slot}, their caller was told ${slot}`);
    this.#acknowledged.add(fact.slot);
  }

  acknowledgeForeign(user: string, identifier: number): void {
    this.#foreignTold.add(`${user}/${identifier}`);
  }

  /** A batch read of a table on whose keys another engine writes, too. */
  #checkShared(rows: readonly Row[], from: { slot: number; foreign: number }): { slot: number; foreign: number } {
    const byKey = new Map(rows.map(({ id, token }) => [id, token]));
    if (byKey.size !== rows.length) throw new Violation(`a key was read twice: ${tokensOf(rows)}`);
    const none = new Fold(true);
    const found: { slot: number; foreign: number }[] = [];
    for (let slot = from.slot; slot <= this.head; slot++) {
      const own = this.#slots[slot - 1]?.rows ?? none;
      for (let foreign = from.foreign; foreign <= this.foreignHead; foreign++)
        if (own.reads(byKey, this.#foreign[foreign - 1]?.rows ?? none)) found.push({ slot, foreign });
    }
    if (found.length === 0) {
      const [own, others] = [this.text(this.head), this.foreignText(this.foreignHead)];
      throw new Violation(
        `a read between ${from.slot} and ${this.head} slots, ${from.foreign} and ${this.foreignHead} commits of others saw\n  ${tokensOf(rows)}\nat the end there are\n  ${own}\nand\n  ${others}`,
      );
    }
    return { slot: found[0]!.slot, foreign: Math.min(...found.map(({ foreign }) => foreign)) };
  }

  /** A batch read: the state after one of the slots that were the newest meanwhile. Returns which. */
  checkRead(rows: readonly Row[], from: { slot: number; foreign: number }): { slot: number; foreign: number } {
    if (this.shared) return this.#checkShared(rows, from);
    const fold = new Fold(false);
    for (const row of rows) fold.add({ ...row, kind: 0 });
    const own = fold.text((id) => id < FOREIGN_KEYS);
    const foreign = fold.text((id) => id >= FOREIGN_KEYS);
    return {
      slot: this.#find('slots', own, from.slot, this.head, (n) => this.text(n)),
      foreign: this.#find('commits of others', foreign, from.foreign, this.foreignHead, (n) => this.foreignText(n)),
    };
  }

  /** A point get: the row of a key after one of the slots (commits of others) that were the newest meanwhile. */
  checkGet(id: number, token: string | undefined, from: { slot: number; foreign: number }): void {
    const own = id < FOREIGN_KEYS;
    const [low, high] = own ? [from.slot, this.head] : [from.foreign, this.foreignHead];
    const states = own ? this.#slots : this.#foreign;
    const seen: (string | undefined)[] = [];
    for (let n = low; n <= high; n++) seen.push(n === 0 ? undefined : states[n - 1]!.rows.get(id));
    if (!seen.includes(token)) throw new Violation(`key ${id} was ${token} between ${low} and ${high}, where it was ${seen.join(', ')}`);
  }

  /** After a power loss: what was not fsynced may be gone, but for what was acknowledged. */
  recover(slotIsThere: (slot: number) => boolean, snapshotIsThere: (id: number) => boolean): void {
    while (this.head > 0 && !this.#removed.has(this.head) && !slotIsThere(this.head)) {
      if (this.#acknowledged.has(this.head)) throw new Violation(`slot ${this.head} was acknowledged and lost with the power`);
      this.#slots.pop();
    }
    for (;;) {
      const newest = Math.max(0, ...this.snapshots.keys());
      if (newest === 0 || snapshotIsThere(newest)) break;
      this.snapshots.delete(newest);
      if (this.#foreign.at(-1)?.snapshot === newest) this.#foreign.pop();
    }
    for (const slot of [...this.#removed]) if (slotIsThere(slot)) this.#removed.delete(slot);
    for (const slot of [...this.late]) if (!slotIsThere(slot)) this.late.delete(slot);
  }

  /** A slot in a line. */
  describe(slot: number): string {
    const { header, facts } = this.#slots[slot - 1] ?? { header: undefined, facts: [] };
    if (header === undefined || this.late.has(slot)) return 'too late';
    const rows = facts.map(
      ({ user, epoch, identifier, tokens, counts }) => `${counts ? '' : 'void '}${user}@${epoch}/${identifier} [${tokens}]`,
    );
    const { kind } = header.content;
    const what =
      kind === 'tree' ? `snapshot ${header.tree.snapshot} position ${header.tree.position}` : kind === 'open' ? header.content.user : '';
    return `${kind} start ${header.start} ${what}${rows.join(', ')}`;
  }

  #find(what: string, text: string, low: number, high: number, at: (n: number) => string): number {
    for (let n = low; n <= high; n++) if (at(n) === text) return n;
    const older = Array.from({ length: low }, (_, n) => n).findLast((n) => at(n) === text);
    const why = older === undefined ? 'what no prefix holds' : `the state after ${older} ${what}`;
    throw new Violation(
      `a read between ${low} and ${high} ${what} saw ${why}:\n  ${text}\nthere should be one of\n${Array.from({ length: high - low + 1 }, (_, i) => `  ${low + i}: ${at(low + i)}`).join('\n')}`,
    );
  }

  #fact(matches: (fact: Fact) => boolean): Fact | undefined {
    for (let at = this.#slots.length - 1; at >= 0; at--) {
      const found = this.#slots[at]!.facts.find(matches);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Slots are given up only after a `tree` record says that a snapshot holds them. */
  #checkStart({ slot, start, tree }: SlotHeader): void {
    if (start > tree.position + 1n)
      throw new Violation(`slot ${slot} gives up slots below ${start}, the tree holds those up to ${tree.position}`);
    const held = Math.max(0, ...[...this.snapshots.values()].map(({ position }) => position ?? 0));
    if (Number(tree.position) > held) throw new Violation(`slot ${slot} says that the tree holds slots up to ${tree.position}: ${held}`);
  }

  /** The tree holds a prefix of the log, and each snapshot of weir's says which. */
  #checkPosition(id: number, user: string, kind: string, position: number | undefined): void {
    if (position === undefined) return;
    const before = Math.max(0, ...[...this.snapshots.values()].filter((other) => other.id < id).map((other) => other.position ?? 0));
    if (position < before) throw new Violation(`snapshot ${id} (${kind} of ${user}) goes back from slot ${before} to ${position}`);
    if (user === 'weir-log' && position === before) throw new Violation(`snapshot ${id} holds slots that are in the tree up to ${before}`);
    if (user !== 'weir-log' && position !== before)
      throw new Violation(`snapshot ${id} (${kind} of ${user}) claims slots up to ${position}`);
    if (position > this.head) throw new Violation(`snapshot ${id} claims slots up to ${position}, the log ends at ${this.head}`);
  }
}

export function tokensOf(rows: readonly Row[]): string {
  return rows.map(({ token }) => token).join(' ');
}

function changesOf({ batch, kinds }: { batch: Batch; kinds: Uint8Array }): Change[] {
  return rowsOf(batch).map((row, i) => ({ id: Number(row.id), token: String(row.token), kind: kinds[i]! }));
}
