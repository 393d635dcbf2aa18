/**
 * Values written as text without quotes, as CSV cells and column defaults are.
 *
 *   strings as they are · bytes hex · BOOLEAN true or false · nested types JSON · the rest as in JSON lines
 */
import type { DataType } from './data-type.js';
import type { Datum } from './datum.js';
import { parseExactJson } from './exact-json.js';
import { datumFromJson, type ValueForm } from './value.js';
import { badValue } from './value-error.js';

const INTEGER = /^[+-]?\d+(?:\.0*)?$/;

/**
 * The value of a text, in the form in which an appender takes it.
 *
 * @throws INVALID_ARGUMENT naming text and type
 */
export function valueFromText(type: DataType, text: string, form: ValueForm): unknown {
  switch (type.kind) {
    case 'BOOLEAN': {
      const word = text.toLowerCase();
      return word === 'true' || (word === 'false' ? false : badValue(type, text));
    }
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
      return INTEGER.test(text) ? Number(text) : badValue(type, text);
    case 'FLOAT':
    case 'DOUBLE':
      return form === 'json' ? text : datumFromJson(type, text);
    case 'BINARY':
    case 'VARBINARY':
      return form === 'json' ? text : datumFromJson(type, text);
    case 'ARRAY':
    case 'MAP':
    case 'MULTISET':
    case 'ROW':
      return parseExactJson(text);
    default:
      return text;
  }
}

/**
 * The internal form of a text.
 *
 * @throws INVALID_ARGUMENT naming text and type; nested types have no datum
 */
export function datumFromText(type: DataType, text: string): Datum {
  return datumFromJson(type, valueFromText(type, text, 'json'));
}
