import { defineConfig } from 'vitest/config';
import compat from '../vitest.config.js';

/** Run by run.sh, which installs what these need. */
export default defineConfig({
  test: { ...compat.test, include: ['test/compat/engines/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000 },
});
