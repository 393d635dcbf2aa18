/**
 * The house of src/README.md, policed: a room imports only lower rooms, rooms side by side do not know one another,
 * and time and chance come from src/base alone.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** low to high; rooms on one floor do not import one another */
const FLOORS = [
  ['base'],
  ['types'],
  ['io'],
  ['format'],
  ['meta'],
  ['lsm', 'log'],
  ['write', 'commit', 'read', 'maintain'],
  ['table'],
  ['compute'],
  ['server', 'cli'],
] as const;
const ROOF: readonly string[] = ['server', 'cli'];
/** reached from the roof through src/index.ts only */
const BEHIND_THE_DOOR: readonly string[] = ['table', 'compute'];

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = readdirSync(join(root, 'src'), { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile() && /\.[cm]?ts$/.test(entry.name))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .sort();

describe('the house', () => {
  it('has only the rooms it was built with', () => {
    const strays = sources.filter((file) => file !== 'src/index.ts' && floorOf(roomOf(file)) < 0);
    expect(strays).toEqual([]);
  });

  it('imports downwards', () => {
    const wrong = sources.flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return importsOf(text).flatMap((specifier) => {
        const why = complaint(file, specifier);
        return why === undefined ? [] : [`${file} imports ${specifier}: ${why}`];
      });
    });
    expect(wrong).toEqual([]);
  });

  it('takes time and chance from src/base, and prints in src/cli only', () => {
    const wrong = sources
      .filter((file) => roomOf(file) !== 'base')
      .flatMap((file) => forbiddenUses(readFileSync(join(root, file), 'utf8'), roomOf(file) === 'cli').map((use) => `${file}:${use}`));
    expect(wrong).toEqual([]);
  });

  it('needs no package that is not installed with it', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
    const wrong = sources.flatMap((file) =>
      importsOf(readFileSync(join(root, file), 'utf8'))
        .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
        .map((specifier) =>
          specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/'),
        )
        .filter((name) => !(name in manifest.dependencies))
        .map((name) => `${file} imports ${name}, which is no dependency`),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the police', () => {
  it.each([
    ['src/types/a.ts', '../base/error.js', true],
    ['src/types/a.ts', './b.js', true],
    ['src/types/cast/a.ts', '../b.js', true],
    ['src/types/a.ts', '../io/file-io.js', false],
    ['src/write/a.ts', '../commit/b.js', false],
    ['src/lsm/a.ts', '../log/b.js', false],
    ['src/table/a.ts', '../write/b.js', true],
    ['src/compute/a.ts', '../table/b.js', true],
    ['src/cli/a.ts', '../index.js', true],
    ['src/cli/commands/a.ts', '../../index.js', true],
    ['src/cli/a.ts', '../types/where.js', true],
    ['src/cli/a.ts', '../table/table.js', false],
    ['src/cli/a.ts', '../server/b.js', false],
    ['src/table/a.ts', '../index.js', false],
    ['src/index.ts', './table/table.js', true],
    ['src/index.ts', './types/predicate.js', true],
    ['src/index.ts', './cli/main.js', false],
    ['src/cli/a.ts', '../../test/support/seeds.js', false],
  ])('%s importing %s: allowed %s', (file, specifier, allowed) => {
    expect(complaint(file, specifier) === undefined).toBe(allowed);
  });

  it('finds imports of every kind', () => {
    const text = "import a from './a.js'; export * from './b.js'; import type { C } from './c.js'; const d = await import('./d.js');";
    expect(importsOf(text)).toEqual(['./a.js', './b.js', './c.js', './d.js']);
  });

  it('finds clocks, chance and printing, but not in text or in names of one’s own', () => {
    const text = [
      'const a = Date.now() + performance.now();',
      'const b = Math.random();',
      'setTimeout(f, 1); // setTimeout',
      'const c = new Date(), d = new Date(0);',
      'console.log("Math.random");',
      "import { randomUUID } from 'node:crypto';",
      'this.clock.now_ms(); options.setTimeout; row.console; Math.floor(1.5);',
    ].join('\n');
    expect(forbiddenUses(text, false)).toEqual([
      '1 Date.now',
      '1 performance.now',
      '2 Math.random',
      '3 setTimeout',
      '4 new Date()',
      '5 console',
      '6 randomUUID',
    ]);
    expect(forbiddenUses('console.log(1)', true)).toEqual([]);
  });
});

/** `src/types/cast/a.ts` -> `types`; `src/index.ts` -> `index.ts` */
function roomOf(file: string): string {
  return file.split('/')[1] ?? '';
}

function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => (rooms as readonly string[]).includes(room));
}

/** Why `file` must not import `specifier`; undefined when it may. */
function complaint(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const target = join(dirname(file), specifier);
  if (!target.startsWith('src/')) return 'it is not part of the house';
  const from = roomOf(file);
  const to = roomOf(target);
  if (file === 'src/index.ts') return ROOF.includes(to) ? 'the door does not lead to the roof' : undefined;
  if (to === 'index.js') return ROOF.includes(from) ? undefined : 'only the roof enters through the door';
  if (from === to) return undefined;
  if (ROOF.includes(from) && BEHIND_THE_DOOR.includes(to)) return 'the roof enters through src/index.ts';
  if (floorOf(to) === floorOf(from)) return 'rooms of one floor do not import one another';
  return floorOf(to) < floorOf(from) ? undefined : `${to} is above ${from}`;
}

function importsOf(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** `line what` of each use of a clock, of chance, of a timer or (unless `printing`) of the console. */
function forbiddenUses(text: string, printing: boolean): string[] {
  const file = ts.createSourceFile('a.ts', text, ts.ScriptTarget.Latest, true);
  const uses: string[] = [];
  const visit = (node: ts.Node): void => {
    const what = forbidden(node, printing);
    if (what !== undefined) uses.push(`${file.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${what}`);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return uses;
}

const MEMBERS: readonly string[] = ['Date.now', 'Math.random', 'performance.now', 'process.hrtime'];
const NAMES: readonly string[] = ['randomUUID', 'setTimeout', 'setInterval', 'setImmediate'];

function forbidden(node: ts.Node, printing: boolean): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const member = `${node.expression.text}.${node.name.text}`;
    if (MEMBERS.includes(member)) return member;
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) return 'new Date()';
  if (!ts.isIdentifier(node)) return undefined;
  const isMember = ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;
  if (isMember && node.text !== 'randomUUID') return undefined;
  if (NAMES.includes(node.text)) return node.text;
  return node.text === 'console' && !printing ? 'console' : undefined;
}
