"""Synchronous SQLAlchemy Session - ORM

Short: ORM

The entities of an ORM `select`, each of them kept.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from db_model import DbModel

print_memory_usage("After imports")
start_tracing()

storage: dict[int, DbModel] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    result = session.execute(select(DbModel))
    for row in result.scalars():
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
