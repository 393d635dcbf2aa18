/** JSON lines: an object a line, blank lines skipped. One batch a piece of input, so that a slow pipe is not held back. */
import { WeirError } from '../../base/error.js';
import { JsonLineDecoder } from '../../types/json-line.js';
import type { InputBatch, InputOptions } from './input-batch.js';
import { LineNumbers } from './line-numbers.js';
import { sourceName, textChunks } from './text-source.js';

export async function* readJsonLines(file: string, options: InputOptions): AsyncGenerator<InputBatch, void, undefined> {
  const source = sourceName(file);
  const decoder = new JsonLineDecoder(options.fields, options.kindColumn === undefined ? {} : { kindColumn: options.kindColumn });
  const numbers = new LineNumbers();
  let line = 0;
  let rest = '';
  const push = (text: string) => {
    line += 1;
    if (isBlank(text)) return;
    try {
      decoder.push(text);
    } catch (error) {
      throw atLine(error, source, line);
    }
    numbers.push(line);
  };
  const finish = (): InputBatch => {
    const { batch, kinds } = decoder.finish();
    return { batch, kinds: kinds ?? null, source, lines: numbers.finish(), firstRow: 0 };
  };
  for await (const text of textChunks(file, options)) {
    const lines = text.split('\n');
    lines[0] = rest + (lines[0] ?? '');
    rest = lines.pop() ?? '';
    let failure: unknown;
    for (const each of lines) {
      try {
        push(each);
      } catch (error) {
        failure = error;
        break;
      }
    }
    // the rows before a bad one come first: they may fill a commit
    if (numbers.length > 0) yield finish();
    if (failure !== undefined) throw failure;
  }
  if (rest !== '') push(rest);
  if (numbers.length > 0) yield finish();
}

/** The same error with the place before its message. */
export function atLine(error: unknown, source: string, line: number): unknown {
  if (!(error instanceof WeirError)) return error;
  return new WeirError(error.code, `${source} line ${line}: ${error.message}`, { cause: error, file: source });
}

function isBlank(text: string): boolean {
  return text.length < 64 && text.trim() === '';
}
