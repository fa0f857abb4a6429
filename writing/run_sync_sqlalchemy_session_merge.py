"""`merge` of each row, by pages whose entities are loaded before

Short: ORM, merge by pages
Instead of: writing.run_sync_sqlalchemy_session_update
You lose: time, for an entity that the session has not is loaded by a query of its own; and one transaction.

All rows stand there before, with another number. The rows come from a generator. `merge` copies a new entity's values
onto the one that the session has.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from itertools import islice

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from writing.record_model import Record
from writing.rows import OLD, rows, written

print_memory_usage("After imports")
start_tracing()

engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    records = rows(OLD)
    print_memory_usage("Result iteration start")
    while batch := [Record(id=key, num=num, data=data) for key, num, data in islice(records, 1000)]:
        keys = [record.id for record in batch]
        loaded = session.scalars(select(Record).where(Record.id.in_(keys))).all()
        with session.no_autoflush:  # else each merge flushes what the one before it has changed
            merged = [session.merge(record) for record in batch]
        session.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
