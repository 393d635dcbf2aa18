/**
 * A build of weir with a bug in it, for tests of the tests: the sources transpiled to a directory of their own, one snippet of
 * them replaced. A snippet that is not there any more fails: the plant has to follow the code.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import type { Build } from './build-under-test.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Plant {
  /** source relative to src/ */
  readonly file: string;
  readonly snippet: string;
  readonly instead: string;
}

/** @returns the build, and what removes its files */
export async function plantedBuild(plants: readonly Plant[]): Promise<{ build: Build; remove: () => void }> {
  const scratch = join(root, 'node_modules', '.cache');
  mkdirSync(scratch, { recursive: true });
  const directory = mkdtempSync(join(scratch, 'weir-planted-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
      .map((entry) => join(entry.parentPath, entry.name).slice(join(root, 'src').length + 1));
    for (const file of files) write(join(directory, 'src', file), planted(file, plants));
    write(join(directory, 'test/simulation/build-under-test.ts'), readFileSync(join(root, 'test/simulation/build-under-test.ts'), 'utf8'));
    cpSync(join(root, 'package.json'), join(directory, 'package.json'));
    const module = pathToFileURL(join(directory, 'test/simulation/build-under-test.js')).href;
    const { trueBuild } = (await import(/* @vite-ignore */ module)) as { trueBuild: Build };
    return { build: trueBuild, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function planted(file: string, plants: readonly Plant[]): string {
  let text = readFileSync(join(root, 'src', file), 'utf8');
  for (const { snippet, instead, ...plant } of plants) {
    if (plant.file !== file) continue;
    if (text.split(snippet).length !== 2) throw new Error(`the snippet to replace stands not once in src/${file}: ${snippet}`);
    text = text.replace(snippet, () => instead);
  }
  return text;
}

function write(file: string, text: string): void {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file.replace(/\.ts$/, '.js'), ts.transpileModule(text, { compilerOptions, fileName: file }).outputText);
}
