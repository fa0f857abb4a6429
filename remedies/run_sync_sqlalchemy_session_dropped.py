"""ORM without `yield_per`, each entity dropped

Short: ORM, entities dropped
Instead of: run_sync_sqlalchemy_session
Why not: all entities are built before the first one is handed out.

Dropping the entities is not enough: without `yield_per` the result itself holds all of them until the last is handed
out.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from db_model import DbModel

print_memory_usage("After imports")
start_tracing()

rows = total = 0
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    result = session.execute(select(DbModel))
    for row in result.scalars():
        if not rows:
            print_memory_usage("Result iteration start")
        rows += 1
        total += row.num

print_memory_usage("Result iteration end")
print_top_allocations(rows=rows)
