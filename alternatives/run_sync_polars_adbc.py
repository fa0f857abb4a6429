"""Polars over ADBC

Short: polars, ADBC
Instead of: run_sync_psycopg
You lose: Python objects, until a value is read; a dict's look-up; a loop over rows, which is not optimal in columns.
Choose it: where rows are computed with, by columns, and by more than one thread.

ADBC reads by `COPY` into Arrow's columns, of which polars makes its own, outside Python's memory. There is no loop, and
all rows are there at once. A frame has no index: the look-up by id compares every id.
"""

from common import PATIENCE, database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import polars
from adbc_driver_postgresql import dbapi

print_memory_usage("After imports")
start_tracing()

# As `read_database_uri` does.
with dbapi.connect(database_url()) as connection, connection.cursor() as cursor:
    cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}s'")  # it waits where Python hears no signal
    cursor.execute("SELECT * FROM data")
    table = polars.DataFrame(cursor.fetch_arrow())
print_memory_usage("Result iteration start")
print_memory_usage("Result iteration end")

last = table.height - 1
found = table.filter(polars.col("id") == last).to_dicts()
print_memory_usage("Looked up by id")
print_top_allocations(rows=table.height)
