/**
 * Which parts of a file's schema make a wanted column.
 *
 * Columns and ROW members are matched by name, case sensitive; what the file lacks is read as nulls. Lists and maps
 * follow the rules for old writers (Parquet's LogicalTypes.md, "Backward-compatibility rules"):
 *
 *   repeated leaf, or a repeated group of several members, or one named `array` or `<list>_tuple`: is the element
 *   any other repeated group: holds the element
 */
import { WeirError } from '../../base/error.js';
import type { DataField, DataType } from '../../types/data-type.js';
import { childTypes } from '../../types/layout.js';
import { type Conversion, conversionOf } from './conversion.js';
import { Repetition } from './metadata.js';
import type { SchemaNode } from './schema.js';

/** How to read one column. Plain data. */
export type ReadPlan =
  | { readonly kind: 'absent'; readonly type: DataType }
  | { readonly kind: 'leaf'; readonly type: DataType; readonly node: SchemaNode; readonly leaf: number; readonly conversion: Conversion }
  | {
      readonly kind: 'row';
      readonly type: DataType;
      /** leaf whose levels tell where the rows are */
      readonly leaf: number;
      /** definition level of a row that is present */
      readonly definition: number;
      readonly children: readonly ReadPlan[];
    }
  | {
      readonly kind: 'list';
      readonly type: DataType;
      readonly leaf: number;
      /** definition level of a list that is present, and of one that has entries */
      readonly definition: number;
      readonly entry: number;
      /** repetition level of the entries */
      readonly repetition: number;
      readonly children: readonly ReadPlan[];
    };

/** @throws UNSUPPORTED when the file's column has a type that cannot be read as the field's */
export function planField(root: ReadonlyMap<string, SchemaNode>, field: DataField): ReadPlan {
  return plan(field.type, root.get(field.name));
}

function plan(type: DataType, node: SchemaNode | undefined): ReadPlan {
  if (node === undefined) return { kind: 'absent', type };
  switch (type.kind) {
    case 'ARRAY': {
      if (node.repetition === Repetition.REPEATED) return list(type, node, node, [planAs(type.element, node)]);
      const repeated = onlyChild(type, node);
      const element = isElement(node, repeated) ? repeated : repeated.children[0]!;
      return list(type, node, repeated, [planAs(type.element, element)]);
    }
    case 'MAP':
    case 'MULTISET': {
      const entries = node.repetition === Repetition.REPEATED ? node : onlyChild(type, node);
      const [key, value] = entries.children;
      if (key === undefined || value === undefined) return refuse(type, node);
      const [keyType, valueType] = childTypes(type);
      return list(type, node, entries, [plan(keyType!, key), plan(valueType!, value)]);
    }
    case 'ROW': {
      if (node.element.type !== undefined || node.repetition === Repetition.REPEATED) return refuse(type, node);
      return planAs(type, node);
    }
    default:
      if (node.element.type === undefined || node.repetition === Repetition.REPEATED) return refuse(type, node);
      return planAs(type, node);
  }
}

/** As `plan`, where a repeated node stands for one of its entries. */
function planAs(type: DataType, node: SchemaNode): ReadPlan {
  if (type.kind === 'ROW' && node.element.type === undefined) {
    const members = new Map(node.children.map((child) => [child.name, child]));
    const children = type.fields.map((field) => plan(field.type, members.get(field.name)));
    const found = children.find((child) => child.kind !== 'absent');
    return { kind: 'row', type, leaf: leafOf(found) ?? node.leaf, definition: node.maxDefinition, children };
  }
  if (node.repetition !== Repetition.REPEATED && (type.kind === 'ARRAY' || type.kind === 'MAP' || type.kind === 'MULTISET'))
    return plan(type, node);
  if (node.element.type === undefined) return refuse(type, node);
  return { kind: 'leaf', type, node, leaf: node.leaf, conversion: conversionOf(type, node) };
}

function list(type: DataType, outer: SchemaNode, repeated: SchemaNode, children: readonly ReadPlan[]): ReadPlan {
  const definition = outer === repeated ? outer.maxDefinition - 1 : outer.maxDefinition;
  const leaf = leafOf(children.find((child) => child.kind !== 'absent')) ?? repeated.leaf;
  return { kind: 'list', type, leaf, definition, entry: repeated.maxDefinition, repetition: repeated.maxRepetition, children };
}

function leafOf(plan: ReadPlan | undefined): number | undefined {
  return plan === undefined || plan.kind === 'absent' ? undefined : plan.leaf;
}

function onlyChild(type: DataType, node: SchemaNode): SchemaNode {
  const child = node.children[0];
  if (node.children.length !== 1 || child!.repetition !== Repetition.REPEATED) return refuse(type, node);
  return child!;
}

function isElement(outer: SchemaNode, repeated: SchemaNode): boolean {
  return repeated.children.length !== 1 || repeated.name === 'array' || repeated.name === `${outer.name}_tuple`;
}

function refuse(type: DataType, node: SchemaNode): never {
  throw new WeirError('UNSUPPORTED', `column ${node.path.join('.')} has a shape in the file that cannot be read as ${type.kind}`);
}

/** The leaves that a plan needs, each once. */
export function leavesOf(plan: ReadPlan, into: Set<number> = new Set()): Set<number> {
  if (plan.kind === 'absent') return into;
  into.add(plan.leaf);
  if (plan.kind !== 'leaf') for (const child of plan.children) leavesOf(child, into);
  return into;
}
