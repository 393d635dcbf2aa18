import { defineConfig } from 'vitest/config';

/** Run by `npm run test:compat`, not by `npm test`: these need a JDK, and jars from Maven Central. */
export default defineConfig({
  test: {
    include: ['test/compat/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
