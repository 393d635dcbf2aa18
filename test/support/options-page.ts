/** The text of format-spec/options.md, made from the table of options. `WEIR_UPDATE=1` makes the test write it. */
import { writeFileSync } from 'node:fs';
import { TABLE_OPTIONS, type TableOption } from '../../src/meta/option-table.js';

const HEAD = `# Options

Every table option weir knows: its default and what weir makes of it. This page is made from \`src/meta/option-table.ts\`;
\`WEIR_UPDATE=1 npx vitest run test/meta/table-options.test.ts\` writes it again.

Options are texts in the schema. Booleans are \`true\` and \`false\`; sizes a number and b, kb, mb, gb or tb (powers of 1024, bytes without a
unit); durations a number and d, h, min, s, ms, µs or ns (ms without a unit); several columns are separated by commas. Options that are
not in here are kept and mean nothing.

| | |
|---|---|
| honoured | weir does what it says |
| ignored | weir may leave it aside: rows, changes and what other readers rely on do not depend on it |
| refused | values that ask for more than weir can do are UNSUPPORTED, for reading and writing or for writing alone |

## Invariants

- **OPT-1** A value that cannot be read is INVALID_ARGUMENT naming the option; creation and every change look at all of them. Code:
  \`src/meta/option-values.ts\`, \`src/meta/option-support.ts\`. Test: \`test/meta/table-options.test.ts\`.
- **OPT-2** A feature whose absence would give other rows or changes is refused by name, never left aside in silence. Code:
  \`src/meta/option-support.ts\`. Test: \`test/meta/table-options.test.ts\`.
- **OPT-3** What decides where a row is, or what a file means, does not change once there is a snapshot (*fixed* below). Code:
  \`src/meta/schema-change.ts\`. Test: \`test/meta/schema-change.test.ts\`.
- **OPT-4** This page is the table in the code. Code: \`src/meta/option-table.ts\`. Test: \`test/meta/table-options.test.ts\`.

## The options

| option | type | default | weir | meaning |
|---|---|---|---|---|
`;

export function optionsPage(): string {
  const page = `${HEAD}${TABLE_OPTIONS.map(line).join('\n')}\n`;
  if (process.env.WEIR_UPDATE === '1') writeFileSync(new URL('../../format-spec/options.md', import.meta.url), page);
  return page;
}

function line({ key, type, default: fallback, handling, meaning, choices, fixed }: TableOption): string {
  const kind = choices === undefined ? type : choices.join(', ');
  const word = handling === 'ignored-safely' ? 'ignored' : handling;
  return `| \`${key}\` | ${kind} | ${fallback === null ? '' : `\`${fallback}\``} | ${word}${fixed ? ', fixed' : ''} | ${meaning} |`;
}
