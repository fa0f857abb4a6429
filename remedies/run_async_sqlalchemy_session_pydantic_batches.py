"""Asynchronous, entities turned into models batch by batch

Short: async ORM to models
Remedies: run_async_sqlalchemy_session
Compare: peak of the process
Gives up: the entities; what is kept is the models.

With `yield_per`, each batch's entities are turned into models (`from_attributes`) and forgotten: one pays for the
models that are kept, not for the entities as well.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from db_model import DbModel
from domain_model import DomainModel

print_memory_usage("After imports")
start_tracing()

storage: dict[int, DomainModel] = {}


async def main() -> None:
    engine = create_async_engine(database_url("postgresql+psycopg"))
    async with AsyncSession(engine) as session:
        print_memory_usage("Engine connected")
        result = await session.stream(select(DbModel).execution_options(yield_per=1000))
        async for row in result.scalars():
            if not storage:
                print_memory_usage("Result iteration start")
            storage[row.id] = DomainModel.model_validate(row)

        print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=len(storage))
