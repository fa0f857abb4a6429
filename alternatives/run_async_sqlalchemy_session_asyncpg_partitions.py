"""Asynchronous ORM over asyncpg by `partitions`

Short: ORM, asyncpg, batches
Instead of: remedies.run_async_sqlalchemy_session_partitions
You lose: an execution after a column's type changes, and poolers that cannot prepare, unless nothing is cached.
Choose it: instead of going row by row, wherever asyncpg is the driver.

A thousand entities at a time from the other driver: the first row comes after one batch, and a greenlet is entered for
each batch, not for each row.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from db_model import DbModel

print_memory_usage("After imports")
start_tracing()

storage: dict[int, DbModel] = {}


async def main() -> None:
    # asyncpg reads the URL, for SQLAlchemy hands `?options=` and `?sslmode=` on as arguments that it does not know.
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(database_url()))
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
