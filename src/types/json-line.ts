/**
 * Rows as JSON lines, out and in: exact for every type, in the encoding of the golden tables (column-json.ts).
 *
 * In: keys in any order, a missing one is null, an unknown one an error; BIGINT and DECIMAL as strings or as JSON
 * numbers, of which no digit is lost; FLOAT and DOUBLE as numbers or strings; surplus zero fraction digits accepted.
 */
import { WeirError } from '../base/error.js';
import { type Batch, ROW_KINDS } from './column.js';
import { type JsonNumbers, objectPieces } from './column-json.js';
import { ROWS_PER_STRETCH } from './column-strings.js';
import type { DataField } from './data-type.js';
import { ExactJsonReader } from './exact-json.js';
import { BatchBuilder } from './row-builder.js';
import { showValue } from './value-error.js';

const KIND_COLUMN = '_kind';
const KIND_TEXTS: readonly string[] = ROW_KINDS.map((kind) => `"${KIND_COLUMN}":"${kind}"`);
const FIRST_KINDS = 256;

export interface EncodeOptions {
  /** one row kind a row, 0..3: `_kind` comes first in each line */
  readonly kinds?: Uint8Array;
  readonly numbers?: JsonNumbers;
}

/** One line a row, `\n` after each; '' for no rows. */
export function encodeJsonLines(batch: Batch, options: EncodeOptions = {}): string {
  const { kinds, numbers = 'exact' } = options;
  const names = batch.fields.map((field) => field.name);
  let text = '';
  for (let start = 0; start < batch.length; start += ROWS_PER_STRETCH) {
    const end = Math.min(batch.length, start + ROWS_PER_STRETCH);
    const first = kinds === undefined ? undefined : Array.from(kinds.subarray(start, end), (kind) => KIND_TEXTS[kind]!);
    text += objectPieces(names, batch.columns, start, end, numbers, first, '\n').join('');
  }
  return text;
}

export interface JsonLineDecoderOptions {
  /**
   * The key that holds `+I` `-U` `+U` or `-D`; it need not be a column. Default: `_kind`, if no column has that name.
   * A row without it is `+I`.
   */
  readonly kindColumn?: string;
}

export interface DecodedLines {
  readonly batch: Batch;
  /** a row kind a row; undefined when no line had one */
  readonly kinds: Uint8Array | undefined;
}

/** Which key of a line holds its row kind, and whether it is no column. */
export function kindKeyOf(fields: readonly DataField[], kindColumn: string | undefined): { key: string | undefined; extra: boolean } {
  const isColumn = (name: string) => fields.some((field) => field.name === name);
  if (kindColumn !== undefined) return { key: kindColumn, extra: !isColumn(kindColumn) };
  return isColumn(KIND_COLUMN) ? { key: undefined, extra: false } : { key: KIND_COLUMN, extra: true };
}

/** The number of a row kind's text. @throws INVALID_ARGUMENT naming column and value */
export function kindOf(value: unknown, column: string): number {
  const kind = (ROW_KINDS as readonly unknown[]).indexOf(value);
  if (kind < 0)
    throw new WeirError('INVALID_ARGUMENT', `column '${column}': ${showValue(value)} is no row kind: one of ${ROW_KINDS.join(' ')}`);
  return kind;
}

/** Lines into a batch. A bad line adds nothing; the caller adds file and line to the error. */
export class JsonLineDecoder {
  private readonly builder: BatchBuilder;
  private readonly reader: ExactJsonReader;
  private readonly kindKey: string | undefined;
  private kinds = new Uint8Array(FIRST_KINDS);
  private anyKind = false;

  constructor(fields: readonly DataField[], options: JsonLineDecoderOptions = {}) {
    const { key, extra } = kindKeyOf(fields, options.kindColumn);
    this.kindKey = key;
    this.reader = new ExactJsonReader(fields);
    this.builder = new BatchBuilder(fields, { form: 'json', ...(extra && key !== undefined ? { extraKey: key } : {}) });
  }

  get length(): number {
    return this.builder.length;
  }

  get approximateBytes(): number {
    return this.builder.approximateBytes;
  }

  /** @throws WeirError INVALID_ARGUMENT naming column and value, or saying that the line is no JSON object */
  push(line: string): void {
    const row = this.reader.parse(line);
    if (typeof row !== 'object' || row === null || Array.isArray(row))
      throw new WeirError('INVALID_ARGUMENT', `a row is a JSON object, not ${showValue(row)}`);
    const value = this.kindKey === undefined ? undefined : (row as Record<string, unknown>)[this.kindKey];
    const kind = value === undefined || value === null ? 0 : kindOf(value, this.kindKey!);
    const at = this.builder.length;
    this.builder.push(row as Record<string, unknown>);
    if (at === this.kinds.length) {
      const kinds = new Uint8Array(at * 2);
      kinds.set(this.kinds);
      this.kinds = kinds;
    }
    this.kinds[at] = kind;
    if (value !== undefined && value !== null) this.anyKind = true;
  }

  /** The rows so far; the decoder is empty afterwards and may be used again. */
  finish(): DecodedLines {
    const batch = this.builder.finish();
    const kinds = this.anyKind ? this.kinds.slice(0, batch.length) : undefined;
    this.anyKind = false;
    return { batch, kinds };
  }
}
