"""Core `insert`, all rows at once

Short: Core, insert
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: the ORM: entities, events of theirs, relationships.

The list of dicts has all rows, and SQLAlchemy makes a dict of parameters of each. Without `returning` the driver's
`executemany` writes them.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, insert

from writing.record_model import Record
from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()

engine = create_engine(database_url("postgresql+psycopg"))
with engine.connect() as connection:
    print_memory_usage("Engine connected")
    records = rows()
    print_memory_usage("Result iteration start")
    connection.execute(insert(Record), [{"id": key, "num": num, "data": data} for key, num, data in records])
    connection.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
