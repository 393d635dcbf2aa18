/**
 * Columns guessed from the first rows of a CSV or JSON-lines file, for `create --like`: whole numbers BIGINT, other numbers
 * DOUBLE, dates and times of ISO-8601, true and false, STRING for the rest. A guess: `show` tells what it came to.
 */
import { WeirError } from '../../base/error.js';
import { type DataField, type DataType, MAX_LENGTH } from '../../types/data-type.js';
import { CsvParser } from './csv-parser.js';
import { sourceName, textChunks } from './text-source.js';

const SAMPLE_ROWS = 1000;

/** undefined: nothing but nulls seen so far */
type Guess = DataType | undefined;

export async function inferFields(file: string, format: 'csv' | 'jsonl'): Promise<DataField[]> {
  const sample = await firstText(file);
  const guesses = format === 'csv' ? guessCsv(sample) : guessJson(sample, sourceName(file));
  if (guesses.size === 0) throw new WeirError('INVALID_ARGUMENT', `${sourceName(file)} has no rows to take columns from`, { file });
  return [...guesses].map(([name, guess]) => ({ id: -1, name, type: guess ?? STRING }));
}

/** The first piece of the file, up to its last line end. */
async function firstText(file: string): Promise<string> {
  let first: string | undefined;
  for await (const text of textChunks(file)) {
    if (first === undefined) first = text;
    else return first.slice(0, first.lastIndexOf('\n') + 1) || first;
  }
  return first ?? '';
}

function guessCsv(sample: string): Map<string, Guess> {
  const parser = new CsvParser();
  const [header, ...records] = [...parser.push(sample), ...(sample.endsWith('\n') ? [] : parser.finish())];
  const names = (header?.cells ?? []).map((cell) => cell ?? '');
  const guesses = new Map<string, Guess>(names.map((name) => [name, undefined]));
  for (const { cells } of records.slice(0, SAMPLE_ROWS)) {
    names.forEach((name, i) => {
      const cell = cells[i];
      if (cell !== null && cell !== undefined) guesses.set(name, merge(guesses.get(name), textGuess(cell)));
    });
  }
  return guesses;
}

function guessJson(sample: string, source: string): Map<string, Guess> {
  const guesses = new Map<string, Guess>();
  const lines = sample.split('\n').filter((line) => line.trim() !== '');
  for (const line of lines.slice(0, SAMPLE_ROWS)) {
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch (cause) {
      throw new WeirError('INVALID_ARGUMENT', `${source}: no JSON: ${(cause as Error).message}`, { cause, file: source });
    }
    if (!isObject(row)) throw new WeirError('INVALID_ARGUMENT', `${source}: a row is an object of column values`, { file: source });
    for (const [name, value] of Object.entries(row)) guesses.set(name, merge(guesses.get(name), jsonGuess(value)));
  }
  return guesses;
}

const STRING: DataType = { kind: 'VARCHAR', length: MAX_LENGTH, nullable: true };
const BIGINT: DataType = { kind: 'BIGINT', nullable: true };
const DOUBLE: DataType = { kind: 'DOUBLE', nullable: true };
const BOOLEAN: DataType = { kind: 'BOOLEAN', nullable: true };

function textGuess(text: string): DataType {
  if (/^-?(0|[1-9]\d{0,17})$/.test(text)) return BIGINT;
  if (/^-?(\d+\.\d*|\.?\d+)([eE][+-]?\d+)?$/.test(text) && !/^-?0\d/.test(text)) return DOUBLE;
  return /^(true|false)$/i.test(text) ? BOOLEAN : stringGuess(text);
}

function stringGuess(text: string): DataType {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return { kind: 'DATE', nullable: true };
  if (/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?$/.test(text)) return { kind: 'TIMESTAMP', precision: 6, nullable: true };
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text)) return { kind: 'TIMESTAMP_LTZ', precision: 6, nullable: true };
  return STRING;
}

function jsonGuess(value: unknown): Guess {
  if (value === null) return undefined;
  if (typeof value === 'boolean') return BOOLEAN;
  if (typeof value === 'number') return Number.isInteger(value) ? BIGINT : DOUBLE;
  if (typeof value === 'string') return stringGuess(value);
  if (Array.isArray(value)) return { kind: 'ARRAY', nullable: true, element: value.map(jsonGuess).reduce(merge, undefined) ?? STRING };
  const fields = Object.entries(value as object).map(([name, member]) => ({ id: -1, name, type: jsonGuess(member) ?? STRING }));
  return { kind: 'ROW', nullable: true, fields };
}

/** The type that holds both. */
function merge(a: Guess, b: Guess): Guess {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.kind === 'ROW' && b.kind === 'ROW') return { kind: 'ROW', nullable: true, fields: mergeFields(a.fields, b.fields) };
  if (a.kind === 'ARRAY' && b.kind === 'ARRAY') return { kind: 'ARRAY', nullable: true, element: merge(a.element, b.element) ?? STRING };
  if (a.kind === b.kind) return a;
  const numbers = [a.kind, b.kind].every((kind) => kind === 'BIGINT' || kind === 'DOUBLE');
  return numbers ? DOUBLE : STRING;
}

function mergeFields(a: readonly DataField[], b: readonly DataField[]): DataField[] {
  const types = new Map(a.map((field) => [field.name, field.type]));
  for (const field of b) types.set(field.name, merge(types.get(field.name), field.type) ?? STRING);
  return [...types].map(([name, type]) => ({ id: -1, name, type }));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
