"""Polars over ADBC

Short: polars, ADBC
Instead of: run_sync_psycopg
You lose: Python objects, until a value is read; a dict's look-up; a loop over rows, which is not optimal in columns.
Choose it: where rows are computed with, by columns, and by more than one thread.

ADBC reads by `COPY` into Arrow's columns, of which polars makes its own, outside Python's memory. There is no loop, and
all rows are there at once. A frame has no index: the look-up by id compares every id.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import adbc_driver_postgresql.dbapi  # noqa: F401 (polars imports it, but not before it reads)
import polars

print_memory_usage("After imports")
start_tracing()

table = polars.read_database_uri("SELECT * FROM data", database_url(), engine="adbc")
print_memory_usage("Result iteration start")
print_memory_usage("Result iteration end")

last = table.height - 1
found = table.filter(polars.col("id") == last).to_dicts()
print_memory_usage("Looked up by id")
print_top_allocations(rows=table.height)
