/** Wrong usage, and what must work without a warehouse. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench, MAIN, weir } from './support.js';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());

const ERROR_LINE = /^weir: [A-Z_]+: [^\n]+\n$/;

describe('usage', () => {
  it('prints help and version', async () => {
    const help = await weir(['--help']);
    expect(help.code).toBe(0);
    for (const verb of ['create', 'write', 'read', 'stream', 'compact', 'demo']) expect(help.out).toContain(verb);
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await weir(['--version'])).toMatchObject({ code: 0, out: `${version}\n`, err: '' });
    expect((await weir(['write', '--help'])).out).toContain('--commit-rows');
  });

  it('loads neither Arrow nor native modules for them', () => {
    const refuse =
      'export async function load(url, context, next) { if (/arrow|snappy|zstd|avsc|lossless|\\.wasm|\\.node$/.test(url)) throw new Error(url); return next(url, context); }';
    const hooks = `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(refuse)}`)});`;
    const run = (...args: string[]) =>
      spawnSync(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(hooks)}`, MAIN, ...args], { encoding: 'utf8' });
    expect(run('--help')).toMatchObject({ status: 0, stderr: '' });
    expect(run('--version')).toMatchObject({ status: 0, stderr: '' });
    // the hook does see what a command loads
    expect(run('ls', '--warehouse', bench.warehouse).status).toBe(1);
  });

  it.each([
    [['frobnicate']],
    [['read']],
    [['read', 'a.b', '--frobnicate']],
    [['read', 'a.b', '--limit', 'many']],
    [['read', 'a.b', '--format', 'xml']],
    [['read', 'a.b', '--snapshot', '1', '--as-of', '2001-01-01']],
    [['read', 'a.b', '--as-of', 'yesterday']],
    [['read', 'a.b', '--incremental', '1-2']],
    [['stream', 'a.b', '--until', 'later']],
    [['write', 'a.b']],
    [['write', 'a.b', '-', '-']],
    [['write', 'a.b', 'rows.txt']],
    [['write', 'a.b', '-', '--overwrite', '--commit-rows', '10']],
    [['write', 'a.b', '-', '--partition', 'a=1']],
    [['write', 'a.b', '-', '--commit-rows', '0']],
    [['create', 'a.b']],
    [['create', 'a.b', '--column', 'a INT', '--option', 'bucket']],
    [['alter', 'a.b', 'explode']],
    [['snapshots', 'a.b', 'c']],
  ])('%j is wrong usage', async (args) => {
    const outcome = await bench.run(args);
    expect(outcome).toMatchObject({ code: 2, out: '' });
    expect(outcome.err).toMatch(ERROR_LINE);
  });

  it('wants a warehouse, from a flag before or after the command or from the environment', async () => {
    expect(await weir(['ls'])).toMatchObject({ code: 2, out: '' });
    expect(await weir(['ls', '--warehouse', bench.warehouse])).toMatchObject({ code: 0 });
    expect(await weir(['--warehouse', `file://${bench.warehouse}`, 'ls'])).toMatchObject({ code: 0 });
    expect(await weir(['ls'], { env: { WEIR_WAREHOUSE: bench.warehouse } })).toMatchObject({ code: 0 });
    expect((await weir(['ls', '--warehouse', 's3://bucket/prefix'])).err).toMatch(/^weir: UNSUPPORTED: /);
  });

  it('tells the stack only when asked to', async () => {
    const plain = await bench.run(['show', 'no.table']);
    expect(plain).toMatchObject({ code: 1, out: '' });
    expect(plain.err).toMatch(/^weir: NOT_FOUND: [^\n]+\n$/);
    const verbose = await bench.run(['show', 'no.table', '--verbose']);
    expect(verbose.err).toMatch(/^weir: NOT_FOUND: [^\n]+\n[\s\S]+\n {4}at /);
  });
});
