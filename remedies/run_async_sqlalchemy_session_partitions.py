"""Asynchronous ORM by `partitions`, without `yield_per`

Short: async ORM, partitions
Instead of: run_async_sqlalchemy_session
You lose: children, and parents that are dropped, where SQLAlchemy 2.0 joins a collection; `unique`; the single loop.

`AsyncSession.stream` reads through a server-side cursor, and then `partitions(1000)` builds a thousand entities at a
time, even without `yield_per`; iterated row by row, the same result builds all of them first. `subqueryload` is not
refused here, but loads what belongs to all entities with the first batch. SQLAlchemy 2.1 refuses joined collections.
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
        result = await session.stream(select(DbModel))
        async for batch in result.scalars().partitions(1000):
            for row in batch:
                if not storage:
                    print_memory_usage("Result iteration start")
                storage[row.id] = row

        print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=len(storage))
