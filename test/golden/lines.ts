/**
 * Rows as the golden files write them, made comparable: FLOAT and DOUBLE by value (Java's digits are not always the
 * shortest), all else by text.
 */
import type { DataField, DataType } from '../../src/types/data-type.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** `lines` with every FLOAT and DOUBLE in one spelling; `_kind` stays as it is. */
export function canonicalLines(lines: readonly string[], fields: readonly DataField[]): string[] {
  const inexact = fields.filter((field) => hasFloat(field.type));
  if (inexact.length === 0) return [...lines];
  return lines.map((line) => {
    const row = JSON.parse(line) as { [key: string]: Json };
    for (const { name, type } of inexact) if (name in row) row[name] = canonical(row[name] ?? null, type);
    return JSON.stringify(row);
  });
}

/**
 * The order of changes that has a meaning: rows of one key keep theirs, keys are sorted. Without a primary key no
 * order has a meaning.
 */
export function orderByKey(lines: readonly string[], primaryKeys: readonly string[]): string[] {
  if (primaryKeys.length === 0) return [...lines].sort();
  const keyed = lines.map((line) => {
    const row = JSON.parse(line) as { [key: string]: Json };
    return { line, key: JSON.stringify(primaryKeys.map((name) => row[name] ?? null)) };
  });
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ line }) => line);
}

function hasFloat(type: DataType): boolean {
  switch (type.kind) {
    case 'FLOAT':
    case 'DOUBLE':
      return true;
    case 'ARRAY':
    case 'MULTISET':
      return hasFloat(type.element);
    case 'MAP':
      return hasFloat(type.key) || hasFloat(type.value);
    case 'ROW':
      return type.fields.some((field) => hasFloat(field.type));
    default:
      return false;
  }
}

function canonical(value: Json, type: DataType): Json {
  if (value === null || !hasFloat(type)) return value;
  if (type.kind === 'FLOAT') return floatText(Math.fround(Number(value)));
  if (type.kind === 'DOUBLE') return floatText(Number(value));
  if (type.kind === 'ARRAY') return (value as Json[]).map((item) => canonical(item, type.element));
  if (type.kind === 'MULTISET') return (value as [Json, Json][]).map(([item, count]) => [canonical(item, type.element), count]);
  if (type.kind === 'MAP') return (value as [Json, Json][]).map(([key, item]) => [canonical(key, type.key), canonical(item, type.value)]);
  if (type.kind !== 'ROW') return value;
  const row = value as { [key: string]: Json };
  return Object.fromEntries(type.fields.map((field) => [field.name, canonical(row[field.name] ?? null, field.type)]));
}

function floatText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
