"""Foreign readers and writers as one process: pypaimon and pypaimon-rust behind lines of JSON.

A request is a line on stdin, its answer a line on stdout: {"ok": ...} or {"error": "Class: message"}. Rows go both ways
in the encoding of the golden files (lines of JSON, every type exact), made from Arrow by its types alone: a reader that
gives another type than the table's gives another text.

    {"op": "read", "reader": "pypaimon" | "pypaimon-rust", "warehouse", "table": "db.t", "snapshot"?: n, "tag"?: name}
        -> {"fields": [[name, Arrow type], ...], "lines": [...]}
    {"op": "write", "writer": same, "warehouse", "table", "lines": [...]}       one commit
    {"op": "versions"}
"""
import datetime
import decimal
import json
import os
import sys

import pyarrow as pa

# libraries print to stdout: it is the answers' alone
answers = os.fdopen(os.dup(1), 'w', encoding='utf-8')
os.dup2(2, 1)

DIGITS = {'s': 0, 'ms': 3, 'us': 6, 'ns': 9}
EPOCH = datetime.date(1970, 1, 1).toordinal()


# -- Arrow to JSON ------------------------------------------------------------------------------------------------------


def lines_of(table):
    columns = [encode(column.combine_chunks()) for column in table.columns]
    names = table.column_names
    return [to_json({name: column[row] for name, column in zip(names, columns)}) for row in range(table.num_rows)]


def to_json(value):
    return json.dumps(value, ensure_ascii=False, separators=(',', ':'))


def encode(array):
    """An Arrow array as a list of JSON values."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    kind = array.type
    if pa.types.is_struct(kind):
        children = [encode(child) for child in array.flatten()]
        names = [kind.field(i).name for i in range(kind.num_fields)]
        return nulls(array, lambda row: {name: child[row] for name, child in zip(names, children)})
    if pa.types.is_map(kind):
        keys, items, ends = encode(array.keys), encode(array.items), array.offsets.to_pylist()
        return nulls(array, lambda row: sorted(
            ([keys[i], items[i]] for i in range(ends[row], ends[row + 1])), key=lambda pair: to_json(pair[0]).encode('utf-16-be')))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        items, ends = encode(array.values), array.offsets.to_pylist()
        return nulls(array, lambda row: items[ends[row]:ends[row + 1]])
    if pa.types.is_timestamp(kind):
        digits = DIGITS[kind.unit]
        zone = 'Z' if kind.tz is not None else ''
        return [None if v is None else timestamp(v, digits) + zone for v in array.cast(pa.int64()).to_pylist()]
    if pa.types.is_time(kind):
        scale = 10 ** (DIGITS[kind.unit] - 3)
        raw = array.cast(pa.int32() if kind.bit_width == 32 else pa.int64()).to_pylist()
        return [None if v is None else clock(v // scale) for v in raw]
    return [None if v is None else scalar(kind, v) for v in array.to_pylist()]


def nulls(array, value):
    valid = array.is_valid().to_pylist()
    return [value(row) if valid[row] else None for row in range(len(array))]


def scalar(kind, value):
    if pa.types.is_int64(kind):
        return str(value)
    if pa.types.is_floating(kind):
        if value != value:
            return 'NaN'
        return {float('inf'): 'Infinity', float('-inf'): '-Infinity'}.get(value, repr(value))
    if pa.types.is_decimal(kind):
        return format(value, 'f')
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def timestamp(value, digits):
    seconds, fraction = divmod(value, 10 ** digits)
    day, second = divmod(seconds, 86_400)
    date = datetime.date.fromordinal(EPOCH + day).isoformat()
    return f'{date}T{clock(second * 1000)[:8]}.{fraction * 10 ** (9 - digits):09d}'


def clock(ms):
    return f'{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}'


# -- JSON to Arrow ------------------------------------------------------------------------------------------------------


def table_of(lines, schema):
    rows = [json.loads(line) for line in lines]
    return pa.table([pa.array([decode(row.get(field.name), field.type) for row in rows], field.type) for field in schema], schema=schema)


def decode(value, kind):
    if value is None:
        return None
    if pa.types.is_integer(kind):
        return int(value)
    if pa.types.is_floating(kind):
        return float(value)
    if pa.types.is_decimal(kind):
        return decimal.Decimal(value)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return bytes.fromhex(value)
    if pa.types.is_date(kind):
        return datetime.date.fromisoformat(value)
    if pa.types.is_time(kind):
        return datetime.time.fromisoformat(value)
    if pa.types.is_timestamp(kind):
        seconds, fraction = value.rstrip('Z').split('.')
        moment = datetime.datetime.fromisoformat(seconds + '+00:00')
        return int(moment.timestamp()) * 10 ** DIGITS[kind.unit] + int(fraction) // 10 ** (9 - DIGITS[kind.unit])
    if pa.types.is_map(kind):
        return [(decode(k, kind.key_type), decode(v, kind.item_type)) for k, v in value]
    if pa.types.is_list(kind):
        return [decode(v, kind.value_type) for v in value]
    if pa.types.is_struct(kind):
        return {field.name: decode(value.get(field.name), field.type) for field in kind}
    return value


# -- pypaimon -----------------------------------------------------------------------------------------------------------


def open_table(request):
    from pypaimon import CatalogFactory

    return CatalogFactory.create({'warehouse': request['warehouse']}).get_table(request['table'])


def rows_to_write(request, table):
    from pypaimon.schema.data_types import PyarrowFieldParser

    return table_of(request['lines'], PyarrowFieldParser.from_paimon_schema(table.fields))


class PyPaimon:
    def read(self, request):
        table = open_table(request)
        travel = {'snapshot': 'scan.snapshot-id', 'tag': 'scan.tag-name'}
        options = {travel[key]: str(request[key]) for key in travel if request.get(key) is not None}
        builder = (table.copy(options) if options else table).new_read_builder()
        return builder.new_read().to_arrow(builder.new_scan().plan().splits())

    def write(self, request):
        table = open_table(request)
        builder = table.new_batch_write_builder()
        write, commit = builder.new_write(), builder.new_commit()
        try:
            write.write_arrow(rows_to_write(request, table))
            commit.commit(write.prepare_commit())
        finally:
            write.close()
            commit.close()


# -- pypaimon-rust ------------------------------------------------------------------------------------------------------


class PyPaimonRust:
    def context(self, request):
        from pypaimon_rust.datafusion import SQLContext

        context = SQLContext()
        context.register_catalog('p', {'warehouse': request['warehouse']})
        return context

    def read(self, request):
        database, table = request['table'].split('.')
        version = request.get('snapshot') or request.get('tag')
        at = '' if version is None else f" VERSION AS OF {version}" if isinstance(version, int) else f" VERSION AS OF '{version}'"
        batches = self.context(request).sql(f'SELECT * FROM p.`{database}`.`{table}`{at}')
        # no rows are no batches, and no batches have no schema
        return pa.Table.from_batches(batches) if batches else pa.table({})

    def write(self, request):
        database, table = request['table'].split('.')
        rows = rows_to_write(request, open_table(request))
        context = self.context(request)
        context.register_batch('rows', rows.combine_chunks().to_batches()[0])
        context.sql(f'INSERT INTO p.`{database}`.`{table}` SELECT * FROM rows')


# -- the process --------------------------------------------------------------------------------------------------------

CLIENTS = {'pypaimon': PyPaimon(), 'pypaimon-rust': PyPaimonRust()}


def answer(request):
    if request['op'] == 'versions':
        from importlib.metadata import version

        return {name: version(name) for name in (*CLIENTS, 'pyarrow')} | {'python': sys.version.split()[0]}
    if request['op'] == 'write':
        return CLIENTS[request['writer']].write(request)
    table = CLIENTS[request['reader']].read(request)
    return {'fields': [[field.name, str(field.type)] for field in table.schema], 'lines': lines_of(table)}


for line in sys.stdin:
    try:
        reply = {'ok': answer(json.loads(line))}
    except BaseException as error:  # a panic of the Rust library is no Exception
        reply = {'error': f'{type(error).__name__}: {error}'}
    answers.write(json.dumps(reply) + '\n')
    answers.flush()
