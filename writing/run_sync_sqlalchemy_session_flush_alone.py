"""Entities, a `flush` for each 1,000

Short: ORM, flush alone
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: nothing but the entities: those that you still hold stay in the session, and what they refer to with them.

The rows come from a generator. All is one transaction. A flushed entity is in the identity map, which refers to it
weakly: it is gone where nobody else holds it.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from itertools import islice

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from writing.record_model import Record
from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()

engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    records = rows()
    print_memory_usage("Result iteration start")
    while batch := [Record(id=key, num=num, data=data) for key, num, data in islice(records, 1000)]:
        session.add_all(batch)
        session.flush()
    session.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
