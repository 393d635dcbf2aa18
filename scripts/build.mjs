/**
 * Builds dist/ from src/ with tsc, and makes the command line executable.
 *
 *   node scripts/build.mjs           type-checked; fails on the first type error
 *   node scripts/build.mjs --fast    without the type check (tests: `npm run types` is the check)
 *
 * Skipped when nothing changed: a stamp in dist/ holds a hash of the sources, the settings and the compiler's version.
 * Files move into place one by one and only where they differ, so that programs running from dist/ are not disturbed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const stampFile = join(dist, '.stamp');
const compiler = join(root, 'node_modules', 'typescript');
const fast = process.argv.includes('--fast');

const hash = fingerprint();
const present = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
if (present !== `${hash} checked` && !(fast && present === `${hash} fast`)) build();

function build() {
  const scratch = join(root, 'node_modules', '.cache');
  mkdirSync(scratch, { recursive: true });
  const fresh = mkdtempSync(join(scratch, 'weir-build-'));
  try {
    const options = ['-p', join(root, 'tsconfig.json'), '--outDir', fresh, ...(fast ? ['--noCheck'] : [])];
    const { status } = spawnSync(process.execPath, [join(compiler, 'bin', 'tsc'), ...options], { stdio: 'inherit' });
    if (status !== 0) process.exit(1);
    publish(fresh);
    writeFileSync(stampFile, `${hash} ${fast ? 'fast' : 'checked'}`);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Makes dist/ equal to `fresh`. */
function publish(fresh) {
  const files = filesBelow(fresh);
  for (const file of files) {
    const target = join(dist, file);
    if (existsSync(target) && readFileSync(target).equals(readFileSync(join(fresh, file)))) continue;
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(fresh, file), target);
  }
  const current = new Set([...files, relative(dist, stampFile)]);
  for (const file of filesBelow(dist)) if (!current.has(file)) rmSync(join(dist, file), { force: true });
  const main = join(dist, 'cli', 'main.js');
  if (existsSync(main)) chmodSync(main, 0o755);
}

/** One hash over all that the output depends on. */
function fingerprint() {
  const digest = createHash('sha256');
  digest.update(JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8')).version);
  const sources = filesBelow(join(root, 'src')).filter((file) => file.endsWith('.ts'));
  for (const file of ['tsconfig.json', 'scripts/build.mjs', ...sources.map((source) => join('src', source))]) {
    digest.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return digest.digest('hex');
}

/** Paths of the files below `folder`, relative to it, sorted. */
function filesBelow(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
