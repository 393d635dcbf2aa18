/** What the simulation runs: the modules of one build of weir, the true one or one with a planted bug. */
import { inlineExecutor } from '../../src/base/inline-executor.js';
import { seededRandom } from '../../src/base/random.js';
import { commitTable } from '../../src/commit/table-commit.js';
import { faultyFileIO } from '../../src/io/faulty-file-io.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { expireSnapshots } from '../../src/maintain/snapshot-expiry.js';
import { liveFiles } from '../../src/meta/live-files.js';
import { openCatalog } from '../../src/table/catalog.js';
import { compactTable } from '../../src/table/compaction.js';
import { readLatest } from '../../src/table/held-snapshot.js';
import { BucketFiler } from '../../src/table/log/bucket-filer.js';
import { TableStore } from '../../src/table/table-store.js';

export const trueBuild = {
  openCatalog,
  memoryFileIO,
  faultyFileIO,
  seededRandom,
  inlineExecutor,
  TableStore,
  BucketFiler,
  liveFiles,
  readLatest,
  commitTable,
  compactTable,
  expireSnapshots,
};

export type Build = typeof trueBuild;
