/**
 * CSV with a header: cells go to the columns the header names, by their text (types/value-text.ts).
 * Empty = null, `""` = empty string, nested values as JSON.
 */
import { WeirError } from '../../base/error.js';
import { INSERT } from '../../types/column.js';
import type { DataField } from '../../types/data-type.js';
import { BatchBuilder } from '../../types/row-builder.js';
import { type CsvCell, CsvParser, type CsvRecord, CsvSyntaxError } from './csv-parser.js';
import type { InputBatch, InputOptions } from './input-batch.js';
import { atLine } from './jsonl.js';
import { LineNumbers } from './line-numbers.js';
import { valueKind } from './row-kinds.js';
import { sourceName, textChunks } from './text-source.js';

export async function* readCsv(file: string, options: InputOptions): AsyncGenerator<InputBatch, void, undefined> {
  const source = sourceName(file);
  const parser = new CsvParser();
  let rows: CsvRows | undefined;
  /** Takes the records before a bad one, and tells of the bad one. */
  const take = (records: CsvRecord[]): unknown => {
    for (const record of records) {
      try {
        if (rows === undefined) rows = new CsvRows(record, options.fields, options.kindColumn);
        else rows.push(record);
      } catch (error) {
        return atLine(error, source, record.line);
      }
    }
    return undefined;
  };
  const batches = function* (parse: () => CsvRecord[]): Generator<InputBatch> {
    const failure = take(parsed(parse, source));
    if (rows !== undefined && rows.length > 0) yield { ...rows.finish(), source, firstRow: 0 };
    if (failure !== undefined) throw failure;
  };
  for await (const text of textChunks(file, options)) yield* batches(() => parser.push(text));
  yield* batches(() => parser.finish());
  yield* batches(() => parser.finish());
}

function parsed(parse: () => CsvRecord[], source: string): CsvRecord[] {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof CsvSyntaxError)) throw error;
    throw new WeirError('INVALID_ARGUMENT', `${source} line ${error.line}: ${error.message}`, { cause: error, file: source });
  }
}

/** Records below one header on their way into columns. */
class CsvRows {
  readonly #builder: BatchBuilder;
  readonly #header: readonly string[];
  /** the cell of each field; -1 where the header has none */
  readonly #cellOf: readonly number[];
  readonly #kindCell: number;
  readonly #timestamps: readonly boolean[];
  readonly #texts: (CsvCell | undefined)[];
  readonly #lines = new LineNumbers();
  #kinds: number[] = [];

  constructor(header: CsvRecord, fields: readonly DataField[], kindColumn: string | undefined) {
    const names = header.cells.map((cell) => cell ?? '');
    checkHeader(names, fields, kindColumn);
    this.#header = names;
    this.#builder = new BatchBuilder(fields, { form: 'json' });
    this.#cellOf = fields.map((field) => names.indexOf(field.name));
    this.#kindCell = kindColumn === undefined ? -1 : names.indexOf(kindColumn);
    this.#timestamps = fields.map((field) => field.type.kind === 'TIMESTAMP' || field.type.kind === 'TIMESTAMP_LTZ');
    this.#texts = new Array(fields.length);
  }

  get length(): number {
    return this.#lines.length;
  }

  push({ cells, line }: CsvRecord): void {
    if (cells.length !== this.#header.length) {
      throw new WeirError('INVALID_ARGUMENT', `${cells.length} cells where the header has ${this.#header.length}`);
    }
    const texts = this.#texts;
    for (let c = 0; c < texts.length; c += 1) {
      const cell = cells[this.#cellOf[c] ?? -1];
      // `2001-01-01 00:01:00`, as most programs write it
      texts[c] = cell && this.#timestamps[c] ? cell.replace(/^(\S+) +(\d)/, '$1T$2') : cell;
    }
    const kind = this.#kindCell === -1 ? INSERT : valueKind(cells[this.#kindCell] ?? '+I', this.#header[this.#kindCell] ?? '');
    this.#builder.pushTexts(texts);
    if (this.#kindCell !== -1) this.#kinds.push(kind);
    this.#lines.push(line);
  }

  finish(): Pick<InputBatch, 'batch' | 'kinds' | 'lines'> {
    const kinds = this.#kindCell === -1 ? null : Uint8Array.from(this.#kinds);
    this.#kinds = [];
    return { batch: this.#builder.finish(), kinds, lines: this.#lines.finish() };
  }
}

function checkHeader(names: readonly string[], fields: readonly DataField[], kindColumn: string | undefined): void {
  const known = new Set(fields.map((field) => field.name));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new WeirError('INVALID_ARGUMENT', `column '${twice}' comes twice in the header`);
  const unknown = names.find((name) => !known.has(name) && name !== kindColumn);
  if (unknown !== undefined) {
    throw new WeirError('INVALID_ARGUMENT', `unknown column '${unknown}': the columns are ${[...known].join(', ')}`);
  }
}
