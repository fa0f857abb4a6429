"""Asynchronous ORM over asyncpg, row by row

Short: async ORM, asyncpg
Instead of: run_async_sqlalchemy_session
You lose: an execution after a column's type changes, and poolers that cannot prepare, unless nothing is cached.
Choose it: where asyncpg is there already; an entity's overhead costs the same, whoever reads its row.

The same entities from the other driver. Without `yield_per`, all of them exist before the first one is handed out.
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
        async for row in result.scalars():
            if not storage:
                print_memory_usage("Result iteration start")
            storage[row.id] = row

        print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=len(storage))
