"""Pandas' `to_sql`

Short: pandas, to_sql
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: what a frame has not: entities, relationships, returned keys.

The rows come from a frame, which is not counted. pandas makes a dict of each row, all at once unless it is given a
`chunksize`, and Core writes them.
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
    records.to_sql("written", connection, if_exists="append", index=False)
print_memory_usage("Result iteration end")
print_top_allocations(rows=written())
