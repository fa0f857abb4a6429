"""Entities, a `flush` and `expunge_all` for each 1,000

Short: ORM, flush, expunge
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: the entities of the batch, which belong to no session any more; what refers to them has to be flushed before.

The rows come from a generator. All is one transaction. After the flush the session holds an entity only weakly, and
`expunge_all` lets go of those that somebody else still holds.
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
        session.expunge_all()
    session.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
