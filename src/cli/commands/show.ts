/** `weir show TABLE`: columns, keys, options and state; one JSON line, or a page on a terminal. */

import type { LogInfo } from '../../index.js';
import { formatType } from '../../types/type-text.js';
import { type Context, withTable } from '../context.js';
import { useColor } from '../progress.js';
import { isoTime, printRecords } from '../records.js';
import { TextTable } from '../text-table.js';

export function show(context: Context, name: string): Promise<void> {
  return withTable(context, name, async (table) => {
    const { schema } = table;
    const [latest, tags, branches, consumers, log] = await Promise.all([
      table.snapshot(),
      table.tags(),
      table.branches(),
      table.consumers(),
      table.log(),
    ]);
    const fields = schema.fields.map((field) => ({
      id: field.id,
      name: field.name,
      type: formatType(field.type),
      description: field.description ?? null,
      default_value: field.defaultValue ?? null,
    }));
    const facts = {
      table_name: table.name,
      path: table.path,
      comment: schema.comment ?? null,
      schema_id: schema.id,
      primary_keys: schema.primaryKeys,
      partition_keys: schema.partitionKeys,
      snapshot_id: latest?.id ?? null,
      commit_time: latest === undefined ? null : isoTime(latest.timeMillis),
      total_record_count: latest?.totalRecordCount ?? null,
      ...(log !== undefined && { log: logFacts(log) }),
      branches,
      tags: Object.fromEntries(tags.map((tag) => [tag.name, tag.snapshot.id])),
      consumers: Object.fromEntries(consumers.map((consumer) => [consumer.id, consumer.nextSnapshot])),
      options: schema.options,
    };
    if (!context.out.isTerminal) return printRecords(context.out, [{ ...facts, fields }]);
    const color = useColor(context.out.stream);
    const columns = new TextTable([{ name: 'column' }, { name: 'type' }, { name: 'key' }, { name: 'comment' }], { color });
    const rows = fields.map((field) => [
      field.name,
      field.type,
      keyOf(field.name, schema.primaryKeys, schema.partitionKeys),
      field.description ?? '',
    ]);
    const lines = Object.entries(facts)
      .filter(([, value]) => value !== null && (typeof value !== 'object' || Array.isArray(value)))
      .map(([key, value]) => `${key.replaceAll('_', ' ').padEnd(18)}  ${Array.isArray(value) ? value.join(', ') || '-' : String(value)}\n`);
    const named = [
      ...entriesOf('log', facts.log ?? {}),
      ...entriesOf('tag', facts.tags),
      ...entriesOf('consumer', facts.consumers),
      ...entriesOf('option', schema.options),
    ];
    await context.out.write(`${lines.join('')}${named.join('')}\n${columns.lines(rows)}`);
  });
}

/** Slots up to `position` are in snapshot `snapshot`, as slot `record` says. */
function logFacts({ id, enabled, head, start, tree, pending_bytes }: LogInfo) {
  return { id, enabled, start, head, record: tree.slot, snapshot: tree.snapshot, position: tree.position, pending_bytes };
}

function entriesOf(what: string, entries: Readonly<Record<string, string | number | bigint | boolean>>): string[] {
  return Object.entries(entries).map(([key, value]) => `${what.padEnd(18)}  ${key} = ${value}\n`);
}

function keyOf(name: string, primaryKeys: readonly string[], partitionKeys: readonly string[]): string {
  const parts = [primaryKeys.includes(name) ? 'primary key' : '', partitionKeys.includes(name) ? 'partition' : ''];
  return parts.filter((part) => part !== '').join(', ');
}
