/**
 * Conditions on rows, as plain data: what a caller writes, with JavaScript values of the door (value.ts).
 *
 * Logic is SQL's with three values: a comparison with a missing value is neither true nor false, and only rows for which
 * the whole condition is true pass. FLOAT and DOUBLE compare as in DuckDB: -0 equals 0, NaN equals itself and is the greatest.
 */
export type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/**
 * A condition on rows. Make it with `eq`, `gt`, `and` and the like; it can be stored and sent as JSON where its values can.
 *
 * @example
 * const late: Predicate = and(gt('delay', 60), isIn('origin', ['SEA', 'SFO']));
 * const rows = await flights.scan({ where: late }).toArray();
 */
export type Predicate =
  | { readonly op: Comparison; readonly column: string; readonly value: unknown }
  | { readonly op: 'in'; readonly column: string; readonly values: readonly unknown[] }
  | { readonly op: 'between'; readonly column: string; readonly low: unknown; readonly high: unknown }
  | { readonly op: 'isNull' | 'isNotNull'; readonly column: string }
  | { readonly op: 'startsWith'; readonly column: string; readonly prefix: string }
  | { readonly op: 'and' | 'or'; readonly children: readonly Predicate[] }
  | { readonly op: 'not'; readonly child: Predicate };

/**
 * column = value
 *
 * @example
 * flights.scan({ where: eq('origin', 'SEA') });
 */
export function eq(column: string, value: unknown): Predicate {
  return { op: 'eq', column, value };
}

/**
 * column <> value
 *
 * @example
 * flights.scan({ where: ne('origin', 'SEA') });
 */
export function ne(column: string, value: unknown): Predicate {
  return { op: 'ne', column, value };
}

/**
 * column < value
 *
 * @example
 * flights.scan({ where: lt('delay', 0) });
 */
export function lt(column: string, value: unknown): Predicate {
  return { op: 'lt', column, value };
}

/**
 * column <= value
 *
 * @example
 * flights.scan({ where: le('delay', 15) });
 */
export function le(column: string, value: unknown): Predicate {
  return { op: 'le', column, value };
}

/**
 * column > value
 *
 * @example
 * flights.scan({ where: gt('delay', 60) });
 */
export function gt(column: string, value: unknown): Predicate {
  return { op: 'gt', column, value };
}

/**
 * column >= value
 *
 * @example
 * flights.scan({ where: ge('id', 2_000_000n) });
 */
export function ge(column: string, value: unknown): Predicate {
  return { op: 'ge', column, value };
}

/**
 * column is one of the values; null among them equals nothing
 *
 * @example
 * flights.scan({ where: isIn('origin', ['SEA', 'SFO']) });
 */
export function isIn(column: string, values: readonly unknown[]): Predicate {
  return { op: 'in', column, values };
}

/**
 * low <= column <= high
 *
 * @example
 * flights.scan({ where: between('delay', 15, 60) });
 */
export function between(column: string, low: unknown, high: unknown): Predicate {
  return { op: 'between', column, low, high };
}

/**
 * the value is missing
 *
 * @example
 * flights.scan({ where: isNull('delay') });
 */
export function isNull(column: string): Predicate {
  return { op: 'isNull', column };
}

/**
 * the value is there
 *
 * @example
 * flights.scan({ where: isNotNull('delay') });
 */
export function isNotNull(column: string): Predicate {
  return { op: 'isNotNull', column };
}

/**
 * the text begins with `prefix`
 *
 * @example
 * flights.scan({ where: startsWith('origin', 'S') });
 */
export function startsWith(column: string, prefix: string): Predicate {
  return { op: 'startsWith', column, prefix };
}

/**
 * all of them; true when there are none
 *
 * @example
 * flights.scan({ where: and(eq('origin', 'SEA'), gt('delay', 60)) });
 */
export function and(...children: readonly Predicate[]): Predicate {
  return { op: 'and', children };
}

/**
 * at least one of them; false when there are none
 *
 * @example
 * flights.scan({ where: or(gt('delay', 60), isNull('delay')) });
 */
export function or(...children: readonly Predicate[]): Predicate {
  return { op: 'or', children };
}

/**
 * the condition is false; where it is neither true nor false (a missing value), so is this
 *
 * @example
 * flights.scan({ where: not(startsWith('origin', 'S')) });
 */
export function not(child: Predicate): Predicate {
  return { op: 'not', child };
}
