"""Pandas' `read_sql`

Short: pandas, read_sql
Instead of: run_sync_psycopg
You lose: Python objects; `NULL` in a column of integers makes floats of them.
Choose it: where rows are computed with in pandas, and all of them fit.

SQLAlchemy makes a list of all rows, and pandas columns of it: meanwhile both are there, and the driver's own copy.
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
    table = pandas.read_sql("SELECT * FROM data", connection)
    print_memory_usage("Result iteration start")

print_memory_usage("Result iteration end")

last = len(table) - 1
found = table[table["id"] == last].to_dict("records")
print_memory_usage("Looked up by id")
print_top_allocations(rows=len(table))
