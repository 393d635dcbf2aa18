/**
 * foreign.py as an object: a process with pypaimon and pypaimon-rust in it that reads and writes tables.
 *
 * run.sh installs what it needs under target/compat/python. Where that is missing the tests are skipped, unless
 * WEIR_COMPAT=required asks for them.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LineProcess } from '../tables/line-process.js';

export const CLIENTS = ['pypaimon', 'pypaimon-rust'] as const;
export type ClientName = (typeof CLIENTS)[number];

const interpreter = fileURLToPath(new URL('../../../target/compat/python/bin/python', import.meta.url));

/** Is there an environment to run in? */
export const installed = existsSync(interpreter) || process.env.WEIR_COMPAT === 'required';

export interface ForeignRows {
  /** name and Arrow type of each column */
  readonly fields: readonly (readonly [string, string])[];
  /** golden JSON, in the reader's order */
  readonly lines: readonly string[];
}

export class Foreign {
  readonly #process = new LineProcess(interpreter, [fileURLToPath(new URL('./foreign.py', import.meta.url))]);

  async versions(): Promise<Record<string, string>> {
    return (await this.#process.ask({ op: 'versions' })) as Record<string, string>;
  }

  /** All rows of `database.table`, now or at a snapshot. Throws what the library throws, as text. */
  async read(reader: ClientName, warehouse: string, table: string, at: { snapshot?: bigint } = {}): Promise<ForeignRows> {
    const snapshot = at.snapshot === undefined ? undefined : Number(at.snapshot);
    return (await this.#process.ask({ op: 'read', reader, warehouse, table, snapshot })) as ForeignRows;
  }

  /** Writes rows (golden JSON) as one commit. */
  async write(writer: ClientName, warehouse: string, table: string, lines: readonly string[]): Promise<void> {
    await this.#process.ask({ op: 'write', writer, warehouse, table, lines });
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}
