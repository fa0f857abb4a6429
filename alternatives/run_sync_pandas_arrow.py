"""Pandas' `read_sql` with Arrow's types

Short: pandas, pyarrow types
Instead of: alternatives.run_sync_pandas
You lose: numpy's arrays: one that is asked for is read-only, or a copy where there are texts or `NULL`.
Choose it: where columns have `NULL`: integers stay integers, unless all are `NULL`.

`dtype_backend="pyarrow"` changes what the columns are made of, and not how they are read: the list of all rows stands
beside them.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import pandas
from sqlalchemy import create_engine

print_memory_usage("After imports")
start_tracing()

engine = create_engine(database_url("postgresql+psycopg"))
with engine.connect() as connection:
    print_memory_usage("Engine connected")
    table = pandas.read_sql("SELECT * FROM data", connection, dtype_backend="pyarrow")
    print_memory_usage("Result iteration start")

print_memory_usage("Result iteration end")

last = len(table) - 1
found = table[table["id"] == last].to_dict("records")
print_memory_usage("Looked up by id")
print_top_allocations(rows=len(table))
