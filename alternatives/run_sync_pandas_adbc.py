"""Pandas' `read_sql` over ADBC

Short: pandas, ADBC
Instead of: alternatives.run_sync_pandas
You lose: SQLAlchemy; parameters, and chunks; what `COPY` refuses.
Choose it: where all rows are read into a frame, and ADBC may be installed.

ADBC reads by `COPY` into Arrow's columns, of which pandas makes its own: no Python object is made of a value.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import pandas
from adbc_driver_postgresql import dbapi

print_memory_usage("After imports")
start_tracing()

with dbapi.connect(database_url()) as connection:
    table = pandas.read_sql("SELECT * FROM data", connection, dtype_backend="pyarrow")
    print_memory_usage("Result iteration start")

print_memory_usage("Result iteration end")

last = len(table) - 1
found = table[table["id"] == last].to_dict("records")
print_memory_usage("Looked up by id")
print_top_allocations(rows=len(table))
