/**
 * Objects into columns by name: a missing or undefined key is null, an unknown one an error that names it.
 *
 * Keys are counted, not looked up: only an object whose count is off is searched for the unknown key.
 */
import { WeirError } from '../base/error.js';

interface Sink {
  append(value: unknown): void;
}

export class ObjectReader {
  private readonly names: readonly string[];
  /** names that every object inherits: only an own key is a value */
  private readonly inherited: readonly boolean[];
  private readonly known: ReadonlySet<string>;
  private readonly extraKey: string | undefined;

  /** `extraKey`: a key that may be there and is no column */
  constructor(names: readonly string[], extraKey?: string) {
    this.names = names;
    this.inherited = names.map((name) => name in Object.prototype);
    this.known = new Set(extraKey === undefined ? names : [...names, extraKey]);
    this.extraKey = extraKey;
  }

  /**
   * Appends one value a name. `fallbacks[c]` is taken for a missing value of column c.
   *
   * @throws INVALID_ARGUMENT naming the column; some sinks then have a value more than others
   */
  read(row: Readonly<Record<string, unknown>>, sinks: readonly Sink[], fallbacks?: readonly unknown[]): void {
    const { names, inherited } = this;
    let present = this.extraKey !== undefined && row[this.extraKey] !== undefined ? 1 : 0;
    let c = 0;
    try {
      for (; c < names.length; c++) {
        const name = names[c]!;
        let value = inherited[c] && !Object.hasOwn(row, name) ? undefined : row[name];
        if (value !== undefined) present++;
        if (fallbacks !== undefined && (value === undefined || value === null)) value = fallbacks[c];
        sinks[c]!.append(value);
      }
    } catch (error) {
      throw inColumn(names[c]!, error);
    }
    let keys = 0;
    for (const _key in row) keys++;
    if (keys !== present) this.rejectUnknown(row);
  }

  private rejectUnknown(row: Readonly<Record<string, unknown>>): void {
    for (const key of Object.keys(row)) {
      if (!this.known.has(key))
        throw new WeirError('INVALID_ARGUMENT', `unknown column '${key}': the columns are ${this.names.join(', ')}`);
    }
  }
}

/** The error with the column's name before its message: `column 'a': 'b': "x" is no INT`. */
export function inColumn(name: string, error: unknown): unknown {
  if (!(error instanceof WeirError)) return error;
  const message = error.message.startsWith('column ') ? error.message.slice('column '.length) : error.message;
  return new WeirError(error.code, `column '${name}': ${message}`, { cause: error.cause });
}
