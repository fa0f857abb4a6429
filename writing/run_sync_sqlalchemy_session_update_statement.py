"""One `UPDATE` of all rows

Short: one UPDATE
Instead of: writing.run_sync_sqlalchemy_session_update
You lose: Python: what a row becomes has to be said in SQL; events of entities; versions that `version_id_col` counts.

The server changes all rows by one statement, and nothing crosses the wire.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, update
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
    session.execute(update(Record).values(num=5 * Record.id % 200))
    session.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
