/**
 * Appenders of ARRAY, MAP, MULTISET and ROW, and `makeAppender` for any type.
 *
 *   ARRAY     array (or a typed array)
 *   MAP       Map, or an array of [key, value]        MULTISET: the same, values are counts
 *   ROW       object; a missing key is null, an unknown one an error
 */
import { WeirError } from '../base/error.js';
import { Appender, type ColumnParts } from './appender.js';
import { BinaryAppender, TextAppender } from './bytes-appender.js';
import type { DataType } from './data-type.js';
import {
  BooleanAppender,
  DateAppender,
  DecimalAppender,
  FloatingAppender,
  IntegerAppender,
  LongAppender,
  TimeAppender,
  TimestampAppender,
} from './fixed-appender.js';
import { childTypes } from './layout.js';
import { ObjectReader } from './object-reader.js';
import type { TypeOf, ValueForm } from './value.js';
import { badValue } from './value-error.js';

/** @throws UNSUPPORTED for a type that weir knows by name only */
export function makeAppender(type: DataType, form: ValueForm): Appender {
  switch (type.kind) {
    case 'BOOLEAN':
      return new BooleanAppender(type);
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
      return new IntegerAppender(type);
    case 'BIGINT':
      return new LongAppender(type);
    case 'FLOAT':
    case 'DOUBLE':
      return new FloatingAppender(type, form);
    case 'DATE':
      return new DateAppender(type);
    case 'DECIMAL':
      return new DecimalAppender(type);
    case 'TIME':
      return new TimeAppender(type);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return new TimestampAppender(type);
    case 'CHAR':
    case 'VARCHAR':
      return new TextAppender(type);
    case 'BINARY':
    case 'VARBINARY':
      return new BinaryAppender(type, form);
    case 'ARRAY':
      return new ArrayAppender(type, childAppenders(type, form));
    case 'MAP':
    case 'MULTISET':
      return new MapAppender(type, childAppenders(type, form));
    case 'ROW':
      return new RowAppender(type, form);
    case 'OTHER':
      throw new WeirError('UNSUPPORTED', `type ${type.text} cannot be written`);
  }
}

export abstract class ListAppender extends Appender {
  protected readonly children: readonly Appender[];
  protected offsets = new Int32Array(1);

  constructor(type: DataType, children: readonly Appender[]) {
    super(type);
    this.children = children;
  }

  get size_bytes(): number {
    return this.children.reduce((sum, child) => sum + child.size_bytes, this.length * 4);
  }

  protected clear(at: number): void {
    this.offsets[at + 1] = this.offsets[at]!;
  }

  override cut(length: number): void {
    super.cut(length);
    for (const child of this.children) child.cut(this.offsets[length]!);
  }

  protected reserve(capacity: number): void {
    const offsets = new Int32Array(capacity + 1);
    offsets.set(this.offsets);
    this.offsets = offsets;
  }

  protected take(length: number): ColumnParts {
    return { values: undefined, offsets: this.offsets.slice(0, length + 1), children: this.children.map((child) => child.finish()) };
  }
}

export class ArrayAppender extends ListAppender {
  protected put(at: number, value: unknown): void {
    if (!Array.isArray(value) && !(ArrayBuffer.isView(value) && !(value instanceof DataView))) badValue(this.type, value);
    const elements = value as ArrayLike<unknown>;
    const child = this.children[0]!;
    for (let i = 0; i < elements.length; i++) child.append(elements[i]);
    this.offsets[at + 1] = child.length;
  }
}

export class MapAppender extends ListAppender {
  protected put(at: number, value: unknown): void {
    if (!(value instanceof Map) && !Array.isArray(value)) badValue(this.type, value);
    const [keys, values] = this.children as [Appender, Appender];
    for (const entry of value as Iterable<unknown>) {
      if (!Array.isArray(entry) || entry.length !== 2) badValue(this.type, entry, 'an entry is a [key, value] pair');
      const [key, item] = entry as [unknown, unknown];
      keys.append(key);
      values.append(item);
    }
    this.offsets[at + 1] = keys.length;
  }
}

export abstract class StructAppender extends Appender {
  protected readonly children: readonly Appender[];

  constructor(type: DataType, children: readonly Appender[]) {
    super(type);
    this.children = children;
  }

  get size_bytes(): number {
    return this.children.reduce((sum, child) => sum + child.size_bytes, 0);
  }

  protected clear(): void {
    for (const child of this.children) child.appendMissing();
  }

  override cut(length: number): void {
    super.cut(length);
    for (const child of this.children) child.cut(length);
  }

  protected reserve(): void {}

  protected take(): ColumnParts {
    return { values: undefined, offsets: undefined, children: this.children.map((child) => child.finish()) };
  }
}

export class RowAppender extends StructAppender {
  private readonly reader: ObjectReader;

  constructor(type: TypeOf<'ROW'>, form: ValueForm) {
    super(type, childAppenders(type, form));
    this.reader = new ObjectReader(type.fields.map((field) => field.name));
  }

  protected put(_at: number, value: unknown): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) badValue(this.type, value);
    this.reader.read(value as Record<string, unknown>, this.children);
  }
}

function childAppenders(type: DataType, form: ValueForm): Appender[] {
  return childTypes(type).map((child) => makeAppender(child, form));
}
