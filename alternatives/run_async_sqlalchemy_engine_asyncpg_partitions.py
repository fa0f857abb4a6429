"""Asynchronous Core over asyncpg by `partitions`

Short: Core, asyncpg, batches
Instead of: remedies.run_async_sqlalchemy_engine_partitions
You lose: an execution after a column's type changes, and poolers that cannot prepare, unless nothing is cached.
Choose it: where an asyncio service writes its queries with Core, and the driver's share of the time matters.

The same rows of the same `select`, read by the other driver, through a server-side cursor of its own.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from typing import Any

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from db_model import DbModel

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Any] = {}


async def main() -> None:
    # asyncpg reads the URL, for SQLAlchemy hands `?options=` and `?sslmode=` on as arguments that it does not know.
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(database_url()))
    async with engine.connect() as connection:
        print_memory_usage("Engine connected")
        result = await connection.stream(select(DbModel))
        async for batch in result.partitions(1000):
            for row in batch:
                if not storage:
                    print_memory_usage("Result iteration start")
                storage[row.id] = row

        print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=len(storage))
