import { describe, expect, it } from 'vitest';
import { formatJson, parseJson, stringifyJson } from '../../src/base/lossless-json.js';

describe('lossless JSON', () => {
  it('keeps integers a double cannot hold', () => {
    const text = '{"a":9223372036854775807,"b":-9223372036854775808,"c":9007199254740993,"d":12,"e":1.5,"f":86400.000000000,"g":1e3}';
    const value = parseJson(text);
    expect(value).toEqual({ a: 9223372036854775807n, b: -9223372036854775808n, c: 9007199254740993n, d: 12, e: 1.5, f: 86400, g: 1000 });
    expect(parseJson(stringifyJson(value))).toEqual(value);
  });

  it('prints bigints as numbers and leaves undefined members out', () => {
    expect(stringifyJson({ id: 1n, big: 9223372036854775807n, none: undefined, list: [1n, null] })).toBe(
      '{"id":1,"big":9223372036854775807,"list":[1,null]}',
    );
    expect(() => stringifyJson(undefined)).toThrow(TypeError);
  });

  it('refuses what is not JSON', () => {
    for (const text of ['', '{', '{"a":}', '[1,]', 'nul', '{"a":1}x']) expect(() => parseJson(text), text).toThrow(SyntaxError);
  });

  it("has the layout of Paimon's documents", () => {
    const text = formatJson({ a: 1n, b: [{ c: 'x"y' }, { d: [] }], e: {}, f: ['p', 'q'], g: undefined });
    expect(text).toBe(
      '{\n  "a" : 1,\n  "b" : [ {\n    "c" : "x\\"y"\n  }, {\n    "d" : [ ]\n  } ],\n  "e" : { },\n  "f" : [ "p", "q" ]\n}',
    );
  });
});
