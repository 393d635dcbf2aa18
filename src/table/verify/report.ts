/** What a verification found: how much of what was looked at, and what is wrong. */
import { WeirError } from '../../base/error.js';

/**
 * One kind of look at the table.
 *
 *   snapshots   ids without a gap, documents and manifests readable, row counts add up
 *   files       every live file is there with its size, its rows, its key and sequence bounds
 *   levels      files of a level above 0 share no key; one bucket count a partition
 *   log         slots without a gap from `start` on, checksums, numbers ascending, bodies, the tree's position
 *   changes     the changes of the snapshots lead from the first state to the last
 *   log changes the same, of the log
 */
export type CheckName = 'snapshots' | 'files' | 'levels' | 'log' | 'changes' | 'log changes';

/**
 * How much a check looked at.
 *
 * @example
 * const skipped = (await flights.verify()).checks.filter((check: VerifyCheck) => check.note !== undefined);
 */
export interface VerifyCheck {
  readonly check: CheckName;
  /** snapshots, files, buckets, slots, rows */
  readonly count: number;
  /** what was left out, and why; of the log also what is no damage and worth knowing */
  readonly note?: string;
}

/**
 * Something that does not hold.
 *
 * @example
 * const problem: VerifyProblem | undefined = (await flights.verify()).problems[0];
 * console.log(problem?.check, problem?.message, problem?.file);
 */
export interface VerifyProblem {
  readonly check: CheckName;
  readonly message: string;
  readonly file?: string;
  /** the first row that differs, as a JSON line */
  readonly row?: string;
}

/** a table that lost a directory need not fill the memory with it */
const MOST_PROBLEMS = 1_000;

export class Report {
  readonly problems: VerifyProblem[] = [];
  readonly #counts = new Map<CheckName, number>();
  readonly #notes = new Map<CheckName, string>();
  /** rows that were compared */
  rows = 0;

  get checks(): VerifyCheck[] {
    return [...this.#counts].map(([check, count]) => {
      const note = this.#notes.get(check);
      return { check, count, ...(note !== undefined && { note }) };
    });
  }

  count(check: CheckName, more = 1): void {
    this.#counts.set(check, (this.#counts.get(check) ?? 0) + more);
  }

  note(check: CheckName, text: string): void {
    this.count(check, 0);
    this.#notes.set(check, text);
  }

  problem(check: CheckName, message: string, where: { file?: string; row?: string } = {}): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push({ check, message, ...where });
  }

  /** Takes over what another found. */
  add({ checks, problems, rows }: Report): void {
    for (const { check, count, note } of checks) {
      this.count(check, count);
      if (note !== undefined) this.note(check, note);
    }
    for (const { check, message, ...where } of problems) this.problem(check, message, where);
    this.rows += rows;
  }

  /** What `work` gives; undefined when what it reads is damaged or missing, which is told. */
  async attempt<T>(check: CheckName, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof WeirError) || (error.code !== 'CORRUPTION' && error.code !== 'NOT_FOUND')) throw error;
      this.problem(check, error.message, error.file === undefined ? {} : { file: error.file });
      return undefined;
    }
  }
}
