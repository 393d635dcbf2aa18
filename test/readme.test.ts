/** The README's example runs as it stands, as a stranger would run it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { tempDir } from './support/temp-dir.js';

const root = fileURLToPath(new URL('..', import.meta.url));

it('the ten lines run, twice, and print what they say', () => {
  const code = /```js\n([\s\S]*?)```/.exec(readFileSync(`${root}README.md`, 'utf8'))?.[1];
  expect(code).toBeDefined();
  // inside the package, where the name `weir` means the built files
  mkdirSync(`${root}target`, { recursive: true });
  const script = `${root}target/readme-example-${process.pid}.mjs`;
  writeFileSync(script, code!);
  try {
    const cwd = tempDir();
    for (let run = 0; run < 2; run++) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [script], { cwd, encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(status).toBe(0);
      expect(stdout).toContain("{ id: 1n, origin: 'SEA', delay: 3 }");
      expect(stdout).toContain("{ id: 2n, origin: 'SFO', delay: 40 }");
      expect(stdout).toContain("kind: '+I'");
    }
  } finally {
    rmSync(script, { force: true });
  }
});
