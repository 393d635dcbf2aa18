/** Partitions named by values of their columns: all of them for one partition, some of them for every partition with those. */
import { WeirError } from '../base/error.js';
import { partitionValues, specDatum } from '../meta/partition-path.js';
import type { TableSchema } from '../meta/table-schema.js';
import { compareDatum } from '../types/datum.js';

/**
 * Column to value, as text (`'2024-01-15'`, `'7'`) or null.
 *
 * @example
 * const january: PartitionSpec = { month: '2001-01' };
 * await flights.dropPartitions([january, { month: null }]);
 */
export type PartitionSpec = Readonly<Record<string, string | null>>;

/** A test on serialized partitions. INVALID_ARGUMENT for a column that is no partition column or a value that does not fit. */
export function partitionMatcher(table: string, schema: TableSchema, spec: PartitionSpec): (partition: Uint8Array) => boolean {
  const wanted = Object.entries(spec).map(([name, text]) => {
    const index = schema.partitionKeys.indexOf(name);
    const field = schema.fields.find((candidate) => candidate.name === name);
    if (index < 0 || field === undefined) {
      throw new WeirError(
        'INVALID_ARGUMENT',
        `${name} is no partition column of ${table} (${schema.partitionKeys.join(', ') || 'it has none'})`,
        { table },
      );
    }
    return { index, type: field.type, value: specDatum(schema, field.type, name, text) };
  });
  return (partition) => {
    const values = partitionValues(schema, partition);
    return wanted.every(({ index, type, value }) => compareDatum(type, values[index]!, value) === 0);
  };
}
