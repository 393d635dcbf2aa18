/** Slots and bodies as bytes: what goes in comes out, any Arrow reader reads them, no damage goes unseen. */
import { crc32 } from 'node:zlib';
import { tableFromIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import type { SlotContent } from '../../src/log/slot.js';
import { decodeBody, decodeHeader, decodeSlotRows, encodeBody, encodeSlot } from '../../src/log/slot-codec.js';
import { rowsOf as objectsOf } from '../../src/types/row-reader.js';
import { commitsOf, FIELDS, headerOf, rowsOf } from './samples.js';

const FILE = '/t/log/L/0000/00000000000000000007.arrow';
const five = () =>
  rowsOf(
    [0, 1, 2, 3, 4].map((i) => ({ id: BigInt(i), text: i % 2 === 0 ? `täxt ${i}` : null })),
    Uint8Array.of(0, 1, 2, 3, 0),
  );

const RECORDS: SlotContent[] = [
  { kind: 'open', user: 'job ä' },
  { kind: 'start' },
  { kind: 'closed' },
  { kind: 'claim', by: 'x', until_ms: 12 },
  { kind: 'reserve', user: 'job', epoch: 3n, rows: 5 },
  {
    kind: 'tree',
    users: [
      { user: 'a', epoch: 1n, identifier: 9223372036854775806n, time_ms: 5 },
      { user: 'b', epoch: 2n, identifier: undefined, time_ms: 6 },
      { user: 'c', epoch: 2n, identifier: 1n, reserved: 9n, time_ms: 6 },
    ],
    coverage: [{ position: 4n, time_ms: 5 }],
  },
  {
    kind: 'commits',
    commits: [
      {
        user: 'a',
        epoch: 1n,
        identifier: 5n,
        watermark: -7n,
        inlineRows: 0,
        bodies: [{ name: 'n', rows: 3, size_bytes: 10, crc32: 4294967295 }],
      },
      { user: 'b', epoch: 2n, identifier: 6n, inlineRows: 2, bodies: [] },
    ],
  },
];

describe('a slot', () => {
  it('gives back its header and rows', () => {
    const bytes = encodeSlot(headerOf(), five());
    expect(decodeHeader(bytes, FILE)).toEqual(headerOf());
    const [part, ...more] = decodeSlotRows(bytes, FIELDS, FILE);
    expect(more).toEqual([]);
    expect(objectsOf(part!.batch)).toEqual(objectsOf(five().batch));
    expect([...part!.kinds]).toEqual([0, 1, 2, 3, 0]);
  });

  for (const content of RECORDS) {
    it(`says ${content.kind}`, () => {
      const end = content.kind === 'commits' || content.kind === 'reserve' ? 105n : 100n;
      const header = headerOf({ content, end });
      expect(decodeHeader(encodeSlot(header, undefined), FILE)).toEqual(header);
    });
  }

  it('is an Arrow stream to any reader, its header in the metadata', () => {
    const table = tableFromIPC(encodeSlot(headerOf(), five()));
    expect(table.numRows).toBe(5);
    expect(table.schema.names).toEqual(['id', 'text', '_VALUE_KIND']);
    expect(JSON.parse(table.schema.metadata.get('weir.slot')!)).toMatchObject({ version: 1, log: 'L', slot: 7, kind: 'commits' });
  });

  it('may be without what the table demands: a delete knows its key only', () => {
    const strict = FIELDS.map((field) => ({ ...field, type: { ...field.type, nullable: false } }));
    const loose = rowsOf([{ id: 1n, text: null }], Uint8Array.of(3));
    const bytes = encodeSlot(headerOf({ end: 101n, content: commitsOf(1) }), loose);
    expect(objectsOf(decodeSlotRows(bytes, strict, FILE)[0]!.batch)).toEqual([{ id: 1n, text: null }]);
  });
});

describe('damage', () => {
  const damaged = expect.objectContaining({ code: 'CORRUPTION', file: FILE });
  const caught = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return error;
    }
  };

  it('of any byte of a slot is seen', () => {
    const bytes = encodeSlot(headerOf(), five());
    for (let at = 0; at < bytes.length; at++) {
      const harmed = Uint8Array.from(bytes);
      harmed[at]! ^= 1 << (at % 8);
      expect(caught(() => decodeHeader(harmed, FILE))).toEqual(damaged);
    }
  });

  it('of a slot that is cut off is seen, at any length', () => {
    const bytes = encodeSlot(headerOf(), five());
    for (let length = 0; length < bytes.length; length++)
      expect(caught(() => decodeHeader(bytes.subarray(0, length), FILE))).toEqual(damaged);
  });

  it('of any byte of a body, and of its length, is seen', () => {
    const bytes = encodeBody([five()]);
    const expected = { size_bytes: bytes.length, crc32: crc32(bytes) };
    expect(objectsOf(decodeBody(bytes, expected, FIELDS, FILE)[0]!.batch)).toEqual(objectsOf(five().batch));
    for (let at = 0; at < bytes.length; at++) {
      const harmed = Uint8Array.from(bytes);
      harmed[at]! ^= 1 << (at % 8);
      expect(caught(() => decodeBody(harmed, expected, FIELDS, FILE))).toEqual(damaged);
      expect(caught(() => decodeBody(bytes.subarray(0, at), expected, FIELDS, FILE))).toEqual(damaged);
    }
  });

  it('of a header whose numbers cannot be is seen, though its checksum is right', () => {
    for (const wrong of [
      { slot: 0n },
      { start: 8n },
      { start: 0n },
      { end: 99n },
      { end: 104n },
      { tree: { slot: 8n, snapshot: 1n, position: 1n } },
      { tree: { slot: 5n, snapshot: 1n, position: 8n } },
    ])
      expect(caught(() => decodeHeader(encodeSlot(headerOf(wrong), five()), FILE))).toEqual(damaged);
  });

  it('what a later weir wrote is refused by name', () => {
    const later = { kind: 'merge' } as unknown as SlotContent;
    expect(caught(() => decodeHeader(encodeSlot(headerOf({ content: later }), undefined), FILE))).toMatchObject({ code: 'UNSUPPORTED' });
  });
});
