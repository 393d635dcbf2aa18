/**
 * npm run bench [-- --small] [--only NAME,…] [--java CLASSPATH_FILE]
 *
 * Builds src/ and bench/ into target/bench (workers load built files) and runs the workloads there.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '..', '..');
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const built = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.bench.json'), '--noCheck'], { stdio: 'inherit' });
if (built.status !== 0) process.exit(1);
const main = join(root, 'target', 'bench', 'bench', 'main.js');
const ran = spawnSync(process.execPath, ['--expose-gc', '--max-old-space-size=8192', main, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(ran.status ?? 1);
