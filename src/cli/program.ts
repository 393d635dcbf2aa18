/**
 * Every command with its flags, and nothing of what they do: a command's module is loaded when it runs.
 *
 *   argv -> commander -> commands/<verb>.ts -> API (../index.ts)
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { idOf, positiveNumber, wholeNumber } from './arguments.js';
import type { Context, GlobalOptions, Streams } from './context.js';
import { errorLine, errorStack, exitCodeOf, Interrupted, UsageError } from './exit.js';
import { Output } from './output.js';

const collect = (value: string, all: string[] | undefined): string[] => [...(all ?? []), value];
const count = (what: string) => (text: string) => wholeNumber(text, what);
const atLeastOne = (what: string) => (text: string) => positiveNumber(text, what);
const id = (what: string) => (text: string) => idOf(text, what);

/** Runs one command line; resolves to the exit code. */
export async function run(argv: readonly string[], streams: Streams = process): Promise<number> {
  const { stdin, stderr } = streams;
  const out = new Output(streams.stdout);
  stderr.on('error', () => undefined);
  const program = makeProgram({ out, stdin, stderr });
  let code: number;
  try {
    await program.parseAsync(argv, { from: 'user' });
    await out.flush();
    code = 0;
  } catch (error) {
    code = report(error, program.opts<GlobalOptions>().verbose ?? false, stderr);
  }
  await new Promise<void>((resolve) => stderr.write('', () => resolve()));
  return code;
}

function report(error: unknown, verbose: boolean, stderr: NodeJS.WritableStream): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (error.code === 'commander.help') return 2;
    error = new UsageError(error.message.replace(/^error: /, ''), { cause: error });
  }
  // the shell learns from the signal itself that the command was stopped
  if (error instanceof Interrupted) process.kill(process.pid, error.signal);
  const code = exitCodeOf(error);
  if (code !== 0) stderr.write(`${errorLine(error)}\n${verbose ? `${errorStack(error)}\n` : ''}`);
  return code;
}

function version(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return manifest.version;
}

function makeProgram(streams: Omit<Context, 'options'>): Command {
  const program = new Command('weir')
    .description("Tables that are streams, in Apache Paimon's format.")
    .version(version())
    .option('--warehouse <path>', 'where the tables are: a directory or file:// URI (or WEIR_WAREHOUSE)')
    .option('--verbose', 'tell the stack of an error')
    .option('--quiet', 'no progress')
    .exitOverride()
    .configureOutput({
      outputError: () => undefined,
      writeOut: (text) => void streams.out.stream.write(text),
      writeErr: (text) => void streams.stderr.write(text),
    })
    .configureHelp({ showGlobalOptions: true });
  const context = (): Context => ({ ...streams, options: program.opts<GlobalOptions>() });
  defineTables(program, context);
  defineData(program, context);
  defineCare(program, context);
  program
    .command('demo')
    .description('the whole of weir on 3,000,000 real flights, in a temporary warehouse')
    .option('--data <file>', 'flights-3m.parquet of the npm package vega-datasets')
    .option('--keep <directory>', 'make the warehouse there and leave it')
    .action(async (options) => (await import('./commands/demo.js')).demo(context(), options));
  return program;
}

function defineTables(program: Command, context: () => Context): void {
  program
    .command('create')
    .description('make a table (and its database); it has a log')
    .argument('<table>', 'database.table')
    .option('--column <definition>', "'id BIGINT NOT NULL', one flag a column", collect)
    .option('--like <file>', 'take the columns of a parquet, arrow, csv or jsonl file')
    .option('--primary-key <columns>', 'a,b', collect)
    .option('--partition <columns>', 'a,b', collect)
    .option('--option <key=value>', 'table option; log.enabled=false: without a log, each commit is a snapshot', collect)
    .option('--comment <text>')
    .option('--if-not-exists', 'a table that is there already is fine')
    .action(async (table, options) => (await import('./commands/create.js')).create(context(), table, options));
  program
    .command('drop')
    .description('delete a table and all its data')
    .argument('<table>', 'database.table')
    .option('--if-exists', 'no table is fine')
    .action(async (table, options) => (await import('./commands/drop.js')).drop(context(), table, options));
  program
    .command('ls')
    .description('list tables')
    .argument('[database]')
    .action(async (database) => (await import('./commands/ls.js')).ls(context(), database));
  program
    .command('show')
    .description('what a table is: columns, keys, options, latest snapshot')
    .argument('<table>', 'database.table')
    .action(async (table) => (await import('./commands/show.js')).show(context(), table));
  program
    .command('alter')
    .description('change a table: add|drop|rename|type|move|comment|nullable|not-null (columns), set|unset (options)')
    .argument('<table>', 'database.table')
    .argument(
      '<action>',
      'add NAME TYPE · drop NAME… · rename NAME NEW · type NAME TYPE · move NAME · comment [NAME] TEXT · set K=V… · unset K…',
    )
    .argument('[words...]')
    .option('--first', 'put the column first')
    .option('--last', 'put the column last')
    .option('--after <column>', 'put the column after this one')
    .option('--before <column>', 'put the column before this one')
    .action(async (table, action, words, options) => (await import('./commands/alter.js')).alter(context(), table, action, words, options));
}

function defineData(program: Command, context: () => Context): void {
  const numbers = () =>
    new Option('--numbers <how>', 'plain: JSON numbers for BIGINT, DECIMAL, FLOAT and DOUBLE').choices(['exact', 'plain']).default('exact');
  program
    .command('write')
    .description('write the rows of files, - being stdin; each commit prints its snapshot (null: its slot in the log), identifier and rows')
    .argument('<table>', 'database.table')
    .argument('<files...>')
    .addOption(new Option('--format <format>', 'default: by the name').choices(['jsonl', 'csv', 'parquet', 'arrow']))
    .option('--kind-column <name>', 'where a row says +I, -U, +U or -D')
    .option('--commit-rows <n>', 'commit every n rows', atLeastOne('--commit-rows'))
    .option('--commit-ms <n>', 'commit every n milliseconds', atLeastOne('--commit-ms'))
    .option('--commit-user <name>', 'who commits: with --identifier a rerun changes nothing')
    .option('--identifier <n>', 'identifier of the first commit; the next ones count up', id('--identifier'))
    .option('--overwrite', 'replace what is there (of the partitions in the input, or of --partition)')
    .option('--partition <key=value>', 'with --overwrite: the partition to replace', collect)
    .option('--no-flush', "leave the rows in the table's log: a snapshot comes with a later writer, flush or compact")
    .action(async (table, files, options) => (await import('./commands/write.js')).write(context(), table, files, options));
  program
    .command('truncate')
    .description('delete all rows')
    .argument('<table>', 'database.table')
    .action(async (table) => (await import('./commands/truncate.js')).truncate(context(), table));
  program
    .command('drop-partition')
    .description('delete the rows of partitions')
    .argument('<table>', 'database.table')
    .argument('<partitions...>', 'k=v,k2=v2')
    .action(async (table, partitions) => (await import('./commands/drop-partition.js')).dropPartition(context(), table, partitions));
  program
    .command('read')
    .description('the rows of a snapshot')
    .argument('<table>', 'database.table')
    .addOption(new Option('--snapshot <n>').argParser(id('--snapshot')).conflicts(['tag', 'asOf', 'incremental']))
    .addOption(new Option('--tag <name>').conflicts(['asOf', 'incremental']))
    .addOption(new Option('--as-of <time>', 'ISO-8601 or epoch ms: the latest snapshot not later').conflicts('incremental'))
    .addOption(
      new Option('--at <position>', 'what a stream that stopped there had told, while the log has it').conflicts([
        'snapshot',
        'tag',
        'asOf',
        'incremental',
      ]),
    )
    .option('--incremental <a..b>', 'the changes after snapshot a up to b, with _kind')
    .option('--columns <columns>', 'a,b', collect)
    .option('--where <expression>', "delay > 60 AND origin IN ('SEA', 'PDX')")
    .option('--limit <n>', 'at most so many rows', count('--limit'))
    .addOption(
      new Option('--format <format>', 'default: table on a terminal, else jsonl').choices(['jsonl', 'csv', 'table', 'parquet', 'arrow']),
    )
    .option('--output <file>', 'written whole or not at all')
    .addOption(numbers())
    .action(async (table, options) => (await import('./commands/read.js')).read(context(), table, options));
  program
    .command('get')
    .description('one row by primary key')
    .argument('<table>', 'database.table')
    .argument('<key>', '7 · 7,SEA · id=7,port=SEA · {"id":"7"}')
    .option('--columns <columns>', 'a,b', collect)
    .addOption(numbers())
    .action(async (table, key, options) => (await import('./commands/get.js')).get(context(), table, key, options));
  program
    .command('stream')
    .description('follow the changes, _kind first')
    .argument('<table>', 'database.table')
    .option('--from <start>', 'latest-full, latest, earliest, snapshot:N or a position', 'latest-full')
    .option('--until <end>', 'snapshot:N or now')
    .option('--consumer <id>', 'the table remembers how far this consumer came')
    .option('--positions', 'after each batch a line with the position to go on from')
    .option('--columns <columns>', 'a,b', collect)
    .option('--where <expression>')
    .addOption(numbers())
    .action(async (table, options) => (await import('./commands/stream.js')).stream(context(), table, options));
}

function defineCare(program: Command, context: () => Context): void {
  program
    .command('compact')
    .description('merge files')
    .argument('<table>', 'database.table')
    .option('--full', 'everything into one level')
    .option('--partition <key=value>', 'only there', collect)
    .action(async (table, options) => (await import('./commands/compact.js')).compact(context(), table, options));
  program
    .command('flush')
    .description('put what is pending into a snapshot')
    .argument('<table>', 'database.table')
    .action(async (table) => (await import('./commands/flush.js')).flush(context(), table));
  program
    .command('verify')
    .description('check every file, and that the changes lead from one state to another; exit 1 when something does not hold')
    .argument('<table>', 'database.table')
    .option('--from <start>', 'snapshot:N or a position (default: the earliest snapshot)')
    .option('--to <end>', 'snapshot:N or a position (default: the latest state)')
    .action(async (table, options) => (await import('./commands/verify.js')).verify(context(), table, options));
  program
    .command('expire')
    .description("delete snapshots older than the table's retention")
    .argument('<table>', 'database.table')
    .action(async (table) => (await import('./commands/expire.js')).expire(context(), table));
  program
    .command('orphans')
    .description('delete old files that nothing refers to, and print them')
    .argument('<table>', 'database.table')
    .option('--older-than <time>', 'last changed before: ISO-8601 or epoch ms (default: a day ago)')
    .option('--dry-run', 'print them, delete nothing')
    .action(async (table, options) => (await import('./commands/orphans.js')).orphans(context(), table, options));
  const views = {
    snapshots: 'every snapshot held',
    files: 'the data files of the latest snapshot',
    schemas: 'every schema',
    options: "the table's options",
  };
  for (const [name, description] of Object.entries(views)) {
    program
      .command(name)
      .description(description)
      .argument('<table>', 'database.table')
      .action(async (table) => {
        const context_ = context();
        if (name === 'snapshots') return (await import('./commands/snapshots.js')).snapshots(context_, table);
        if (name === 'files') return (await import('./commands/files.js')).files(context_, table);
        if (name === 'schemas') return (await import('./commands/schemas.js')).schemas(context_, table);
        return (await import('./commands/options.js')).options(context_, table);
      });
  }
}
