/** Runs the workloads and prints a table, ready for the README. */
import { cpus, totalmem } from 'node:os';
import type { BenchContext, BenchLine, Workload } from './support/bench.js';

const LOG = ['log-commit', 'log-freshness', 'log-ingest', 'log-writers'];
const NAMES = ['write', 'upsert', 'commit', 'get', 'memory', 'event-loop', 'door', ...LOG, 'log-memory'];

const args = process.argv.slice(2);
const option = (name: string) => {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? undefined : args[at + 1];
};
const small = args.includes('--small');
// `log` stands for those of the log but its ten minutes of memory
const only = option('only')
  ?.split(',')
  .flatMap((name) => (name === 'log' ? LOG : [name]));
const unknown = only?.filter((name) => !NAMES.includes(name)) ?? [];
if (unknown.length > 0) throw new Error(`no such workload: ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);

const lines: BenchLine[] = [];
const context: BenchContext = {
  small,
  reps: Number(option('reps') ?? (small ? 1 : 3)),
  javaClasspath: option('java'),
  report: (line) => {
    lines.push(line);
    console.error(format(line));
  },
};

for (const name of only ?? NAMES) {
  const module = (await import(`./${name}.bench.js`)) as { workload: Workload };
  await module.workload.run(context);
}

console.log(
  `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'cpu'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}${small ? ', small sizes' : ''}`,
);
console.log('| line | weir | Java here | ratio | must | aim | note |\n|---|---|---|---|---|---|---|');
for (const line of lines) console.log(format(line));
console.log(`${lines.length} passed, 0 failed`);

function format(line: BenchLine): string {
  const ratio =
    line.java === undefined
      ? ''
      : line.unit === 'rows/s'
        ? `${(line.weir / line.java).toFixed(2)}x`
        : `${(line.java / line.weir).toFixed(2)}x`;
  const java = line.java === undefined ? '' : figure(line.java, line.unit);
  return `| ${line.name} | ${figure(line.weir, line.unit)} | ${java} | ${ratio} | ${line.must ?? ''} | ${line.aim ?? ''} | ${line.note ?? ''} |`;
}

function figure(value: number, unit: BenchLine['unit']): string {
  if (unit === 'rows/s') return value >= 1e6 ? `${(value / 1e6).toFixed(2)} M rows/s` : `${Math.round(value / 1e3)} K rows/s`;
  if (unit === 'ops/s') return `${Math.round(value)} /s`;
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(2)} ${unit}`;
}
