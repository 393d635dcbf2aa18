/**
 * JSON without rounding: integers a double cannot hold are bigint, both ways.
 *
 * `JSON.parse` turns 9223372036854775807 (the commit identifier of every batch job) into ...808; Paimon's
 * metadata is full of i64, so nothing in weir reads or writes a metadata document with the built-in JSON.
 */
import { isInteger, parse, stringify } from 'lossless-json';

/** An integer beyond ±2^53 becomes a bigint, every other number a double. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  return parse(text, null, (digits) => {
    if (isInteger(digits)) {
      const number = Number(digits);
      return Number.isSafeInteger(number) ? number : BigInt(digits);
    }
    return Number(digits);
  });
}

/** A bigint is printed as a plain number; undefined members are left out; `indent` is a number of spaces. */
export function stringifyJson(value: unknown, indent?: number): string {
  const text = stringify(value, null, indent);
  if (text === undefined) throw new TypeError('not a JSON value');
  return text;
}

/**
 * The layout of Jackson's default pretty printer, which Paimon's own documents have: two spaces a level,
 * `"key" : value`, arrays on one line but for the objects in them, `[ ]` and `{ }` when empty.
 * Members that are undefined are left out.
 */
export function formatJson(value: unknown, indent = ''): string {
  if (Array.isArray(value)) {
    return value.length === 0 ? '[ ]' : `[ ${value.map((item) => formatJson(item, indent)).join(', ')} ]`;
  }
  if (typeof value === 'object' && value !== null) {
    const inner = `${indent}  `;
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => `${inner}${JSON.stringify(key)} : ${formatJson(member, inner)}`);
    return members.length === 0 ? '{ }' : `{\n${members.join(',\n')}\n${indent}}`;
  }
  return stringifyJson(value);
}
