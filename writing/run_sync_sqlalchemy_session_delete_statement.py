"""One `DELETE` of all these rows

Short: one DELETE
Instead of: writing.run_sync_sqlalchemy_session_delete
You lose: the ORM's cascades, for which the foreign key needs `ON DELETE CASCADE`; events of entities.

As many rows stand there as are to be deleted, and as many others. The server deletes them by one statement.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, delete
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
    session.execute(delete(Record).where(Record.id < 0))
    session.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
