/**
 * What `src/index.ts` exports and what its docstrings say, by the TypeScript compiler; and the examples in them as programs.
 *
 *   exports ─┬─ docstring, @example?       undocumented
 *            └─ one virtual file an example, under the names of a reader who has a table open ─ type-check ─> errors
 */
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOOR = `${ROOT}src/index.ts`;

/** Names that an example may use without making them. */
const PRELUDE = [
  'type Flight = { id: bigint; origin?: string | null; delay?: number | null };',
  'declare const warehouse: string;',
  'declare const catalog: Catalog;',
  'declare const flights: Table<Flight>;',
  'declare const writer: TableWriter<Flight>;',
  'declare const writers: TableWriter<Flight>[];',
  'declare const committer: TableCommitter;',
  'declare const change: Change<Flight>;',
  'declare const signal: AbortSignal;',
].join(' ');

export interface DocumentedExport {
  /** `openCatalog`, `Table.scan` */
  readonly name: string;
  readonly text: string;
  readonly examples: readonly string[];
}

/** Exports of the door, and the public methods of its classes. */
export function documentedExports(program: ts.Program): DocumentedExport[] {
  const checker = program.getTypeChecker();
  const found: DocumentedExport[] = [];
  for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(DOOR)!)!)) {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const declarations = target.declarations ?? [];
    found.push(describe(symbol.name, declarations));
    for (const declaration of declarations) {
      if (!ts.isClassDeclaration(declaration)) continue;
      for (const member of declaration.members) {
        if (ts.isMethodDeclaration(member) && isPublic(member)) {
          found.push(describe(`${symbol.name}.${member.name.getText()}`, [member]));
        }
      }
    }
  }
  return found;
}

/** The door and all behind it. */
export function openDoor(): ts.Program {
  return ts.createProgram([DOOR], compilerOptions());
}

/** `name (line of the example): message` for each error in the examples; `door` spares parsing everything again. */
export function exampleErrors(door: ts.Program, documented: readonly DocumentedExport[]): string[] {
  const names = documented.filter(({ name }) => !name.includes('.')).map(({ name }) => name);
  const header = `import { ${names.join(', ')} } from '../src/index.js'; ${PRELUDE} export async function example() {\n`;
  const files = new Map<string, { name: string; text: string }>();
  for (const { name, examples } of documented) {
    for (const [index, example] of examples.entries()) {
      files.set(`${ROOT}test/example-${files.size}-${index}.ts`, { name, text: `${header}${example}\n}\n` });
    }
  }
  const options = door.getCompilerOptions();
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists.call(host, path);
  host.readFile = (path) => files.get(path)?.text ?? readFile.call(host, path);
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const virtual = files.get(path);
    if (virtual !== undefined) return ts.createSourceFile(path, virtual.text, languageVersion);
    return door.getSourceFile(path) ?? getSourceFile.call(host, path, languageVersion, ...rest);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files].flatMap(([path, { name }]) => {
    const file = program.getSourceFile(path)!;
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((diagnostic) => {
      const line = file.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line;
      return `${name} (line ${line}): ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
    });
  });
}

function describe(name: string, declarations: readonly ts.Declaration[]): DocumentedExport {
  const docs = declarations.flatMap((declaration) => ts.getJSDocCommentsAndTags(declaration)).filter(ts.isJSDoc);
  const tags = docs.flatMap((doc) => doc.tags ?? []).filter((tag) => tag.tagName.text === 'example');
  const textOf = (comment: ts.JSDoc['comment']) => (ts.getTextOfJSDocComment(comment) ?? '').trim();
  return { name, text: docs.map((doc) => textOf(doc.comment)).join('\n'), examples: tags.map((tag) => textOf(tag.comment)) };
}

function isPublic(member: ts.MethodDeclaration): boolean {
  return !ts.isPrivateIdentifier(member.name) && ts.getJSDocTags(member).every((tag) => tag.tagName.text !== 'internal');
}

function compilerOptions(): ts.CompilerOptions {
  const path = `${ROOT}tsconfig.json`;
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(path, ts.sys.readFile).config, ts.sys, ROOT);
  // an example imports every name, types too, and does not use all that it makes
  const lenient = { verbatimModuleSyntax: false, isolatedModules: false, noUnusedLocals: false, noUnusedParameters: false };
  return { ...options, ...lenient, noEmit: true, rootDir: ROOT };
}
