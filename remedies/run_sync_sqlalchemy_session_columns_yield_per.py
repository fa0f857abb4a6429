"""ORM session, columns with `yield_per`

Short: ORM columns, yield_per
Instead of: run_sync_sqlalchemy_session
You lose: entities, as with all columns; time, by a round trip for every batch, in a transaction that stays open.

Columns instead of entities, in batches: neither an entity nor the driver's own copy of the whole result ever exists.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from typing import Any

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from db_model import DbModel

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Any] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    result = session.execute(select(DbModel.id, DbModel.num, DbModel.data).execution_options(yield_per=1000))
    for row in result:
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
