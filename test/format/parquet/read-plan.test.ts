import { ParquetSchema, ParquetWriter } from 'parquetjs-lite';
import { expect, it } from 'vitest';
import { conversionOf, leafColumn } from '../../../src/format/parquet/conversion.js';
import { LeafValues } from '../../../src/format/parquet/leaf-values.js';
import { type LogicalType, type SchemaElement, Type } from '../../../src/format/parquet/metadata.js';
import { planField, type ReadPlan } from '../../../src/format/parquet/read-plan.js';
import { buildSchema } from '../../../src/format/parquet/schema.js';
import type { DataType } from '../../../src/types/data-type.js';
import { parseType } from '../../../src/types/type-text.js';
import { plainRows, readParquet, scratch } from '../../support/parquet.js';
import { plain } from '../../support/random-columns.js';

const INT: DataType = { kind: 'INT', nullable: true };
const ROW: DataType = { kind: 'ROW', nullable: true, fields: [{ id: 1, name: 'x', type: INT }] };
const group = (name: string, repetition: number, childCount: number): SchemaElement => ({ name, repetition, childCount });
const leaf = (name: string, repetition: number): SchemaElement => ({ name, repetition, type: Type.INT32 });
const [REQUIRED, OPTIONAL, REPEATED] = [0, 1, 2];

function planOf(type: DataType, ...elements: SchemaElement[]): ReadPlan {
  const { root } = buildSchema([group('root', 0, 1), ...elements]);
  return planField(new Map(root.children.map((node) => [node.name, node])), { id: 1, name: 'f', type });
}

/** kinds and levels of a plan */
function shape(plan: ReadPlan): unknown {
  if (plan.kind === 'absent') return 'absent';
  if (plan.kind === 'leaf') return plan.node.maxDefinition;
  const levels = plan.kind === 'row' ? [plan.definition] : [plan.definition, plan.entry, plan.repetition];
  return [plan.kind, ...levels, plan.children.map(shape)];
}

it('finds the elements of lists in all their shapes', () => {
  const ofInt: DataType = { kind: 'ARRAY', element: INT, nullable: true };
  const ofRow: DataType = { kind: 'ARRAY', element: ROW, nullable: true };
  const f = group('f', OPTIONAL, 1);
  expect(shape(planOf(ofInt, f, group('list', REPEATED, 1), leaf('element', OPTIONAL)))).toEqual(['list', 1, 2, 1, [3]]);
  expect(shape(planOf(ofInt, f, group('bag', REPEATED, 1), leaf('array_element', REQUIRED)))).toEqual(['list', 1, 2, 1, [2]]);
  expect(shape(planOf(ofInt, f, leaf('array', REPEATED)))).toEqual(['list', 1, 2, 1, [2]]);
  expect(shape(planOf(ofInt, leaf('f', REPEATED)))).toEqual(['list', 0, 1, 1, [1]]);
  expect(shape(planOf(ofRow, group('f', REPEATED, 1), leaf('x', OPTIONAL)))).toEqual(['list', 0, 1, 1, [['row', 1, [2]]]]);
  for (const name of ['array', 'f_tuple']) {
    expect(shape(planOf(ofRow, f, group(name, REPEATED, 1), leaf('x', OPTIONAL)))).toEqual(['list', 1, 2, 1, [['row', 2, [3]]]]);
  }
  expect(shape(planOf(ofRow, f, group('element', REPEATED, 2), leaf('x', OPTIONAL), leaf('y', OPTIONAL)))).toEqual([
    'list',
    1,
    2,
    1,
    [['row', 2, [3]]],
  ]);
  expect(shape(planOf(ofRow, f, group('list', REPEATED, 1), group('element', OPTIONAL, 1), leaf('z', OPTIONAL)))).toEqual([
    'list',
    1,
    2,
    1,
    [['row', 3, ['absent']]],
  ]);
  expect(() => planOf(ofInt, leaf('f', OPTIONAL))).toThrow(/shape/);
  expect(() => planOf(INT, f, group('list', REPEATED, 1), leaf('element', OPTIONAL))).toThrow(/shape/);
});

it('reads lists without annotation, as parquetjs-lite writes them', async () => {
  const files = await scratch();
  const path = files.path('repeated.parquet');
  const schema = new ParquetSchema({
    id: { type: 'INT32' },
    tags: { type: 'UTF8', repeated: true },
    items: { repeated: true, fields: { n: { type: 'INT64' }, names: { type: 'UTF8', repeated: true } } },
  });
  const writer = await ParquetWriter.openFile(schema, path);
  await writer.appendRow({ id: 1, tags: ['a', 'bc'], items: [{ n: 5, names: ['x'] }, { n: 6 }] });
  await writer.appendRow({ id: 2 });
  await writer.appendRow({ id: 3, tags: [''], items: [{ n: 7, names: ['y', 'z'] }] });
  await writer.close();
  const batch = await readParquet(path, [
    { id: 0, name: 'id', type: INT },
    { id: 1, name: 'tags', type: parseType('ARRAY<STRING>') },
    { id: 2, name: 'items', type: parseType('ARRAY<ROW<n BIGINT, names ARRAY<STRING>>>') },
  ]);
  expect(plainRows(batch)).toEqual([
    [1, [['a'], ['bc']], [[[5n, [['x']]]], [[6n, []]]]],
    [2, [], []],
    [3, [['']], [[[7n, [['y'], ['z']]]]]],
  ]);
  await files.remove();
});

function column(type: string, element: Omit<SchemaElement, 'name'>, put: (values: LeafValues) => void): unknown[] {
  const { leaves } = buildSchema([group('root', 0, 1), { name: 'f', repetition: REQUIRED!, ...element }]);
  const values = new LeafValues(element.type!, element.typeLength ?? 0, 3);
  put(values);
  const wanted = parseType(type);
  return plain(leafColumn(wanted, conversionOf(wanted, leaves[0]!), values, null, 3));
}

const longs =
  (...items: bigint[]) =>
  (values: LeafValues) => {
    values.appendPlain(new Uint8Array(BigInt64Array.from(items).buffer), 0, items.length * 8, items.length);
  };
const blobs =
  (...items: number[][]) =>
  (values: LeafValues) => {
    for (const item of items) values.appendBytes(Uint8Array.from(item), 0, item.length);
  };

it('converts the units of times, rounding down', () => {
  const stamp = (unit: 'MILLIS' | 'MICROS' | 'NANOS'): LogicalType => ({ kind: 'TIMESTAMP', utc: false, unit });
  const int64 = { type: Type.INT64 };
  expect(column('TIMESTAMP(3)', { ...int64, logical: stamp('MICROS') }, longs(-1n, 1999n, 2000n))).toEqual([-1n, 1n, 2n]);
  expect(column('TIMESTAMP(6)', { ...int64, logical: stamp('MILLIS') }, longs(-1n, 0n, 2n))).toEqual([-1000n, 0n, 2000n]);
  expect(column('TIMESTAMP(6)', { ...int64, logical: stamp('NANOS') }, longs(-1n, 999n, 1000n))).toEqual([-1n, 0n, 1n]);
  expect(column('TIMESTAMP(9)', { ...int64, logical: stamp('MICROS') }, longs(-(2n ** 63n), 1n, 2n))).toEqual([
    -(2n ** 63n) * 1000n,
    1000n,
    2000n,
  ]);
  expect(column('TIMESTAMP(9)', { ...int64, logical: stamp('NANOS') }, longs(-5n, 1n, 2n))).toEqual([-5n, 1n, 2n]);
  expect(column('TIMESTAMP(6)', { ...int64, converted: 9 }, longs(1n, 2n, 3n))).toEqual([1000n, 2000n, 3000n]);
  expect(column('TIMESTAMP(3)', int64, longs(1n, 2n, 3n))).toEqual([1n, 2n, 3n]);
  expect(column('TIME(3)', { ...int64, logical: { kind: 'TIME', utc: true, unit: 'MICROS' } }, longs(0n, 1999n, 86399999999n))).toEqual([
    0, 1, 86399999,
  ]);
});

it('reads decimals in all their forms', () => {
  const decimal = { logical: { kind: 'DECIMAL', scale: 2, precision: 20 } as const, scale: 2, precision: 20 };
  expect(column('DECIMAL(20, 2)', { type: Type.INT64, ...decimal }, longs(-5n, 2n ** 62n, 0n))).toEqual([-5n, 2n ** 62n, 0n]);
  expect(column('DECIMAL(20, 2)', { type: Type.BYTE_ARRAY, ...decimal }, blobs([255], [0, 128], [1, 0, 0, 0, 0, 0, 0, 0, 0]))).toEqual([
    -1n,
    128n,
    2n ** 64n,
  ]);
  const long = blobs([...new Array(20).fill(255), 254], [...new Array(17).fill(0), 7], [5]);
  expect(column('DECIMAL(20, 2)', { type: Type.BYTE_ARRAY, ...decimal }, long)).toEqual([-2n, 7n, 5n]);
  expect(() => column('DECIMAL(20, 2)', { type: Type.BYTE_ARRAY, ...decimal }, blobs([1, ...new Array(16).fill(0)], [1], [1]))).toThrow(
    /128 bits/,
  );
  expect(() => column('DECIMAL(20, 3)', { type: Type.INT64, ...decimal }, longs(1n, 2n, 3n))).toThrow(/cannot be read as DECIMAL/);
});
