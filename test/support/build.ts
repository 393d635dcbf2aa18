/** Before all tests: dist/ is up to date, because worker threads and the command line run built files. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export function setup(): void {
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [script, '--fast'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the build failed: the tests would run old files');
}
