/** Spark and Flink as processes that run SQL. run.sh installs them under target/compat/engines; without them tests are skipped. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LineProcess } from '../tables/line-process.js';

const home = fileURLToPath(new URL('../../../target/compat/engines/', import.meta.url));
const required = process.env.WEIR_COMPAT === 'required';

export const sparkInstalled = required || existsSync(join(home, 'spark/installed'));
export const flinkInstalled = required || existsSync(join(home, 'flink/installed'));

/** A statement of up to `rows` rows of a stream, or all of a batch. */
export interface Statement {
  readonly sql: string;
  readonly rows?: number;
}

/** Rows of a statement as golden JSON lines. Throws what the engine throws, as text. */
export type Sql = (statement: string | Statement) => Promise<string[]>;

export interface Engine {
  readonly sql: Sql;
  stop(): Promise<void>;
}

export function startSpark(warehouse: string): Engine {
  const jar = readdirSync(join(home, 'spark/jars')).find((name) => name.endsWith('.jar'))!;
  const script = fileURLToPath(new URL('./spark.py', import.meta.url));
  return engine(new LineProcess(join(home, 'spark/venv/bin/python'), [script, warehouse, join(home, 'spark/jars', jar)]));
}

export function startFlink(warehouse: string): Engine {
  const opens = ['util', 'lang', 'nio', 'net'].map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`);
  const quick = ['-Xmx1g', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
  const path = `${join(home, 'flink/classes')}:${join(home, 'flink/lib')}/*`;
  return engine(new LineProcess('java', [...quick, ...opens, '-cp', path, 'FlinkPeer', warehouse]));
}

function engine(process: LineProcess): Engine {
  const sql: Sql = async (statement) => (await process.ask(typeof statement === 'string' ? { sql: statement } : statement)) as string[];
  return { sql, stop: () => process.stop() };
}
