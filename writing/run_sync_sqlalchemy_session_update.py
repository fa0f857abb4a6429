"""Entities loaded and changed, one `commit`

Short: ORM, update

A changed entity is held by the session until the flush, so that all of them are there, whoever loads them in batches.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from writing.record_model import Record
from writing.rows import OLD, prepared, written

print_memory_usage("After imports")
start_tracing()

engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    prepared(OLD)
    print_memory_usage("Result iteration start")
    for record in session.scalars(select(Record).execution_options(yield_per=1000)):
        record.num = 5 * record.id % 200
    session.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
