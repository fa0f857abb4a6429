"""Entities turned into models without `yield_per`

Short: ORM to models
Instead of: run_sync_sqlalchemy_session
Why not: all entities are built first, and the models come beside them.

Each entity is turned into a model (`from_attributes`) and forgotten by the loop; the result holds all entities until
the last is handed out, so that both exist at once.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from db_model import DbModel
from domain_model import DomainModel

print_memory_usage("After imports")
start_tracing()

storage: dict[int, DomainModel] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    result = session.execute(select(DbModel))
    for row in result.scalars():
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = DomainModel.model_validate(row)

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
