/**
 * Types as text: `DECIMAL(10, 2) NOT NULL`, `MAP<STRING, ROW<a INT, b STRING COMMENT 'why'>>`.
 *
 * - `parseType(formatType(t))` is `t` again, but for the ids of nested fields, which text does not carry (-1).
 * - Keywords are read in any case and with any spacing; written in the format's spelling (format-spec/schema).
 * - A type known by name only becomes kind OTHER and keeps its text.
 *
 * One scanner walks the characters; there is no token list, since every decision needs a single word of look-ahead.
 */
import { WeirError } from '../base/error.js';
import { type AtomicKind, type DataField, type DataType, MAX_LENGTH } from './data-type.js';

const ATOMIC: Readonly<Record<string, AtomicKind>> = {
  BOOLEAN: 'BOOLEAN',
  TINYINT: 'TINYINT',
  SMALLINT: 'SMALLINT',
  INT: 'INT',
  INTEGER: 'INT',
  BIGINT: 'BIGINT',
  FLOAT: 'FLOAT',
  DOUBLE: 'DOUBLE',
  DATE: 'DATE',
};
const BRACKETS: Readonly<Record<string, string>> = { '<': '>', '(': ')' };
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  fail(what: string): never {
    throw new WeirError('INVALID_ARGUMENT', `bad type '${this.text}' at position ${this.at + 1}: ${what}`);
  }

  private skipSpace(): void {
    while (this.at < this.text.length && /\s/.test(this.text[this.at]!)) this.at++;
  }

  /** the next character that is not space; '' at the end */
  peek(): string {
    this.skipSpace();
    return this.text[this.at] ?? '';
  }

  take(char: string): boolean {
    if (this.peek() !== char) return false;
    this.at++;
    return true;
  }

  expect(char: string): void {
    if (!this.take(char)) this.fail(`'${char}' expected`);
  }

  /** the next word in capitals, not consumed */
  peekWord(): string {
    this.skipSpace();
    return (/^[A-Za-z_][A-Za-z0-9_]*/.exec(this.text.slice(this.at))?.[0] ?? '').toUpperCase();
  }

  takeWord(word: string): boolean {
    if (this.peekWord() !== word) return false;
    this.at += word.length;
    return true;
  }

  takeWords(...words: string[]): boolean {
    const start = this.at;
    if (words.every((word) => this.takeWord(word))) return true;
    this.at = start;
    return false;
  }

  integer(): number {
    this.skipSpace();
    const digits = /^\d+/.exec(this.text.slice(this.at))?.[0];
    if (digits === undefined) return this.fail('a number expected');
    this.at += digits.length;
    return Number(digits);
  }

  /** text between two `quote`, a doubled quote standing for one */
  quoted(quote: string): string {
    this.expect(quote);
    let out = '';
    for (;;) {
      const end = this.text.indexOf(quote, this.at);
      if (end < 0) return this.fail(`closing ${quote} expected`);
      out += this.text.slice(this.at, end);
      this.at = end + 1;
      if (this.text[this.at] !== quote) return out;
      out += quote;
      this.at++;
    }
  }

  name(): string {
    const next = this.peek();
    if (next === '`' || next === '"') return this.quoted(next);
    const name = /^[^\s<>(),.`'"]+/.exec(this.text.slice(this.at))?.[0];
    if (name === undefined) return this.fail('a name expected');
    this.at += name.length;
    return name;
  }

  /** the text of a type weir does not know: up to its nullability, its comment, or the end of what encloses it */
  unknownType(): string {
    this.skipSpace();
    const start = this.at;
    const open: string[] = [];
    while (this.at < this.text.length) {
      const char = this.text[this.at]!;
      if (char === "'" && open.length > 0) {
        this.quoted("'");
        continue;
      }
      if (open.length === 0) {
        if (char === ',' || char === '>' || char === ')' || char === "'") break;
        if (/\s/.test(char)) {
          const word = this.peekWord();
          if (word === 'NOT' || word === 'NULL' || word === 'COMMENT' || word === 'DEFAULT') break;
          continue;
        }
      }
      if (BRACKETS[char] !== undefined) open.push(BRACKETS[char]);
      else if (char === open.at(-1)) open.pop();
      this.at++;
    }
    if (open.length > 0) this.fail(`'${open.at(-1)}' expected`);
    return this.text.slice(start, this.at).trim();
  }
}

function inRange(scanner: Scanner, what: string, value: number, low: number, high: number): number {
  if (value < low || value > high) scanner.fail(`${what} ${value} is not in ${low}..${high}`);
  return value;
}

function parameter(scanner: Scanner, what: string, fallback: number, low: number, high: number): number {
  if (!scanner.take('(')) return fallback;
  const value = inRange(scanner, what, scanner.integer(), low, high);
  scanner.expect(')');
  return value;
}

function decimalType(scanner: Scanner): DataType {
  let precision = 10;
  let scale = 0;
  if (scanner.take('(')) {
    precision = inRange(scanner, 'precision', scanner.integer(), 1, 38);
    if (scanner.take(',')) scale = inRange(scanner, 'scale', scanner.integer(), 0, precision);
    scanner.expect(')');
  }
  return { kind: 'DECIMAL', nullable: true, precision, scale };
}

function rowType(scanner: Scanner): DataType {
  const close = scanner.take('(') ? ')' : '>';
  if (close === '>') scanner.expect('<');
  const fields: DataField[] = [];
  if (!scanner.take(close)) {
    do fields.push(scanField(scanner));
    while (scanner.take(','));
    scanner.expect(close);
  }
  return { kind: 'ROW', nullable: true, fields };
}

function elementType(scanner: Scanner): DataType {
  scanner.expect('<');
  const element = scanType(scanner);
  scanner.expect('>');
  return element;
}

function mapType(scanner: Scanner): DataType {
  scanner.expect('<');
  const key = scanType(scanner);
  scanner.expect(',');
  const value = scanType(scanner);
  scanner.expect('>');
  return { kind: 'MAP', nullable: true, key, value };
}

function bareType(scanner: Scanner): DataType {
  const word = scanner.peekWord();
  const atomic = ATOMIC[word];
  if (atomic !== undefined) {
    scanner.takeWord(word);
    if (atomic === 'DOUBLE') scanner.takeWord('PRECISION');
    return { kind: atomic, nullable: true };
  }
  switch (word) {
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
      scanner.takeWord(word);
      return { kind: word, nullable: true, length: parameter(scanner, 'length', 1, 1, MAX_LENGTH) };
    case 'STRING':
    case 'BYTES':
      scanner.takeWord(word);
      return { kind: word === 'STRING' ? 'VARCHAR' : 'VARBINARY', nullable: true, length: MAX_LENGTH };
    case 'DECIMAL':
    case 'NUMERIC':
    case 'DEC':
      scanner.takeWord(word);
      return decimalType(scanner);
    case 'TIME': {
      scanner.takeWord(word);
      const precision = parameter(scanner, 'precision', 0, 0, 9);
      scanner.takeWords('WITHOUT', 'TIME', 'ZONE');
      return { kind: 'TIME', nullable: true, precision };
    }
    case 'TIMESTAMP': {
      scanner.takeWord(word);
      const precision = parameter(scanner, 'precision', 6, 0, 9);
      const local = scanner.takeWords('WITH', 'LOCAL', 'TIME', 'ZONE');
      if (!local) scanner.takeWords('WITHOUT', 'TIME', 'ZONE');
      return { kind: local ? 'TIMESTAMP_LTZ' : 'TIMESTAMP', nullable: true, precision };
    }
    case 'TIMESTAMP_LTZ':
      scanner.takeWord(word);
      return { kind: 'TIMESTAMP_LTZ', nullable: true, precision: parameter(scanner, 'precision', 6, 0, 9) };
    case 'ARRAY':
    case 'MULTISET':
      scanner.takeWord(word);
      return { kind: word, nullable: true, element: elementType(scanner) };
    case 'MAP':
      scanner.takeWord(word);
      return mapType(scanner);
    case 'ROW':
      scanner.takeWord(word);
      return rowType(scanner);
    case '':
    case 'NOT':
    case 'NULL':
      return scanner.fail('a type expected');
    default:
      return { kind: 'OTHER', nullable: true, text: scanner.unknownType() };
  }
}

function scanType(scanner: Scanner): DataType {
  const type = bareType(scanner);
  if (scanner.takeWords('NOT', 'NULL')) return { ...type, nullable: false };
  scanner.takeWord('NULL');
  return type;
}

function scanField(scanner: Scanner): DataField {
  const name = scanner.name();
  const type = scanType(scanner);
  const comment = scanner.takeWord('COMMENT') || scanner.peek() === "'";
  const description = comment ? scanner.quoted("'") : undefined;
  const defaultValue = scanner.takeWord('DEFAULT') ? (scanner.peek() === "'" ? scanner.quoted("'") : scanner.name()) : undefined;
  return {
    id: -1,
    name,
    type,
    ...(description === undefined ? {} : { description }),
    ...(defaultValue === undefined ? {} : { defaultValue }),
  };
}

function whole<T>(text: string, scan: (scanner: Scanner) => T): T {
  const scanner = new Scanner(text);
  const result = scan(scanner);
  if (scanner.peek() !== '') scanner.fail('unexpected text');
  return result;
}

/**
 * A type from its text. Nested fields get id -1.
 *
 * @throws WeirError INVALID_ARGUMENT with the position of what is wrong
 */
export function parseType(text: string): DataType {
  return whole(text, scanType);
}

/**
 * A column from `name TYPE [NOT NULL] [COMMENT 'text'] [DEFAULT value]`, id -1.
 *
 * @throws WeirError INVALID_ARGUMENT with the position of what is wrong
 */
export function parseField(text: string): DataField {
  return whole(text, scanField);
}

function formatName(name: string): string {
  return PLAIN_NAME.test(name) ? name : `\`${name.replaceAll('`', '``')}\``;
}

function formatField(field: DataField): string {
  let text = `${formatName(field.name)} ${formatType(field.type)}`;
  if (field.description !== undefined) text += ` COMMENT '${field.description.replaceAll("'", "''")}'`;
  if (field.defaultValue !== undefined) text += ` DEFAULT '${field.defaultValue.replaceAll("'", "''")}'`;
  return text;
}

function formatBare(type: DataType): string {
  switch (type.kind) {
    case 'DECIMAL':
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case 'VARCHAR':
      return type.length === MAX_LENGTH ? 'STRING' : `VARCHAR(${type.length})`;
    case 'VARBINARY':
      return type.length === MAX_LENGTH ? 'BYTES' : `VARBINARY(${type.length})`;
    case 'CHAR':
    case 'BINARY':
      return `${type.kind}(${type.length})`;
    case 'TIME':
    case 'TIMESTAMP':
      return `${type.kind}(${type.precision})`;
    case 'TIMESTAMP_LTZ':
      return `TIMESTAMP(${type.precision}) WITH LOCAL TIME ZONE`;
    case 'ARRAY':
    case 'MULTISET':
      return `${type.kind}<${formatType(type.element)}>`;
    case 'MAP':
      return `MAP<${formatType(type.key)}, ${formatType(type.value)}>`;
    case 'ROW':
      return `ROW<${type.fields.map(formatField).join(', ')}>`;
    case 'OTHER':
      return type.text;
    default:
      return type.kind;
  }
}

/** The type's text in the format's spelling, with ` NOT NULL` when it is not nullable. */
export function formatType(type: DataType): string {
  return type.nullable ? formatBare(type) : `${formatBare(type)} NOT NULL`;
}
