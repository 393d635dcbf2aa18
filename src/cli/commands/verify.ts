/** `weir verify TABLE`: a line per problem; what was looked at goes to stderr. */
import { WeirError } from '../../base/error.js';
import type { VerifyProblem } from '../../index.js';
import { type VerifyEnd, verifyEnd } from '../arguments.js';
import { type Context, interruptible, progressOf, withTable } from '../context.js';
import { printRecords } from '../records.js';

export interface VerifyFlags {
  from?: string;
  to?: string;
}

export function verify(context: Context, name: string, flags: VerifyFlags): Promise<void> {
  const from = verifyEnd(flags.from, '--from');
  const to = verifyEnd(flags.to, '--to');
  return withTable(context, name, async (table) => {
    const progress = progressOf(context, 'verify');
    const range: { from?: VerifyEnd; to?: VerifyEnd } = { ...(from && { from }), ...(to && { to }) };
    const { ok, checks, problems } = await interruptible((signal) => table.verify({ ...range, signal })).finally(() => progress.clear());
    if (!(context.options.quiet ?? false))
      for (const { check, count, note } of checks) context.stderr.write(`${check}: ${count}${note === undefined ? '' : ` (${note})`}\n`);
    await printRecords(context.out, problems.map(problemRecord));
    if (!ok) throw new WeirError('CORRUPTION', `${table.name} has ${problems.length} problems`, { table: table.name });
  });
}

function problemRecord({ check, message, file, row }: VerifyProblem) {
  return { check, problem: message, file: file ?? null, row: row ?? null };
}
