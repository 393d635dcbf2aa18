"""Foreign readers and writers as one process: pypaimon and pypaimon-rust behind lines of JSON.

A request is a line on stdin, its answer a line on stdout: {"ok": ...} or {"error": "Class: message"}. Rows go both ways
as golden_json.py says.

    {"op": "read", "reader": "pypaimon" | "pypaimon-rust", "warehouse", "table": "db.t", "snapshot"?: n, "tag"?: name}
        -> {"fields": [[name, Arrow type], ...], "lines": [...]}
    {"op": "write", "writer": same, "warehouse", "table", "lines": [...]}       one commit
    {"op": "versions"}
"""
import json
import os
import sys

import pyarrow as pa

from golden_json import lines_of, table_of

# libraries print to stdout: it is the answers' alone
answers = os.fdopen(os.dup(1), 'w', encoding='utf-8')
os.dup2(2, 1)

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
