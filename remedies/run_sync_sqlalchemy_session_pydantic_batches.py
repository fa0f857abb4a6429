"""Entities turned into models batch by batch

Short: ORM to models, batches
Instead of: remedies.run_sync_sqlalchemy_session_pydantic
You lose: the entities; what is kept is the models.

With `yield_per`, each batch's entities are turned into models (`from_attributes`) and forgotten: one pays for the
models that are kept, not for the entities as well.
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
    result = session.execute(select(DbModel).execution_options(yield_per=1000))
    for row in result.scalars():
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = DomainModel.model_validate(row)

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
