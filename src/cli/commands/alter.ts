/**
 * `weir alter TABLE ACTION …`: one schema change (several options or columns at once are one change too).
 * Nested fields are named by their path, `address.zip`.
 */

import type { SchemaChange } from '../../index.js';
import { parseField, parseType } from '../../types/type-text.js';
import { columnPath, keyValue } from '../arguments.js';
import { type Context, withTable } from '../context.js';
import { UsageError } from '../exit.js';

export interface Place {
  first?: boolean;
  last?: boolean;
  after?: string;
  before?: string;
}

export async function alter(context: Context, name: string, action: string, words: readonly string[], place: Place): Promise<void> {
  const changes = schemaChanges(action, words, place);
  await withTable(context, name, (table) => table.alter(changes));
}

export function schemaChanges(action: string, words: readonly string[], place: Place): SchemaChange[] {
  const placed = Object.keys(place).length;
  if (placed > 1) throw new UsageError('--first, --last, --after and --before exclude one another');
  if (placed === 1 && action !== 'add' && action !== 'move') throw new UsageError(`alter ${action} takes no --${Object.keys(place)[0]}`);
  switch (action) {
    case 'add':
      return addColumn(words, place);
    case 'drop':
      return atLeast(1, words, 'drop NAME…').map((word) => ({ action: 'dropColumn', name: columnPath(word) }));
    case 'rename': {
      const [from, to] = exactly(2, words, 'rename NAME NEW');
      return [{ action: 'renameColumn', name: columnPath(from ?? ''), to: to ?? '' }];
    }
    case 'type': {
      const [column, ...type] = atLeast(2, words, 'type NAME TYPE');
      return [{ action: 'updateType', name: columnPath(column ?? ''), type: parseType(type.join(' ')) }];
    }
    case 'move': {
      const [column] = exactly(1, words, 'move NAME --first|--last|--after COLUMN|--before COLUMN');
      if (placed === 0) throw new UsageError('alter move takes --first, --last, --after COLUMN or --before COLUMN');
      return [{ action: 'moveColumn', name: column ?? '', ...place } as SchemaChange];
    }
    case 'nullable':
    case 'not-null':
      return atLeast(1, words, `${action} NAME…`).map((word) => ({
        action: 'updateNullability',
        name: columnPath(word),
        nullable: action === 'nullable',
      }));
    case 'comment': {
      const [first, second] = words;
      if (first === undefined || words.length > 2) throw new UsageError('alter comment takes [NAME] TEXT');
      return [
        second === undefined
          ? { action: 'setComment', comment: first }
          : { action: 'updateComment', name: columnPath(first), comment: second },
      ];
    }
    case 'set':
      return atLeast(1, words, 'set KEY=VALUE…').map((word) => {
        const [key, value] = keyValue(word);
        return { action: 'setOption', key, value };
      });
    case 'unset':
      return atLeast(1, words, 'unset KEY…').map((key) => ({ action: 'removeOption', key }));
    default:
      throw new UsageError(`alter knows no '${action}': add, drop, rename, type, move, comment, nullable, not-null, set, unset`);
  }
}

/** `add 'note STRING COMMENT '…''` in one word or several; a path adds a nested field. */
function addColumn(words: readonly string[], place: Place): SchemaChange[] {
  if (place.last || place.before !== undefined) throw new UsageError('alter add takes --first or --after COLUMN (a new column is last)');
  const text = atLeast(1, words, "add 'NAME TYPE'").join(' ');
  const path = /^[^\s`"]+/.exec(text)?.[0].split('.') ?? [];
  const nested = path.length > 1;
  const field = parseField(nested ? text.slice(path.slice(0, -1).join('.').length + 1) : text);
  const name = nested ? [...path.slice(0, -1), field.name] : field.name;
  const comment = field.description === undefined ? {} : { comment: field.description };
  return [{ action: 'addColumn', name, type: field.type, ...comment, ...place } as SchemaChange];
}

function atLeast(count: number, words: readonly string[], usage: string): readonly string[] {
  if (words.length < count) throw new UsageError(`alter takes ${usage}`);
  return words;
}

function exactly(count: number, words: readonly string[], usage: string): readonly string[] {
  if (words.length !== count) throw new UsageError(`alter takes ${usage}`);
  return words;
}
