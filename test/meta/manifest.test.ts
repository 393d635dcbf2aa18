import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/base/error.js';
import { seededRandom } from '../../src/base/random.js';
import { writeAvro } from '../../src/format/avro-container.js';
import type { AvroSchema } from '../../src/format/avro-schema.js';
import { EMPTY_ROW, serializeRow } from '../../src/meta/binary-row.js';
import { deserializeMessage, serializeMessage } from '../../src/meta/commit-message.js';
import { entryIdentity, liveEntries, mergeEntries } from '../../src/meta/file-entry-state.js';
import { DELETE_FILE } from '../../src/meta/manifest-entry.js';
import { entryToRecord, readManifest, writeManifest } from '../../src/meta/manifest-file.js';
import { describeManifest } from '../../src/meta/manifest-list.js';
import { MANIFEST_SCHEMA } from '../../src/meta/manifest-schema.js';
import { parseType } from '../../src/types/type-text.js';
import { dataFile, entry, partitionedSchema, STRING } from './samples.js';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Every member set. */
const full = entry(
  {
    minKey: serializeRow([parseType('INT')], [1]),
    maxKey: serializeRow([parseType('INT')], [7]),
    keyStats: { min: serializeRow([parseType('INT')], [1]), max: serializeRow([parseType('INT')], [7]), nullCounts: [0n] },
    valueStats: { min: serializeRow([STRING], [utf8('a')]), max: serializeRow([STRING], [null]), nullCounts: [null] },
    minSequenceNumber: -1n,
    maxSequenceNumber: 9223372036854775807n,
    level: 5,
    extraFiles: ['a.index', 'b.index'],
    creationTime_ms: null,
    deleteRowCount: null,
    embeddedFileIndex: Uint8Array.of(1, 2, 3),
    fileSource: null,
    valueStatsCols: ['v'],
    externalPath: '/x/data',
    firstRowId: 5n,
    writeCols: ['v'],
  },
  { bucket: -2, kind: DELETE_FILE },
);

describe('manifests', () => {
  it.each(['zstd', 'snappy', 'deflate', 'null'])('%s: come back as they went', async (codec) => {
    const entries = [full, entry(), entry({ valueStats: { min: EMPTY_ROW, max: EMPTY_ROW, nullCounts: null } })];
    expect(await readManifest(await writeManifest(entries, codec), 'm')).toEqual(entries);
  });

  it('share what repeats, so that a large table fits into memory', async () => {
    const read = await readManifest(await writeManifest([entry({ fileName: 'a' }), entry({ fileName: 'b' })], 'zstd'), 'm');
    expect(read[0]!.partition).toBe(read[1]!.partition);
    expect(read[0]!.file.minKey).toBe(EMPTY_ROW);
    expect(read[0]!.file.valueStats.min.buffer.byteLength).toBe(12);
  });

  it('of old releases lack members, and may wrap records in unions', async () => {
    const old = structuredClone(MANIFEST_SCHEMA) as { fields: { name: string; type: { fields: { name: string }[] } }[] };
    const file = old.fields.find(({ name }) => name === '_FILE')!.type;
    file.fields = file.fields.filter(({ name }) => !/_DELETE|_EMBEDDED|_SOURCE|_COLS|_EXTERNAL|_FIRST/.test(name));
    const [read] = await readManifest(await writeAvro(['null', old as unknown as AvroSchema], [entryToRecord(full)], 'zstd'), 'm');
    expect(read!.file).toEqual({
      ...full.file,
      valueStatsCols: null,
      embeddedFileIndex: null,
      externalPath: null,
      firstRowId: null,
      writeCols: null,
    });
  });

  it.each([
    ['_KIND', 2],
    ['_BUCKET', -3],
    ['_VERSION', 0],
    ['_PARTITION', new Uint8Array(5)],
    ['_PARTITION', Uint8Array.of(0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0)],
  ])('with %s = %s are CORRUPTION', async (name, value) => {
    const bytes = await writeAvro(MANIFEST_SCHEMA, [{ ...entryToRecord(entry()), [name]: value }], 'zstd');
    await expect(readManifest(bytes, '/t/m')).rejects.toMatchObject({
      code: 'CORRUPTION',
      file: '/t/m',
      message: expect.stringContaining(name === '_PARTITION' ? 'row' : name),
    });
  });

  it.each([
    { fileSize_bytes: -1 },
    { rowCount: -5 },
    { level: -1 },
    { fileName: '' },
    { schemaId: -1n },
    { minSequenceNumber: 10n },
    { deleteRowCount: 11n },
    { fileSource: 2 },
  ])('with a file of %o are CORRUPTION', async (change) => {
    const bytes = await writeManifest([entry(change)], 'zstd');
    await expect(readManifest(bytes, '/t/m')).rejects.toMatchObject({ code: 'CORRUPTION', file: '/t/m' });
  });

  it('of another version are UNSUPPORTED', async () => {
    const bytes = await writeAvro(MANIFEST_SCHEMA, [{ ...entryToRecord(entry()), _VERSION: 3 }], 'zstd');
    await expect(readManifest(bytes, '/t/m')).rejects.toMatchObject({ code: 'UNSUPPORTED', file: '/t/m' });
  });

  it('with any bit flipped are the same entries or CORRUPTION', async () => {
    const bytes = await writeManifest([full, entry()], 'zstd');
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const damaged = new Uint8Array(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      try {
        expect(await readManifest(damaged, '/t/m'), `bit ${bit}`).toEqual([full, entry()]);
      } catch (error) {
        expect(hasCode(error, 'CORRUPTION') && error.file, `bit ${bit}: ${error}`).toBe('/t/m');
      }
    }
  });

  it('without a codec are never more than wrong: no hang, no other error', async () => {
    const seed = 3;
    const random = seededRandom(seed);
    const bytes = await writeManifest([full, entry()], 'null');
    for (let i = 0; i < 2000; i++) {
      const damaged = new Uint8Array(bytes);
      damaged[Math.floor(random.float() * bytes.length)]! ^= 1 << Math.floor(random.float() * 8);
      await readManifest(damaged, '/t/m').catch((error) => {
        expect(hasCode(error, 'CORRUPTION') || hasCode(error, 'UNSUPPORTED'), `seed ${seed}: ${error}`).toBe(true);
      });
    }
  });
});

describe('what a list says of a manifest', () => {
  it('is what is in it', () => {
    const entries = [
      entry({ level: 3, schemaId: 2n }, { dt: 'b', bucket: 4 }),
      entry({ level: 1 }, { dt: 'abcdefghijklmnopqrstuvwxyz', kind: DELETE_FILE }),
      { ...entry(), partition: serializeRow([STRING], [null]) },
    ];
    expect(describeManifest('m', 99, entries, partitionedSchema)).toEqual({
      fileName: 'm',
      fileSize_bytes: 99,
      numAddedFiles: 2,
      numDeletedFiles: 1,
      partitionStats: {
        min: serializeRow([STRING], [utf8('abcdefghijklmnopqrstuvwxyz')]),
        max: serializeRow([STRING], [utf8('b')]),
        nullCounts: [1n],
      },
      schemaId: 2n,
      minBucket: 0,
      maxBucket: 4,
      minLevel: 0,
      maxLevel: 3,
      minRowId: null,
      maxRowId: null,
    });
  });

  it('has row ids only when every file has', () => {
    const ids = (...files: { firstRowId: bigint | null; rowCount: number }[]) => {
      const { minRowId, maxRowId } = describeManifest(
        'm',
        1,
        files.map((file) => entry(file)),
        partitionedSchema,
      );
      return [minRowId, maxRowId];
    };
    expect(ids({ firstRowId: 5n, rowCount: 10 }, { firstRowId: 0n, rowCount: 2 })).toEqual([0n, 14n]);
    expect(ids({ firstRowId: 5n, rowCount: 10 }, { firstRowId: null, rowCount: 2 })).toEqual([null, null]);
    expect(describeManifest('m', 1, [], { ...partitionedSchema, id: 4n })).toMatchObject({
      schemaId: 4n,
      minBucket: null,
      maxLevel: null,
      minRowId: null,
    });
  });
});

describe('files of a table', () => {
  const add = (fileName: string, level = 0) => entry({ fileName, level });
  const remove = (fileName: string, level = 0) => entry({ fileName, level }, { kind: DELETE_FILE });
  const names = (entries: readonly { file: { fileName: string; level: number }; kind: number }[]) =>
    entries.map(({ file, kind }) => `${kind === DELETE_FILE ? '-' : '+'}${file.fileName}${file.level}`);

  it('are the added ones without the deleted ones', () => {
    expect(names(mergeEntries([add('a'), add('b'), remove('a'), add('c')]))).toEqual(['+b0', '+c0']);
    expect(names(mergeEntries([remove('x'), add('a')]))).toEqual(['-x0', '+a0']);
    expect(
      names(
        liveEntries([
          [add('a'), add('b')],
          [remove('a'), add('a', 5)],
        ]),
      ),
    ).toEqual(['+b0', '+a5']);
    expect(names(liveEntries([[remove('a')], [add('a')]]))).toEqual([]);
  });

  it('are never there twice', () => {
    expect(() => mergeEntries([add('a'), add('a')])).toThrow(expect.objectContaining({ code: 'COMMIT_CONFLICT' }));
    expect(names(mergeEntries([add('a'), add('a', 1)]))).toHaveLength(2);
  });

  it('are told apart by partition, bucket, level, name, extra files, index and place, and by nothing else', () => {
    const variants = [
      entry(),
      entry({}, { dt: 'q' }),
      entry({}, { bucket: 1 }),
      entry({ level: 1 }),
      entry({ fileName: 'other' }),
      entry({ extraFiles: ['x'] }),
      entry({ extraFiles: ['x', 'y'] }),
      entry({ extraFiles: ['x,y'] }),
      entry({ embeddedFileIndex: Uint8Array.of(1) }),
      entry({ externalPath: '/x' }),
    ];
    expect(new Set(variants.map(entryIdentity)).size).toBe(variants.length);
    expect(entryIdentity(entry({ schemaId: 9n, rowCount: 1, fileSize_bytes: 3 }, { kind: DELETE_FILE }))).toBe(entryIdentity(entry()));
  });
});

describe('commit messages', () => {
  const message = {
    partition: full.partition,
    bucket: 3,
    totalBuckets: 4,
    newFiles: [full.file, dataFile()],
    changelogFiles: [dataFile({ fileName: 'changelog-1' })],
    compactBefore: [],
    compactAfter: [dataFile({ level: 5 })],
    compactChangelog: [],
  };

  it('travel as bytes', () => {
    expect(deserializeMessage(serializeMessage(message))).toEqual(message);
    expect(deserializeMessage(structuredClone(serializeMessage(message)))).toEqual(message);
  });

  it('of rows beside the log say how old they are; those of version 1 are taken for old', () => {
    const log = { schemaId: 3n, bodies: [{ name: 'a', rows: 2, size_bytes: 30, crc32: 4_000_000_000 }], written_ms: 1_700_000_000_000 };
    const bytes = serializeMessage({ ...message, log });
    expect(deserializeMessage(bytes)).toEqual({ ...message, log });
    // version 1 ended without the time, six bytes before the checksum
    const former = new Uint8Array(bytes.subarray(0, bytes.length - 6));
    former[4] = 1;
    new DataView(former.buffer).setUint32(former.length - 4, crc32(former.subarray(0, -4)));
    expect(deserializeMessage(former)).toEqual({ ...message, log: { ...log, written_ms: 0 } });
    const later = new Uint8Array(bytes);
    later[4] = 3;
    new DataView(later.buffer).setUint32(later.length - 4, crc32(later.subarray(0, -4)));
    expect(() => deserializeMessage(later)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });

  it('are CORRUPTION with any bit flipped or the end cut off', () => {
    const bytes = serializeMessage(message);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = new Uint8Array(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => deserializeMessage(damaged)).toThrow(expect.objectContaining({ code: 'CORRUPTION' }));
    }
    for (const length of [0, 3, 4, 5, 9, bytes.length - 1]) {
      expect(() => deserializeMessage(bytes.subarray(0, length))).toThrow(expect.objectContaining({ code: 'CORRUPTION' }));
    }
  });
});
