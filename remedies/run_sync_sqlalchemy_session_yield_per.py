"""ORM with `yield_per`, entities kept

Short: ORM, yield_per
Instead of: run_sync_sqlalchemy_session
You lose: time, by a round trip for every batch; `unique`, joined eager loading of collections, `subqueryload`.

The ORM builds entities in batches: the first row comes after one batch, not after all, and the driver reads through a
server-side cursor. What is kept costs what it cost.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from db_model import DbModel

print_memory_usage("After imports")
start_tracing()

storage: dict[int, DbModel] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    result = session.execute(select(DbModel).execution_options(yield_per=1000))
    for row in result.scalars():
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
