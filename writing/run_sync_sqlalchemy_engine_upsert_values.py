"""Upsert by `values()` of 10,000 rows

Short: upsert, values()

Every other row stands there before, with another number. The rows come from a generator. Each value is a named
parameter of the statement, which is compiled anew for each batch.
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

engine = create_engine(database_url("postgresql+psycopg"))
with engine.connect() as connection:
    print_memory_usage("Engine connected")
    records = rows(EVERY_OTHER)
    print_memory_usage("Result iteration start")
    while batch := [{"id": key, "num": num, "data": data} for key, num, data in islice(records, 10_000)]:
        query = insert(Record).values(batch)
        changes = {"num": query.excluded.num, "data": query.excluded.data}
        connection.execute(query.on_conflict_do_update(index_elements=["id"], set_=changes))
    connection.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
