"""Pandas' `to_sql` with `method="multi"`

Short: pandas, multi
Instead of: writing.run_sync_pandas_to_sql
Why not: it is Core's `values()`: each value is a named parameter of a statement that is compiled anew for each chunk.

The rows come from a frame, which is not counted. The `chunksize` is needed: a statement has 65,535 parameters at most.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import tracemalloc

import pandas
from sqlalchemy import create_engine

from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()

records = pandas.DataFrame(rows(), columns=["id", "num", "data"])
engine = create_engine(database_url("postgresql+psycopg"))
with engine.begin() as connection:
    print_memory_usage("Engine connected")
    tracemalloc.reset_peak()
    print_memory_usage("Result iteration start")
    records.to_sql("written", connection, if_exists="append", index=False, method="multi", chunksize=10_000)
print_memory_usage("Result iteration end")
print_top_allocations(rows=written())
