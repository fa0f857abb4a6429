"""Entities, a `commit` for each 1,000

Short: ORM, commit
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: one transaction: what was committed before an error stays.

The rows come from a generator. A commit flushes, and expires what is left. It frees no more than a flush does.
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
        session.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
