/** What every command is given: where the warehouse is, where output goes, how an interruption is heard. */
import type { Catalog, Table } from '../index.js';
import { Interrupted, UsageError } from './exit.js';
import type { Output, OutputStream } from './output.js';
import { Progress, type ProgressTarget } from './progress.js';

export interface GlobalOptions {
  warehouse?: string;
  verbose?: boolean;
  quiet?: boolean;
}

/** The three streams of the program. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: OutputStream;
  readonly stderr: NodeJS.WritableStream & ProgressTarget;
}

export interface Context {
  readonly options: GlobalOptions;
  readonly out: Output;
  readonly stdin: NodeJS.ReadableStream;
  readonly stderr: NodeJS.WritableStream & ProgressTarget;
}

/** Opens the warehouse, does the work, closes it whatever happens. */
export async function withCatalog<T>(context: Context, work: (catalog: Catalog) => Promise<T>): Promise<T> {
  const warehouse = context.options.warehouse ?? process.env.WEIR_WAREHOUSE;
  if (warehouse === undefined || warehouse === '') throw new UsageError('no warehouse: give --warehouse PATH or set WEIR_WAREHOUSE');
  const { openCatalog } = await import('../index.js');
  const catalog = await openCatalog({ warehouse });
  try {
    return await work(catalog);
  } finally {
    await catalog.close();
  }
}

export function withTable<T>(context: Context, name: string, work: (table: Table) => Promise<T>): Promise<T> {
  return withCatalog(context, async (catalog) => {
    const table = await catalog.table(name);
    try {
      return await work(table);
    } finally {
      await table.close();
    }
  });
}

export function progressOf(context: Context, label: string): Progress {
  return new Progress({ label, quiet: context.options.quiet ?? false, target: context.stderr });
}

/**
 * Runs `work` with a signal that SIGINT and SIGTERM abort. A second one ends the process at once.
 * Work that ends because of it throws Interrupted, when everything is cleaned up.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let interrupted: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (interrupted) process.exit(signal === 'SIGINT' ? 130 : 143);
    interrupted = signal;
    controller.abort(new DOMException(`stopped by ${signal}`, 'AbortError'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await work(controller.signal);
  } catch (error) {
    throw interrupted && isAbort(error) ? new Interrupted(interrupted) : error;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || (error as { code?: string }).code === 'ABORT_ERR');
}
