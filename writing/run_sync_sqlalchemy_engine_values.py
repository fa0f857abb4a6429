"""Core `values()` of 10,000 rows

Short: Core, values()
Instead of: writing.run_sync_sqlalchemy_engine_insert_batches
Why not: each value is a named parameter of the statement, which is compiled anew for each batch.

The rows come from a generator. A statement has three parameters a row, and PostgreSQL takes 65,535 at most. Such a
statement is not cached.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from itertools import islice

from sqlalchemy import create_engine, insert

from writing.record_model import Record
from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()

engine = create_engine(database_url("postgresql+psycopg"))
with engine.connect() as connection:
    print_memory_usage("Engine connected")
    records = rows()
    print_memory_usage("Result iteration start")
    while batch := [{"id": key, "num": num, "data": data} for key, num, data in islice(records, 10_000)]:
        connection.execute(insert(Record).values(batch))
    connection.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
