/**
 * A column's bounds from the footer, as the column's own values.
 *
 * Bounds that say nothing are dropped: NaN, and the old min/max fields where their order is not the type's. A bound of
 * zero may stand for either zero: the minimum becomes -0, the maximum +0 (parquet.thrift, ColumnOrder).
 */

import { bitmapBytes, setBit } from '../../types/bitmap.js';
import type { Column } from '../../types/column.js';
import type { DataType } from '../../types/data-type.js';
import { type Datum, datumAt } from '../../types/datum.js';
import type { ColumnStats } from '../data-file.js';
import { conversionOf, leafColumn } from './conversion.js';
import { LeafValues } from './leaf-values.js';
import { malformed } from './malformed.js';
import { type ColumnChunk, Type } from './metadata.js';
import type { SchemaNode } from './schema.js';

export function columnStats(chunk: ColumnChunk, node: SchemaNode, type: DataType): ColumnStats {
  const { statistics } = chunk;
  const nullCount = node.maxDefinition === 0 ? 0n : statistics?.nullCount === undefined ? null : BigInt(statistics.nullCount);
  const unknown: ColumnStats = { min: null, max: null, hasMinMax: false, nullCount };
  if (statistics === undefined || chunk.type === Type.INT96) return unknown;
  const plainOrder = chunk.type !== Type.BYTE_ARRAY && chunk.type !== Type.FIXED;
  const min = statistics.min ?? (plainOrder ? statistics.oldMin : undefined);
  const max = statistics.max ?? (plainOrder ? statistics.oldMax : undefined);
  if (min === undefined || max === undefined) return unknown;
  const values = new LeafValues(chunk.type, node.element.typeLength ?? 0, 2, min.length + max.length);
  for (const bound of [min, max]) append(values, bound);
  const column = leafColumn(type, conversionOf(type, node), values, null, 2);
  const least = zeroTo(datumAt(column, 0), -0, type);
  const most = zeroTo(datumAt(column, 1), 0, type);
  if (Number.isNaN(least) || Number.isNaN(most)) return unknown;
  return { min: least, max: most, hasMinMax: true, nullCount };
}

/** Bounds of pages as a column of their own type; null where a page has no value. */
export function boundsColumn(
  chunk: ColumnChunk,
  node: SchemaNode,
  type: DataType,
  bounds: readonly Uint8Array[],
  missing: readonly boolean[],
): Column {
  const size_bytes = bounds.reduce((sum, bound) => sum + bound.length, 0);
  const width = node.element.typeLength ?? 0;
  const values = new LeafValues(chunk.type, width, bounds.length, size_bytes);
  const zero = new Uint8Array(values.bits !== undefined ? 1 : values.offsets !== undefined ? 0 : values.width);
  const validity = missing.includes(true) ? new Uint8Array(bitmapBytes(bounds.length)) : null;
  for (let i = 0; i < bounds.length; i++) {
    append(values, missing[i] === true ? zero : bounds[i]!);
    if (validity !== null && missing[i] !== true) setBit(validity, i);
  }
  return leafColumn({ ...type, nullable: true }, conversionOf(type, node), values, validity, bounds.length);
}

function append(values: LeafValues, bound: Uint8Array): void {
  if (values.bits !== undefined) {
    if (bound.length !== 1) malformed('a statistic of another length than its type');
    values.bits.append(bound, 0, 1);
    values.count++;
  } else if (values.offsets !== undefined) values.appendBytes(bound, 0, bound.length);
  else {
    if (bound.length !== values.width) malformed('a statistic of another length than its type');
    values.appendFixed(bound, 0);
  }
}

function zeroTo(value: Datum, zero: number, type: DataType): Datum {
  return value === 0 && (type.kind === 'FLOAT' || type.kind === 'DOUBLE') ? zero : value;
}
