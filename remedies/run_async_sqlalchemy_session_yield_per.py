"""Asynchronous ORM with `yield_per`, entities kept

Short: async ORM, yield_per
Instead of: run_async_sqlalchemy_session
You lose: time, by a round trip for every batch; `unique`, joined eager loading of collections, `subqueryload`.

The result of `AsyncSession.stream`, iterated row by row, builds all entities first. With `yield_per` it builds them in
batches, and the first row comes after one of them. What is kept costs what it cost.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from db_model import DbModel

print_memory_usage("After imports")
start_tracing()

storage: dict[int, DbModel] = {}


async def main() -> None:
    engine = create_async_engine(database_url("postgresql+psycopg"))
    async with AsyncSession(engine) as session:
        print_memory_usage("Engine connected")
        result = await session.stream(select(DbModel).execution_options(yield_per=1000))
        async for row in result.scalars():
            if not storage:
                print_memory_usage("Result iteration start")
            storage[row.id] = row

        print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=len(storage))
