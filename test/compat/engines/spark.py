"""Spark SQL in local mode over a Paimon warehouse, as one process: arguments WAREHOUSE JAR.

A request is a line on stdin, {"sql": "..."}; its answer a line on stdout, {"ok": [golden JSON lines]} or {"error": "..."}.
The catalog is called p; times are UTC.
"""
import json
import os
import sys

import pyarrow as pa
from pyspark.sql import SparkSession

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'python'))
from golden_json import lines_of  # noqa: E402

answers = os.fdopen(os.dup(1), 'w', encoding='utf-8')
os.dup2(2, 1)

warehouse, jar = sys.argv[1:]
spark = (
    SparkSession.builder.master('local[2]')
    .config('spark.jars', jar)
    .config('spark.sql.extensions', 'org.apache.paimon.spark.extensions.PaimonSparkSessionExtensions')
    .config('spark.sql.catalog.p', 'org.apache.paimon.spark.SparkCatalog')
    .config('spark.sql.catalog.p.warehouse', warehouse)
    .config('spark.sql.session.timeZone', 'UTC')
    .config('spark.sql.shuffle.partitions', '2')
    .config('spark.ui.enabled', 'false')
    .config('spark.driver.bindAddress', '127.0.0.1')
    .config('spark.driver.host', '127.0.0.1')
    .config('spark.log.level', 'ERROR')
    .getOrCreate()
)

for line in sys.stdin:
    try:
        result = spark.sql(json.loads(line)['sql'])
        batches = result._collect_as_arrow()
        reply = {'ok': lines_of(pa.Table.from_batches(batches)) if batches and result.columns else []}
    except Exception as error:  # whatever Spark throws is the answer: its innermost cause, without the stack
        text = str(error).splitlines()
        causes = [cause for cause in text if cause.startswith('Caused by: ')]
        reply = {'error': f'{type(error).__name__}: {" ".join(causes[-1:] or text[:2])}'}
    answers.write(json.dumps(reply) + '\n')
    answers.flush()
spark.stop()
