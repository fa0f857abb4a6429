"""ADBC into an Arrow table

Short: ADBC, Arrow
Instead of: run_sync_psycopg
You lose: Python objects, until a value is read; a dict's look-up; what `COPY` refuses, unless `use_copy` is off.
Choose it: where rows are computed with, by columns, and not looked up one by one.

The driver reads by `COPY` and puts the values into columns: Arrow's buffers, outside Python's memory. There is no loop,
and all rows are there at once. A table has no index: the look-up by id compares every id, and its first one also loads
what it computes with.
"""

from common import PATIENCE, database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import pyarrow
import pyarrow.compute
from adbc_driver_postgresql import dbapi

print_memory_usage("After imports")
start_tracing()

with dbapi.connect(database_url()) as connection, connection.cursor() as cursor:
    cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}s'")  # it waits where Python hears no signal
    cursor.execute("SELECT * FROM data")
    table: pyarrow.Table = cursor.fetch_arrow_table()
    print_memory_usage("Result iteration start")

print_memory_usage("Result iteration end")

last = table.num_rows - 1
found = table.filter(pyarrow.compute.equal(table["id"], last)).to_pylist()
print_memory_usage("Looked up by id")
print_top_allocations(rows=table.num_rows)
