"""ORM with `yield_per`, each entity dropped

Short: ORM, streaming
Instead of: remedies.run_sync_sqlalchemy_session_dropped
You lose: the entities: each is used and forgotten.

The session refers weakly to entities that were not modified: whatever the loop does not keep is gone with its batch,
and memory stays flat however many rows there are. A modified entity stays until it is flushed.
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
    result = session.execute(select(DbModel).execution_options(yield_per=1000))
    for row in result.scalars():
        if not rows:
            print_memory_usage("Result iteration start")
        rows += 1
        total += row.num

print_memory_usage("Result iteration end")
print_top_allocations(rows=rows)
