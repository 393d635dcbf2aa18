"""Rows in the encoding of the golden files (lines of JSON, every type exact), to and from Arrow.

Made from Arrow by its types alone: a reader that gives another type than the table's gives another text.
"""
import datetime
import decimal
import json

import pyarrow as pa

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
