"""A frame made of ORM entities

Short: pandas, of entities
Instead of: alternatives.run_sync_pandas
You lose: memory, for each row is an entity before it is a row of the frame.
Choose it: not at all: `read_sql` takes a `select`, too.

The entities and the dicts are there until the frame is made.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import pandas
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from db_model import DbModel

print_memory_usage("After imports")
start_tracing()

engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    entities = session.scalars(select(DbModel)).all()
    table = pandas.DataFrame([{"id": row.id, "num": row.num, "data": row.data} for row in entities])
    print_memory_usage("Result iteration start")

print_memory_usage("Result iteration end")

last = len(table) - 1
found = table[table["id"] == last].to_dict("records")
print_memory_usage("Looked up by id")
print_top_allocations(rows=len(table))
