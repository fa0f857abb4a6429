"""Core `insert` for each 1,000 rows

Short: Core, batches
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: the ORM: entities, events of theirs, relationships.

The rows come from a generator, and a batch is a list of dicts. All is one transaction.
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
    while batch := [{"id": key, "num": num, "data": data} for key, num, data in islice(records, 1000)]:
        connection.execute(insert(Record), batch)
    connection.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
