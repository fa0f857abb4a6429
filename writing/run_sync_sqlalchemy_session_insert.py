"""ORM bulk insert, all rows at once

Short: bulk insert
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: entities: events of theirs, relationships, and the keys, unless you ask for them by `returning`.

The list of dicts has all rows, and SQLAlchemy makes a dict of parameters of each. `bulk_insert_mappings` is the same.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, insert
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
    session.execute(insert(Record), [{"id": key, "num": num, "data": data} for key, num, data in records])
    session.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
