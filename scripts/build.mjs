/**
 * Builds dist/ from src/, and makes the command line executable.
 *
 *   node scripts/build.mjs           tsc: type-checked, with declarations; fails on a type error
 *   node scripts/build.mjs --fast    only the JavaScript of the files that changed, unchecked (before tests)
 *
 * dist/.stamp.json holds a hash per source (with the settings and the compiler's version in it): what has not changed
 * is not built again. Files move into place one by one and only where they differ, so that programs running from
 * dist/ are not disturbed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const stampFile = join(dist, '.stamp.json');
const compiler = join(root, 'node_modules', 'typescript');
const fast = process.argv.includes('--fast');

if (!existsSync(compiler)) {
  // `npm ci --omit=dev` runs this, too: without a compiler there is what was built before, or nothing
  if (existsSync(join(dist, 'index.js'))) process.exit(0);
  console.error('weir: dist/ is not built and TypeScript is not installed: run npm ci without --omit=dev');
  process.exit(1);
}

const sources = hashSources();
const built = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : { checked: false, sources: {} };
const changed = Object.keys(sources).filter((file) => sources[file] !== built.sources[file]);
const removed = Object.keys(built.sources).filter((file) => !(file in sources));
if (changed.length > 0 || removed.length > 0 || !(built.checked || fast)) await build();

async function build() {
  const scratch = join(root, 'node_modules', '.cache');
  mkdirSync(scratch, { recursive: true });
  const fresh = mkdtempSync(join(scratch, 'weir-build-'));
  try {
    if (fast) await transpile(fresh);
    else compile(fresh);
    publish(fresh);
    writeFileSync(join(fresh, 'stamp'), JSON.stringify({ checked: !fast, sources }));
    renameSync(join(fresh, 'stamp'), stampFile);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function compile(fresh) {
  const options = ['-p', join(root, 'tsconfig.json'), '--outDir', fresh];
  const { status } = spawnSync(process.execPath, [join(compiler, 'bin', 'tsc'), ...options], { stdio: 'inherit' });
  if (status === 0) return;
  rmSync(fresh, { recursive: true, force: true });
  process.exit(1);
}

/** Every module stands alone (`isolatedModules`), so one that changed can be built without the others. */
async function transpile(fresh) {
  const { default: ts } = await import('typescript');
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  // a text on its own has no package.json to say that it is an ES module
  const compilerOptions = { ...options, module: ts.ModuleKind.ESNext };
  for (const file of changed) {
    const text = readFileSync(join(root, 'src', file), 'utf8');
    const { outputText } = ts.transpileModule(text, { compilerOptions, fileName: file });
    const target = join(fresh, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
}

/** Moves what was built to dist/ and deletes what has no source any more. */
function publish(fresh) {
  for (const file of filesBelow(fresh)) {
    const target = join(dist, file);
    if (existsSync(target) && readFileSync(target).equals(readFileSync(join(fresh, file)))) continue;
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(fresh, file), target);
  }
  for (const file of filesBelow(dist)) {
    const source = file.replace(/(\.d\.ts|\.js)$/, '.ts');
    if (source !== file && !(source in sources)) rmSync(join(dist, file), { force: true });
  }
  const main = join(dist, 'cli', 'main.js');
  if (existsSync(main)) chmodSync(main, 0o755);
}

/** Source (relative to src/) to hash. */
function hashSources() {
  const setting = createHash('sha256');
  setting.update(JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8')).version);
  for (const file of ['tsconfig.json', 'scripts/build.mjs']) setting.update(readFileSync(join(root, file)));
  const prefix = setting.digest('hex');
  const files = filesBelow(join(root, 'src')).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
  const hash = (file) =>
    createHash('sha256')
      .update(prefix)
      .update(readFileSync(join(root, 'src', file)))
      .digest('hex');
  return Object.fromEntries(files.map((file) => [file, hash(file)]));
}

/** Paths of the files below `folder`, relative to it, sorted. */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
