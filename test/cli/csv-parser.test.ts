import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { CsvParser, CsvSyntaxError, csvCell } from '../../src/cli/input/csv-parser.js';

function parse(text: string, cuts: readonly number[] = []) {
  const parser = new CsvParser();
  const records = [];
  let at = 0;
  for (const cut of [...cuts, text.length]) {
    records.push(...parser.push(text.slice(at, cut)));
    at = cut;
  }
  records.push(...parser.finish(), ...parser.finish());
  return records;
}

const cells = (text: string) => parse(text).map((record) => record.cells);

describe('CSV', () => {
  it('tells missing from empty', () => {
    expect(cells('a,b,c\n1,,""\n')).toEqual([
      ['a', 'b', 'c'],
      ['1', null, ''],
    ]);
  });

  it('takes quotes, commas, line ends and doubled quotes', () => {
    expect(cells('"a,b","c""d","e\nf"\r\nx,"y",z')).toEqual([
      ['a,b', 'c"d', 'e\nf'],
      ['x', 'y', 'z'],
    ]);
  });

  it('knows on which line a record begins', () => {
    expect(parse('h,i\n"a\n\nb",1\n\n2,3\n').map((record) => record.line)).toEqual([1, 2, 6]);
  });

  it('skips blank lines, but where a record has one cell', () => {
    expect(cells('a,b\n\n1,2\n')).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
    expect(cells('a\n\n1\n')).toEqual([['a'], [null], ['1']]);
  });

  it('refuses what RFC 4180 does not know', () => {
    expect(() => parse('a\n"b')).toThrow(new CsvSyntaxError('a quoted cell has no closing quote', 2));
    expect(() => parse('a\n"b"c\n')).toThrow('text after the closing quote');
    expect(() => parse('a\nb"c\n')).toThrow('a quote inside a cell');
  });

  it('gives the records before a bad one', () => {
    const parser = new CsvParser();
    expect(parser.push('a\n1\nb"c\n2\n').map((record) => record.cells)).toEqual([['a'], ['1']]);
    expect(() => parser.push('3\n')).toThrow('a quote inside a cell');
    expect(() => parser.finish()).toThrow('a quote inside a cell');
  });

  it('gives the same records however the text is cut', () => {
    const seed = 20011;
    const random = seededRandom(seed);
    const pool = [null, '', 'x', 'a,b', '"', '""', 'line\nend', 'cr\r\nlf', ' space ', 'é€😀'];
    for (let round = 0; round < 200; round += 1) {
      const arity = 1 + Math.floor(random.float() * 4);
      const rows = Array.from({ length: 5 }, () =>
        Array.from({ length: arity }, () => pool[Math.floor(random.float() * pool.length)] ?? null),
      );
      const end = random.float() < 0.5 ? '\n' : '\r\n';
      const header = Array.from({ length: arity }, (_, i) => `h${i}`);
      const text = [header, ...rows].map((row) => row.map(csvCell).join(',')).join(end) + end;
      const cuts = Array.from({ length: 4 }, () => Math.floor(random.float() * text.length)).sort((a, b) => a - b);
      expect(
        parse(text, cuts).map((record) => record.cells),
        `seed ${seed} round ${round} cuts ${cuts}`,
      ).toEqual([header, ...rows]);
    }
  });
});
