/**
 * Conditions as text, in DuckDB's syntax: `delay > 60 AND (origin IN ('SEA', 'PDX') OR NOT dest LIKE 'L%')`.
 *
 *   expression  and { OR and }
 *   and         not { AND not }
 *   not         NOT not | test
 *   test        operand [ ( = <> != < <= > >= ) operand | IS [NOT] NULL
 *                       | [NOT] IN ( literal, … ) | [NOT] BETWEEN literal AND literal | [NOT] LIKE 'prefix%' ]
 *   operand     column | literal | ( expression )
 *   literal     'text' | [-]number | TRUE | FALSE | NULL | DATE 'text' | TIME 'text' | TIMESTAMP 'text'
 *
 * A comparison is between one column and one literal, on either side; a BOOLEAN column is a test by itself. Column names
 * are found in any case unless two differ by case only; "quoted" names may hold anything. Everything else DuckDB knows
 * is UNSUPPORTED, with its position. A text without a zone is UTC for TIMESTAMP WITH LOCAL TIME ZONE.
 */
import { WeirError } from '../base/error.js';
import type { DataField } from './data-type.js';
import { and, between, type Comparison, isIn, isNotNull, isNull, not, or, type Predicate, startsWith } from './predicate/condition.js';
import { valueFor, type WhereLiteral } from './where/literal-value.js';
import { type Token, tokenize, unsupported } from './where/tokens.js';

type Node =
  | { readonly kind: 'column'; readonly field: DataField; readonly at: number }
  | { readonly kind: 'literal'; readonly literal: WhereLiteral; readonly at: number }
  | { readonly kind: 'test'; readonly predicate: Predicate; readonly at: number };
type ColumnNode = Extract<Node, { kind: 'column' }>;

const COMPARISONS: Readonly<Record<string, Comparison>> = { '=': 'eq', '<>': 'ne', '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge' };
const MIRRORED: Readonly<Record<Comparison, Comparison>> = { eq: 'eq', ne: 'ne', lt: 'gt', le: 'ge', gt: 'lt', ge: 'le' };
const RESERVED: ReadonlySet<string> = new Set([
  'AND',
  'OR',
  'NOT',
  'IN',
  'IS',
  'NULL',
  'LIKE',
  'BETWEEN',
  'TRUE',
  'FALSE',
  'CASE',
  'EXISTS',
]);
const TEMPORAL: ReadonlySet<string> = new Set(['DATE', 'TIME', 'TIMESTAMP']);
/** far below what the stack holds, far above what anybody writes */
const MAX_DEPTH = 200;

class Parser {
  readonly #expression: string;
  readonly #fields: readonly DataField[];
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(expression: string, fields: readonly DataField[]) {
    this.#expression = expression;
    this.#fields = fields;
    this.#tokens = tokenize(expression);
  }

  parse(): Predicate {
    const node = this.#or();
    if (this.#peek().kind !== 'end') this.#refuse(this.#peek());
    return this.#asTest(node);
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)]!;
  }

  #isWord(word: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind === 'word' && token.text.toUpperCase() === word;
  }

  #isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind === 'symbol' && token.text === symbol;
  }

  #takeWord(word: string): boolean {
    if (!this.#isWord(word)) return false;
    this.#next++;
    return true;
  }

  #takeSymbol(symbol: string): boolean {
    if (!this.#isSymbol(symbol)) return false;
    this.#next++;
    return true;
  }

  #refuse(token: Token, what = token.kind === 'end' ? 'the end' : `'${token.text}'`): never {
    return unsupported(this.#expression, token.at, what);
  }

  #or(): Node {
    const first = this.#and();
    if (!this.#isWord('OR')) return first;
    const tests = [this.#asTest(first)];
    while (this.#takeWord('OR')) tests.push(this.#asTest(this.#and()));
    return { kind: 'test', predicate: { op: 'or', children: tests }, at: first.at };
  }

  #and(): Node {
    const first = this.#not();
    if (!this.#isWord('AND')) return first;
    const tests = [this.#asTest(first)];
    while (this.#takeWord('AND')) tests.push(this.#asTest(this.#not()));
    return { kind: 'test', predicate: { op: 'and', children: tests }, at: first.at };
  }

  #not(): Node {
    const { at } = this.#peek();
    if (!this.#takeWord('NOT')) return this.#test();
    return this.#deeper(() => ({ kind: 'test', predicate: not(this.#asTest(this.#not())), at }));
  }

  #deeper(parse: () => Node): Node {
    if (++this.#depth > MAX_DEPTH) this.#refuse(this.#peek(), `more than ${MAX_DEPTH} levels`);
    const node = parse();
    this.#depth--;
    return node;
  }

  #test(): Node {
    const left = this.#operand();
    const token = this.#peek();
    const comparison = token.kind === 'symbol' ? COMPARISONS[token.text] : undefined;
    if (comparison !== undefined) {
      this.#next++;
      return { kind: 'test', predicate: this.#compare(left, comparison, token, this.#operand()), at: left.at };
    }
    if (this.#takeWord('IS')) {
      const column = this.#asColumn(left, token);
      const negated = this.#takeWord('NOT');
      if (!this.#takeWord('NULL')) this.#refuse(this.#peek());
      return { kind: 'test', predicate: negated ? isNotNull(column.field.name) : isNull(column.field.name), at: left.at };
    }
    const negated = this.#isWord('NOT') && (this.#isWord('IN', 1) || this.#isWord('BETWEEN', 1) || this.#isWord('LIKE', 1));
    if (negated) this.#next++;
    const test = this.#membership(left);
    if (test === undefined) return left;
    return { kind: 'test', predicate: negated ? not(test) : test, at: left.at };
  }

  /** IN, BETWEEN, LIKE behind `left`; undefined when there is none of them. */
  #membership(left: Node): Predicate | undefined {
    const token = this.#peek();
    if (this.#takeWord('IN')) {
      const { field } = this.#asColumn(left, token);
      if (!this.#takeSymbol('(')) this.#refuse(this.#peek());
      const values: unknown[] = [];
      do values.push(this.#value(field));
      while (this.#takeSymbol(','));
      if (!this.#takeSymbol(')')) this.#refuse(this.#peek());
      return isIn(field.name, values);
    }
    if (this.#takeWord('BETWEEN')) {
      const { field } = this.#asColumn(left, token);
      const low = this.#value(field);
      if (!this.#takeWord('AND')) this.#refuse(this.#peek());
      return between(field.name, low, this.#value(field));
    }
    if (this.#takeWord('LIKE')) return this.#like(this.#asColumn(left, token));
    return undefined;
  }

  #like({ field }: ColumnNode): Predicate {
    const token = this.#peek();
    if (token.kind !== 'string') return this.#refuse(token);
    this.#next++;
    const prefix = token.text.replace(/%+$/, '');
    if (/[%_]/.test(prefix)) this.#refuse(token, `a pattern that is no prefix ('${token.text}')`);
    if (prefix !== token.text) return startsWith(field.name, prefix);
    return { op: 'eq', column: field.name, value: valueFor(field, { kind: 'string', text: prefix }) };
  }

  #compare(left: Node, comparison: Comparison, token: Token, right: Node): Predicate {
    if (left.kind === 'column' && right.kind === 'literal') {
      return { op: comparison, column: left.field.name, value: valueFor(left.field, right.literal) };
    }
    if (left.kind === 'literal' && right.kind === 'column') {
      return { op: MIRRORED[comparison], column: right.field.name, value: valueFor(right.field, left.literal) };
    }
    return this.#refuse(token, `'${token.text}' that is not between a column and a literal`);
  }

  #value(field: DataField): unknown {
    const token = this.#peek();
    const node = this.#operand();
    return node.kind === 'literal' ? valueFor(field, node.literal) : this.#refuse(token, 'something else than a literal');
  }

  #operand(): Node {
    const token = this.#peek();
    const { at } = token;
    if (this.#takeSymbol('(')) {
      const node = this.#deeper(() => this.#or());
      if (!this.#takeSymbol(')')) this.#refuse(this.#peek());
      return this.#unfollowed(node);
    }
    const literal = this.#literal();
    if (literal !== undefined) return this.#unfollowed({ kind: 'literal', literal, at });
    if (token.kind !== 'name' && (token.kind !== 'word' || RESERVED.has(token.text.toUpperCase()))) this.#refuse(token);
    this.#next++;
    if (token.kind === 'word' && this.#isSymbol('(')) this.#refuse(token, `a function (${token.text})`);
    if (this.#isSymbol('.') || this.#isSymbol('[')) this.#refuse(this.#peek(), 'access to a part of a value');
    return this.#unfollowed({ kind: 'column', field: this.#field(token.text), at });
  }

  /** Operators that would make an operand of it that is not understood. */
  #unfollowed(node: Node): Node {
    const token = this.#peek();
    if (token.kind === 'symbol' && ['+', '-', '::', '[', '.'].includes(token.text)) this.#refuse(token);
    return node;
  }

  #literal(): WhereLiteral | undefined {
    const token = this.#peek();
    if (token.kind === 'string' || token.kind === 'number') {
      this.#next++;
      return { kind: token.kind, text: token.text };
    }
    if ((this.#isSymbol('-') || this.#isSymbol('+')) && this.#peek(1).kind === 'number') {
      this.#next += 2;
      return { kind: 'number', text: token.text + this.#peek(-1).text };
    }
    if (token.kind !== 'word') return undefined;
    const word = token.text.toUpperCase();
    if (TEMPORAL.has(word) && this.#peek(1).kind === 'string') {
      this.#next += 2;
      return { kind: 'temporal', text: this.#peek(-1).text };
    }
    if (word !== 'TRUE' && word !== 'FALSE' && word !== 'NULL') return undefined;
    this.#next++;
    return word === 'NULL' ? { kind: 'null' } : { kind: 'boolean', value: word === 'TRUE' };
  }

  #field(name: string): DataField {
    const exact = this.#fields.find((field) => field.name === name);
    if (exact !== undefined) return exact;
    const alike = this.#fields.filter((field) => field.name.toLowerCase() === name.toLowerCase());
    if (alike.length === 1) return alike[0]!;
    const names = this.#fields.map((field) => field.name).join(', ');
    throw new WeirError(
      'INVALID_ARGUMENT',
      `${alike.length === 0 ? 'there is no' : 'there are several'} columns '${name}': the columns are ${names}`,
    );
  }

  #asColumn(node: Node, operator: Token): ColumnNode {
    return node.kind === 'column' ? node : this.#refuse(operator, `'${operator.text}' behind something else than a column`);
  }

  #asTest(node: Node): Predicate {
    if (node.kind === 'test') return node.predicate;
    if (node.kind === 'column' && node.field.type.kind === 'BOOLEAN') return { op: 'eq', column: node.field.name, value: true };
    if (node.kind === 'literal' && node.literal.kind === 'boolean') return node.literal.value ? and() : or();
    return unsupported(this.#expression, node.at, 'something that is neither true nor false');
  }
}

/**
 * The condition that a text says, over these columns.
 *
 * @throws WeirError UNSUPPORTED with the position of what is not understood, INVALID_ARGUMENT for an unknown column or a
 * literal that a column's type cannot be compared with
 */
export function parseWhere(text: string, fields: readonly DataField[]): Predicate {
  return new Parser(text, fields).parse();
}
