import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { goldenTable, goldenTables, goldenWarehouse } from './golden.js';
import { readTar } from './tar.js';

describe('the golden tables', () => {
  it('are all there', () => {
    const tables = goldenTables();
    expect(tables).toHaveLength(90);
    expect(readdirSync(`${goldenWarehouse()}/golden.db/pk_postpone/bucket-postpone`)[0]?.length).toBeGreaterThan(100);
  });

  it('come with what Java reads from them', () => {
    const { meta, expected, files } = goldenTable('pk_dedup');
    expect(meta.snapshots.map(({ rows }) => rows)).toEqual([40, 38, 38, 41, 44, 44]);
    expect(files).toContain('changes-3-4.jsonl');
    expect(expected('snapshot-6.jsonl')).toHaveLength(44);
  });
});

describe('readTar', () => {
  it('refuses an archive that is cut off', () => {
    const header = new Uint8Array(512);
    header.set(new TextEncoder().encode('file'), 0);
    header.set(new TextEncoder().encode('00000001000'), 124);
    header[156] = 0x30;
    expect(() => [...readTar(header)]).toThrow('cut off in file');
  });
});
