/** One version of a table's schema: the document `schema/schema-<id>` (format-spec/schema). */
import type { DataField } from '../types/data-type.js';

export interface TableSchema {
  readonly version: number;
  readonly id: bigint;
  readonly fields: readonly DataField[];
  readonly highestFieldId: number;
  readonly partitionKeys: readonly string[];
  readonly primaryKeys: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly comment?: string;
  readonly timeMillis: number;
}
