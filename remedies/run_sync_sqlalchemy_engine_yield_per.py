"""Core with `yield_per`

Short: Core, yield_per
Instead of: run_sync_sqlalchemy_engine
You lose: time, by a round trip for every batch; the transaction stays open meanwhile.

Core reads through a server-side cursor in batches, so that the driver's own copy of the whole result never exists. The
option stands on the statement: set on a connection, it stays there for all later ones.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from typing import Any

from sqlalchemy import create_engine, select

from db_model import DbModel

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Any] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with engine.connect() as connection:
    print_memory_usage("Engine connected")
    result = connection.execute(select(DbModel).execution_options(yield_per=1000))
    for row in result:
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
