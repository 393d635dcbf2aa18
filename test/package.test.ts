/**
 * The package as a stranger gets it: packed, installed in an empty folder, imported, type-checked against, its command
 * line run, its worker threads used.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const folder = mkdtempSync(join(tmpdir(), 'weir-package-'));
const consumer = join(folder, 'consumer');
let packed: { filename: string; size: number; files: { path: string }[] };

beforeAll(() => {
  // scripts print to stdout before the JSON does
  const output = run('npm', ['pack', '--json', '--pack-destination', folder], root);
  packed = (JSON.parse(output.slice(output.search(/^\[/m))) as (typeof packed)[])[0] ?? expect.fail('npm pack packed nothing');
  mkdirSync(consumer);
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, packed.filename)], consumer);
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package', () => {
  it('holds the built files and their papers, and nothing else', () => {
    const allowed = /^(dist\/.+\.(js|d\.ts)|format-spec\/.+\.md|README\.md|CHANGELOG\.md|LICENSE|package\.json)$/;
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => !allowed.test(path) || /\.(test|bench)\./.test(path))).toEqual([]);
    for (const path of ['dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js', 'dist/base/worker-entry.js', 'README.md', 'LICENSE']) {
      expect(paths).toContain(path);
    }
    const own = sizeOf(join(consumer, 'node_modules', 'weir'));
    console.log(
      `weir: ${megabytes(packed.size)} packed, ${megabytes(own)} installed, ${megabytes(sizeOf(consumer))} with its dependencies`,
    );
  });

  it('can be imported and run with worker threads', () => {
    writeFileSync(
      join(consumer, 'use.js'),
      `
      import { bigint, eq, openCatalog, string } from 'weir';
      import { rmSync } from 'node:fs';
      const warehouse = new URL('./warehouse', import.meta.url).pathname;
      const catalog = await openCatalog({ warehouse, threads: 1 });
      try {
        const table = await catalog.createTable('ods.cities', {
          schema: { id: bigint().notNull(), name: string() }, primaryKey: ['id'], options: { bucket: 2 },
        });
        const writer = await table.openWriter({ commitUser: 'loader' });
        await writer.write([{ id: 1n, name: 'Oslo' }, { id: 2n, name: 'Lima' }, { id: 3n, name: 'Kyoto' }]);
        await writer.commit({ identifier: 1n });
        await writer.write({ id: 2n, name: 'Quito' });
        await writer.delete({ id: 3n });
        await writer.commit({ identifier: 2n });
        await writer.close();
        const rows = await table.scan().toArray();
        const [found] = await table.scan({ where: eq('id', 2n) }).toArray();
        const names = rows.map((row) => row.name).sort();
        console.log(JSON.stringify({ names, found: found.name, got: (await table.get({ id: 1n })).name }));
      } finally {
        await catalog.close();
        rmSync(warehouse, { recursive: true });
      }
      `,
    );
    const output = run(process.execPath, ['use.js'], consumer);
    expect(JSON.parse(output)).toEqual({ names: ['Oslo', 'Quito'], found: 'Quito', got: 'Oslo' });
  });

  it('comes with types: what is right compiles, a wrong column does not', () => {
    writeFileSync(
      join(consumer, 'use.ts'),
      `
      import { bigint, type CommitResult, openCatalog, string, type Table, WeirError } from 'weir';
      export async function use(signal: AbortSignal): Promise<bigint | undefined> {
        await using catalog = await openCatalog({ warehouse: '/tmp/wh' });
        const table = await catalog.createTable('ods.cities', { schema: { id: bigint().notNull(), name: string() }, primaryKey: ['id'] });
        await using writer = await table.openWriter({ commitUser: 'loader' });
        await writer.write({ id: 1n, name: null });
        // @ts-expect-error there is no such column
        await writer.write({ id: 1n, title: 'x' });
        // @ts-expect-error a BIGINT is a bigint
        await writer.write({ id: 1, name: 'x' });
        const result: CommitResult = await writer.commit({ identifier: 42n });
        for await (const row of table.scan({ columns: ['name'] }).rows()) console.log(row.name?.toUpperCase());
        for await (const change of table.changes({ from: 'latest-full', signal })) console.log(change.position, change.kinds.length);
        const untyped: Table = await catalog.table('ods.cities');
        try { await untyped.compact({ full: true }); } catch (error) { if (!(error instanceof WeirError)) throw error; }
        return result.snapshot;
      }
      `,
    );
    const compilerOptions = {
      target: 'ES2022',
      lib: ['ES2022', 'ESNext.Disposable', 'DOM'],
      module: 'NodeNext',
      moduleResolution: 'NodeNext',
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      typeRoots: [join(root, 'node_modules', '@types')],
      types: ['node'],
    };
    writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
    run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', consumer], consumer);
  });

  it('brings its command line', () => {
    expect(run('npx', ['--no-install', 'weir', '--version'], consumer).trim()).toBe(manifest.version);
  });
});

/** Standard output of a command; fails with all it printed when it fails. */
function run(command: string, parameters: readonly string[], cwd: string): string {
  const env = { ...process.env, NODE_OPTIONS: '', npm_config_update_notifier: 'false' };
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { cwd, env, encoding: 'utf8', timeout: 280_000 });
  if (status !== 0) expect.fail(`${command} ${parameters.join(' ')}: ${error?.message ?? `exit ${status}`}\n${stdout}\n${stderr}`);
  return stdout;
}

function sizeOf(directory: string): number {
  const entries = readdirSync(directory, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function megabytes(size_bytes: number): string {
  return `${(size_bytes / 1e6).toFixed(1)} MB`;
}
