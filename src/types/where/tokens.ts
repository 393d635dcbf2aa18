/**
 * Words of a `--where` expression.
 *
 * Invariant: every token says where it begins (`at`, from 0), so that every complaint can.
 */
import { WeirError } from '../../base/error.js';

export interface Token {
  /** word: an unquoted name or keyword; name: a quoted one; end: behind the last character */
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'symbol' | 'end';
  /** as written; of names and strings what is between the quotes, doubled quotes undone; symbols spelled one way */
  readonly text: string;
  readonly at: number;
}

const SPACE = /\s*/y;
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\p{L}\p{N}_])/uy;
const SYMBOL = /<=|>=|<>|!=|==|::|[=<>(),.+\-[\]]/y;
const SPELLING: Readonly<Record<string, string>> = { '!=': '<>', '==': '=' };

/** @throws UNSUPPORTED always */
export function unsupported(expression: string, at: number, what: string): never {
  throw new WeirError('UNSUPPORTED', `${what} at position ${at + 1} of the condition: ${expression}`);
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** What is between quotes, and where it ends. */
function quoted(expression: string, at: number, quote: string): { text: string; end: number } {
  let text = '';
  let from = at + 1;
  for (;;) {
    const close = expression.indexOf(quote, from);
    if (close < 0) return unsupported(expression, at, `a ${quote} that is not closed`);
    text += expression.slice(from, close);
    if (expression[close + 1] !== quote) return { text, end: close + 1 };
    text += quote;
    from = close + 2;
  }
}

/** @throws WeirError UNSUPPORTED for a character that begins no token */
export function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += match(SPACE, expression, at)!.length;
    if (at >= expression.length) return [...tokens, { kind: 'end', text: '', at }];
    const quote = expression[at]!;
    if (quote === "'" || quote === '"') {
      const { text, end } = quoted(expression, at, quote);
      tokens.push({ kind: quote === "'" ? 'string' : 'name', text, at });
      at = end;
      continue;
    }
    const word = match(WORD, expression, at);
    const number = word === undefined ? match(NUMBER, expression, at) : undefined;
    const symbol = number === undefined ? match(SYMBOL, expression, at) : undefined;
    const text = word ?? number ?? symbol;
    if (text === undefined) return unsupported(expression, at, `'${quote}'`);
    tokens.push({ kind: word !== undefined ? 'word' : number !== undefined ? 'number' : 'symbol', text: SPELLING[text] ?? text, at });
    at += text.length;
  }
}
