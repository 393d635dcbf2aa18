/**
 * Rows as objects or texts into a batch of columns.
 *
 * Invariants: a row is in all columns or in none (a bad one is cut off again); values are exact (value.ts);
 * a column's default stands for a missing value. No object is made per value.
 */
import { WeirError } from '../base/error.js';
import type { Appender } from './appender.js';
import type { Batch } from './column.js';
import type { DataField } from './data-type.js';
import { makeAppender } from './nested-appender.js';
import { inColumn, ObjectReader } from './object-reader.js';
import { fromDatum, type ValueForm } from './value.js';
import { showValue } from './value-error.js';
import { datumFromText, valueFromText } from './value-text.js';

export interface BatchBuilderOptions {
  /** 'value' (default): rows hold values of the door; 'json': those of JSON lines, for which bytes are hex */
  readonly form?: ValueForm;
  /** a key that rows may have and that is no column */
  readonly extraKey?: string;
}

export class BatchBuilder {
  readonly fields: readonly DataField[];
  private readonly form: ValueForm;
  private readonly appenders: readonly Appender[];
  private readonly reader: ObjectReader;
  private readonly defaults: readonly unknown[] | undefined;
  private rows = 0;

  /** @throws INVALID_ARGUMENT for a default that its column does not hold, UNSUPPORTED for a type known by name only */
  constructor(fields: readonly DataField[], options: BatchBuilderOptions = {}) {
    this.fields = fields;
    this.form = options.form ?? 'value';
    this.appenders = fields.map((field) => makeAppender(field.type, this.form));
    this.reader = new ObjectReader(
      fields.map((field) => field.name),
      options.extraKey,
    );
    this.defaults = fields.some((field) => field.defaultValue !== undefined)
      ? fields.map((field) => defaultOf(field, this.form))
      : undefined;
  }

  get length(): number {
    return this.rows;
  }

  /** bytes that the rows take in memory, roughly */
  get approximateBytes(): number {
    let size_bytes = 0;
    for (const appender of this.appenders) size_bytes += appender.size_bytes;
    return size_bytes;
  }

  /**
   * Adds a row, or nothing.
   *
   * @throws WeirError INVALID_ARGUMENT naming column and value: unknown column, value not of the type, missing value of
   *   a NOT NULL column, text longer than CHAR(n) or VARCHAR(n), number beyond the precision
   */
  push(row: Readonly<Record<string, unknown>>): void {
    if (typeof row !== 'object' || row === null || Array.isArray(row))
      throw new WeirError('INVALID_ARGUMENT', `a row is an object of column values, not ${showValue(row)}`);
    try {
      this.reader.read(row, this.appenders, this.defaults);
    } catch (error) {
      this.undo();
      throw error;
    }
    this.rows++;
  }

  /**
   * Adds a row of texts in field order, as CSV has them (value-text.ts); null and undefined are missing.
   *
   * @throws WeirError INVALID_ARGUMENT as `push`
   */
  pushTexts(texts: readonly (string | null | undefined)[]): void {
    const { appenders, fields } = this;
    let c = 0;
    try {
      for (; c < appenders.length; c++) {
        const text = texts[c];
        const missing = text === null || text === undefined;
        appenders[c]!.append(missing ? this.defaults?.[c] : valueFromText(fields[c]!.type, text, this.form));
      }
    } catch (error) {
      this.undo();
      throw inColumn(fields[c]!.name, error);
    }
    this.rows++;
  }

  private undo(): void {
    for (const appender of this.appenders) appender.cut(this.rows);
  }

  /** The rows so far as a batch; the builder is empty afterwards and may be used again. */
  finish(): Batch {
    const length = this.rows;
    this.rows = 0;
    return { fields: this.fields, columns: this.appenders.map((appender) => appender.finish()), length };
  }
}

function defaultOf(field: DataField, form: ValueForm): unknown {
  if (field.defaultValue === undefined) return undefined;
  try {
    const { type } = field;
    if (type.kind === 'ARRAY' || type.kind === 'MAP' || type.kind === 'MULTISET' || type.kind === 'ROW' || form === 'json')
      return valueFromText(type, field.defaultValue, form);
    return fromDatum(type, datumFromText(type, field.defaultValue));
  } catch (error) {
    throw inColumn(field.name, error);
  }
}
