"""`add_all` of entities, one `commit`

Short: ORM, add_all

The rows come from a generator. The session holds each new entity until the flush, and the flush makes a dict of
parameters of each.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

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
    session.add_all(Record(id=key, num=num, data=data) for key, num, data in records)
    session.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
