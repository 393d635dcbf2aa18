/**
 * What pypaimon 2.1.0 and pypaimon-rust 0.4.0 cannot do, whoever wrote the table. The proof of each is a golden table,
 * which Java wrote: defects.test.ts reads it and gets the same. None is weir's.
 */
import type { ClientName } from './foreign.js';

export interface Defect {
  readonly reader: ClientName;
  readonly what: string;
  /** Java's table that has it */
  readonly golden: string;
  /** what the reader says instead of rows; 'other rows': it gives rows, not Java's */
  readonly says: RegExp | 'other rows';
  /** weir's tables that have it */
  readonly tables?: RegExp;
}

export const DEFECTS: readonly Defect[] = [
  {
    reader: 'pypaimon',
    what: 'MULTISET is refused',
    golden: 'nested_parquet',
    says: /Unsupported data type: MULTISET/,
    tables: /_multiset$/,
  },
  {
    reader: 'pypaimon',
    what: 'STRING to INT casts of old files stop at a plus sign',
    golden: 'evolve_casts',
    says: /Failed to parse string/,
  },
  { reader: 'pypaimon', what: '64-bit deletion vectors cannot be read', golden: 'append_dv64', says: /Invalid magic number/ },
  {
    reader: 'pypaimon',
    what: 'partial-update with sequence groups is refused',
    golden: 'pk_partial_seqgroup',
    says: /does not yet implement/,
  },
  { reader: 'pypaimon', what: 'TIMESTAMP(9) outside 1677 to 2262 wraps around', golden: 'append_ts9_old', says: 'other rows' },
  { reader: 'pypaimon-rust', what: 'TIMESTAMP(9) outside 1677 to 2262 wraps around', golden: 'append_ts9_old', says: 'other rows' },
  { reader: 'pypaimon-rust', what: 'casts of old files from NaN and out of range give null', golden: 'evolve_casts', says: 'other rows' },
  { reader: 'pypaimon-rust', what: 'members of a ROW in Avro are lost', golden: 'nested_avro', says: 'other rows' },
  { reader: 'pypaimon-rust', what: 'row tracking after a compaction is refused', golden: 'append_rowtrack', says: /missing first_row_id/ },
];

export function defectOf(reader: ClientName, table: string): Defect | undefined {
  return DEFECTS.find((defect) => defect.reader === reader && defect.tables?.test(table) === true);
}
