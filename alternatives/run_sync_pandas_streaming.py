"""Pandas' `read_sql` by `chunksize` with `stream_results`

Short: pandas, streaming
Instead of: alternatives.run_sync_pandas
You lose: the whole frame; a transaction that stays open, and a round trip for each chunk.
Choose it: where more rows are computed with than should be in memory at once.

A server-side cursor hands out so many rows as a chunk has.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import pandas
from sqlalchemy import create_engine

print_memory_usage("After imports")
start_tracing()

rows = total = 0
engine = create_engine(database_url("postgresql+psycopg"))
with engine.connect().execution_options(stream_results=True) as connection:
    print_memory_usage("Engine connected")
    for chunk in pandas.read_sql("SELECT * FROM data", connection, chunksize=1000):
        if not rows:
            print_memory_usage("Result iteration start")
        rows += len(chunk)
        total += int(chunk["num"].sum())

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=rows)
