"""Upsert for each 1,000 rows

Short: upsert, batches
Instead of: writing.run_sync_sqlalchemy_engine_upsert_values
You lose: nothing but the one statement: the rows of a batch are sent one by one, through a pipeline.

Every other row stands there before, with another number. The rows come from a generator, and a batch is a list of
dicts, beside a statement for one row.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from itertools import islice

from sqlalchemy import create_engine
from sqlalchemy.dialects.postgresql import insert

from writing.record_model import Record
from writing.rows import EVERY_OTHER, rows, written

print_memory_usage("After imports")
start_tracing()

query = insert(Record)
changes = {"num": query.excluded.num, "data": query.excluded.data}
query = query.on_conflict_do_update(index_elements=["id"], set_=changes)
engine = create_engine(database_url("postgresql+psycopg"))
with engine.connect() as connection:
    print_memory_usage("Engine connected")
    records = rows(EVERY_OTHER)
    print_memory_usage("Result iteration start")
    while batch := [{"id": key, "num": num, "data": data} for key, num, data in islice(records, 1000)]:
        connection.execute(query, batch)
    connection.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
