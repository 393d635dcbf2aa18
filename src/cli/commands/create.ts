/** `weir create TABLE --column … | --like FILE` */
import type { DataField } from '../../types/data-type.js';
import { formatType, parseField } from '../../types/type-text.js';
import { keyList, keyValues } from '../arguments.js';
import { type Context, withCatalog } from '../context.js';
import { UsageError } from '../exit.js';
import { formatOf } from '../input/input-batch.js';

export interface CreateFlags {
  column?: string[];
  like?: string;
  primaryKey?: string[];
  partition?: string[];
  option?: string[];
  comment?: string;
  ifNotExists?: boolean;
}

export async function create(context: Context, name: string, flags: CreateFlags): Promise<void> {
  if (flags.column === undefined && flags.like === undefined) throw new UsageError('create takes --column or --like');
  const primaryKey = keyList(flags.primaryKey);
  const fields = [...(flags.like === undefined ? [] : await fieldsLike(flags.like)), ...(flags.column ?? []).map(parseField)];
  const options = keyValues(flags.option);
  await withCatalog(context, async (catalog) => {
    await catalog.createTable(name, {
      schema: fields.map((field) => [field.name, typeText(field)] as const),
      primaryKey,
      partitionBy: keyList(flags.partition),
      options,
      ...(flags.comment !== undefined && { comment: flags.comment }),
      ifNotExists: flags.ifNotExists ?? false,
    });
  });
}

function typeText(field: DataField): string {
  const comment = field.description === undefined ? '' : ` COMMENT ${quoted(field.description)}`;
  const value = field.defaultValue === undefined ? '' : ` DEFAULT ${quoted(field.defaultValue)}`;
  return `${formatType(field.type)}${comment}${value}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

async function fieldsLike(file: string): Promise<DataField[]> {
  const format = formatOf(file, undefined);
  switch (format) {
    case 'parquet': {
      const [{ parquetFieldsOf }, { localFileIO }, { resolve }] = await Promise.all([
        import('../input/parquet-schema.js'),
        import('../../io/local-file-io.js'),
        import('node:path'),
      ]);
      return parquetFieldsOf(localFileIO(), resolve(file));
    }
    case 'arrow': {
      return (await import('../input/arrow.js')).arrowFieldsOf(file);
    }
    case 'csv':
    case 'jsonl':
      return (await import('../input/infer.js')).inferFields(file, format);
    default:
      throw new UsageError(`the name ${file} does not tell its format: .parquet, .arrow, .csv or .jsonl`);
  }
}
