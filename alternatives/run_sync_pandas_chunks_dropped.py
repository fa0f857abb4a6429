"""Pandas' `read_sql` by `chunksize`

Short: pandas, chunksize
Instead of: alternatives.run_sync_pandas
You lose: the whole frame; and memory all the same, for the driver has received all rows before the first chunk.
Choose it: with `stream_results` alone.

`chunksize` says how many rows a frame has. How many rows are received at once, the connection says.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import pandas
from sqlalchemy import create_engine

print_memory_usage("After imports")
start_tracing()

rows = total = 0
engine = create_engine(database_url("postgresql+psycopg"))
with engine.connect() as connection:
    print_memory_usage("Engine connected")
    for chunk in pandas.read_sql("SELECT * FROM data", connection, chunksize=1000):
        if not rows:
            print_memory_usage("Result iteration start")
        rows += len(chunk)
        total += int(chunk["num"].sum())

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=rows)
