"""ORM bulk insert that returns entities, which are kept

Short: bulk, returning
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: memory: an entity for each row, beside the dicts, as with `add_all`.

The list of dicts has all rows. `returning(Record)` reads them back, defaults and keys included, and makes entities.
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
with Session(engine, expire_on_commit=False) as session:
    print_memory_usage("Session connected")
    records = rows()
    print_memory_usage("Result iteration start")
    values = [{"id": key, "num": num, "data": data} for key, num, data in records]
    entities = session.scalars(insert(Record).returning(Record), values).all()
    session.commit()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
