"""`add_all` of entities whose keys the server makes

Short: ORM, server's keys
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: memory, for each key comes back in a row, and is set by then on an entity that all others stand beside.

The rows come from a generator. `INSERT … RETURNING` has a number beside each row, by which the keys find their
entities.
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
    session.add_all(Record(num=num, data=data) for _, num, data in records)
    session.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
