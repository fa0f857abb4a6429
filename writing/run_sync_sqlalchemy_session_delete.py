"""`session.delete` of each entity, one `commit`

Short: ORM, delete

As many rows stand there as are to be deleted, and as many others. The session holds each deleted entity until
the flush.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from writing.record_model import Record
from writing.rows import OTHERS, prepared, written

print_memory_usage("After imports")
start_tracing()

engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    prepared(OTHERS)
    print_memory_usage("Result iteration start")
    for record in session.scalars(select(Record).where(Record.id < 0).execution_options(yield_per=1000)):
        session.delete(record)
    session.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
