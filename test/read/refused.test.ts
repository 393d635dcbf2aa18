/** What weir meets in files and cannot read is UNSUPPORTED naming the file or the column, never passed over. */
import { describe, expect, it } from 'vitest';
import { snapshotDeletions } from '../../src/meta/deletion-files.js';
import type { ManifestStore } from '../../src/meta/manifest-store.js';
import { TablePath } from '../../src/meta/table-path.js';
import { memoryCatalog } from '../support/memory-catalog.js';

async function tableOfOneRow() {
  const { catalog, fileIO } = await memoryCatalog();
  const table = await catalog.createTable('db.t', { schema: { k: 'INT', v: 'STRING' } });
  const writer = await table.openWriter();
  await writer.write([{ k: 1, v: 'a' }]);
  await writer.commit();
  const [entry] = await table.files();
  return { table, fileIO, file: `${table.path}/bucket-0/${entry!.file.fileName}` };
}

describe.each(['VARIANT', 'BLOB', 'VECTOR<FLOAT, 3>', 'GEOMETRY', 'ARRAY<VARIANT>'])('a column of type %s', (type) => {
  it('is not read; the others are', async () => {
    const { table, fileIO } = await tableOfOneRow();
    const schema = JSON.parse(Buffer.from(await fileIO.readFile(`${table.path}/schema/schema-0`)).toString()) as {
      id: number;
      highestFieldId: number;
      fields: unknown[];
    };
    const json = type.startsWith('ARRAY') ? { type: 'ARRAY', element: 'VARIANT' } : type;
    const fields = [...schema.fields, { id: 2, name: 'odd', type: json }];
    const next = JSON.stringify({ ...schema, id: 1, highestFieldId: 2, fields, weirChecksum: undefined });
    await fileIO.writeFile(`${table.path}/schema/schema-1`, Buffer.from(next));
    await table.refresh();
    expect(table.schema.id).toBe(1n);
    await expect(table.scan().toArray()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(await table.scan({ columns: ['k', 'v'] }).toArray()).toEqual([{ k: 1, v: 'a' }]);
    await expect(table.openWriter()).rejects.toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('odd') });
  });
});

it('an encrypted Parquet file', async () => {
  const { table, fileIO, file } = await tableOfOneRow();
  const bytes = Uint8Array.from(await fileIO.readFile(file));
  bytes.set(Buffer.from('PARE'), bytes.length - 4);
  await fileIO.replace(file, bytes);
  await expect(table.scan().toArray()).rejects.toMatchObject({ code: 'UNSUPPORTED', file });
});

it('a snapshot and a schema of a newer version', async () => {
  for (const name of ['snapshot/snapshot-1', 'schema/schema-0']) {
    const { table, fileIO } = await tableOfOneRow();
    const path = `${table.path}/${name}`;
    const document = Buffer.from(await fileIO.readFile(path)).toString();
    // as others write it, without weir's checksum
    const newer = document.replace(/"version"\s*:\s*3/, '"version": 4').replace(/,\s*"weirChecksum"\s*:\s*"\w+"/, '');
    expect(newer).not.toBe(document);
    await fileIO.replace(path, Buffer.from(newer));
    const { catalog } = await memoryCatalog(fileIO);
    const read = async () => (await catalog.table('db.t')).scan().toArray();
    await expect(read()).rejects.toMatchObject({ code: 'UNSUPPORTED', file: path });
  }
});

it('index files of a type that may change what is visible', async () => {
  const { table } = await tableOfOneRow();
  const snapshot = { ...(await table.snapshot())!, indexManifest: 'index-manifest-1' };
  const read = (indexType: string) => {
    const manifests = { readIndex: async () => [{ indexType, kind: 1 }] } as unknown as ManifestStore;
    return snapshotDeletions(manifests, new TablePath('/t'), table.schema, snapshot);
  };
  for (const known of ['HASH', 'DELETION_VECTORS']) await read(known);
  await expect(read('btree')).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    file: '/t/manifest/index-manifest-1',
    message: expect.stringContaining('btree'),
  });
});
