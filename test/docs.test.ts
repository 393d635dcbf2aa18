/** Every exported name says what it is and shows how it is used, and what it shows compiles. */
import { expect, it } from 'vitest';
import { documentedExports, exampleErrors, openDoor } from './support/exported-docs.js';

const door = openDoor();
const documented = documentedExports(door);

it('finds the exports and the public methods', () => {
  const names = documented.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['openCatalog', 'RowOf', 'Table', 'Table.scan', 'TableWriter.prepareCommit', 'systemClock']),
  );
  expect(names.filter((name) => name.includes('#'))).toEqual([]);
});

it('every exported name and public method has a docstring with an example', () => {
  const wanting = documented.filter(({ text, examples }) => text === '' || examples.length === 0);
  expect(wanting.map(({ name, text }) => `${name}: ${text === '' ? 'no docstring' : 'no @example'}`)).toEqual([]);
});

it('every example compiles', () => {
  expect(exampleErrors(door, documented)).toEqual([]);
});
