"""Asynchronous ORM by `execute`, without streaming

Short: async ORM, execute
Instead of: run_async_sqlalchemy_session
You lose: the server-side cursor: the driver keeps the whole result; `yield_per` raises `AsyncMethodRequired`.

`await session.execute` builds all entities and hands out a synchronous result: one greenlet for all rows, where
iterating over `stream`'s result makes one for each.
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
        result = await session.execute(select(DbModel))
        for row in result.scalars():
            if not storage:
                print_memory_usage("Result iteration start")
            storage[row.id] = row

        print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=len(storage))
