/**
 * A stretch of a column as values of the door (value.ts), nested ones included.
 *
 *   ARRAY array · MAP Map · MULTISET Map of element and count · ROW object · missing null
 *
 * Works column by column and, for nested types, child by child: a child's stretch is read once and cut up.
 */
import { WeirError } from '../base/error.js';
import { getBit } from './bitmap.js';
import { formatDays } from './civil.js';
import { type Column, isValid } from './column.js';
import { IntegerReader } from './column-integers.js';
import { stringsOf } from './column-strings.js';
import { formatUnscaled } from './decimal-text.js';
import { formatTicks, formatTimeOfDay } from './time-text.js';

/** Values of rows start … end-1. @throws UNSUPPORTED for a type that weir knows by name only */
export function valuesOf(column: Column, start: number, end: number): unknown[] {
  const out = presentValues(column, start, end);
  if (column.validity !== null) for (let i = start; i < end; i++) if (!getBit(column.validity, i)) out[i - start] = null;
  return out;
}

function presentValues(column: Column, start: number, end: number): unknown[] {
  const { type } = column;
  const length = end - start;
  const out: unknown[] = new Array(length);
  switch (type.kind) {
    case 'BOOLEAN': {
      const bits = column.values as Uint8Array;
      for (let i = 0; i < length; i++) out[i] = getBit(bits, start + i);
      return out;
    }
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
    case 'FLOAT':
    case 'DOUBLE': {
      const values = column.values!;
      for (let i = 0; i < length; i++) out[i] = values[start + i];
      return out;
    }
    case 'DATE':
    case 'TIME': {
      const values = column.values as Int32Array;
      const format = type.kind === 'DATE' ? formatDays : formatTimeOfDay;
      for (let i = 0; i < length; i++) out[i] = format(values[start + i]!);
      return out;
    }
    case 'DECIMAL': {
      const integers = new IntegerReader(column);
      for (let i = 0; i < length; i++) out[i] = formatUnscaled(integers.at(start + i), type.scale);
      return out;
    }
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return ticksText(column, start, end, type.precision, type.kind === 'TIMESTAMP' ? '' : 'Z');
    case 'CHAR':
    case 'VARCHAR':
      return stringsOf(column, start, end);
    case 'BINARY':
    case 'VARBINARY': {
      const bytes = column.values as Uint8Array;
      const offsets = column.offsets!;
      for (let i = 0; i < length; i++) out[i] = bytes.slice(offsets[start + i], offsets[start + i + 1]);
      return out;
    }
    case 'ARRAY':
      return cutLists(column, start, end, (from, to) => valuesOf(column.children![0]!, from, to), sliceOf);
    case 'MAP':
    case 'MULTISET': {
      const [keys, values] = column.children as readonly [Column, Column];
      const first = column.offsets![start]!;
      const keyValues = valuesOf(keys, first, column.offsets![end]!);
      return cutLists(
        column,
        start,
        end,
        (from, to) => valuesOf(values, from, to),
        (items, from, to) => mapOf(keyValues, items, from, to),
      );
    }
    case 'ROW':
      return objectsOf(
        type.fields.map((field) => field.name),
        column.children!,
        start,
        end,
      );
    case 'OTHER':
      throw new WeirError('UNSUPPORTED', `type ${type.text} cannot be read`);
  }
}

function ticksText(column: Column, start: number, end: number, precision: number, suffix: string): string[] {
  const integers = new IntegerReader(column);
  const out: string[] = new Array(end - start);
  // What a missing value's element holds may be no time at all.
  for (let row = start; row < end; row++) out[row - start] = isValid(column, row) ? formatTicks(integers.at(row), precision) + suffix : '';
  return out;
}

function sliceOf(items: unknown[], from: number, to: number): unknown[] {
  return items.slice(from, to);
}

function mapOf(keys: unknown[], items: unknown[], from: number, to: number): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  for (let i = from; i < to; i++) map.set(keys[i], items[i]);
  return map;
}

/** Cuts the items of a list column's child, read once, into one value a row. */
export function cutLists<I, T>(
  column: Column,
  start: number,
  end: number,
  read: (from: number, to: number) => I[],
  cut: (items: I[], from: number, to: number) => T,
): T[] {
  const offsets = column.offsets!;
  const first = offsets[start]!;
  const items = read(first, offsets[end]!);
  return Array.from({ length: end - start }, (_, i) => cut(items, offsets[start + i]! - first, offsets[start + i + 1]! - first));
}

/** One object a row with these keys, in this order. */
export function objectsOf(names: readonly string[], columns: readonly Column[], start: number, end: number): Record<string, unknown>[] {
  // Copies of one template share its hidden class: filling keys in one by one turns wide objects into hash tables.
  const template = Object.fromEntries(names.map((name) => [name, null]));
  const special = names.includes('__proto__');
  const out: Record<string, unknown>[] = new Array(end - start);
  for (let i = 0; i < out.length; i++) out[i] = { ...template };
  for (let c = 0; c < columns.length; c++) {
    const name = names[c]!;
    const values = valuesOf(columns[c]!, start, end);
    if (special && name === '__proto__') {
      for (let i = 0; i < out.length; i++)
        Object.defineProperty(out[i], name, { value: values[i], enumerable: true, configurable: true, writable: true });
    } else for (let i = 0; i < out.length; i++) out[i]![name] = values[i];
  }
  return out;
}
