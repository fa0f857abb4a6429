"""Asynchronous Core by `partitions`

Short: async Core, partitions
Instead of: run_async_sqlalchemy_engine
You lose: the single loop; the first row comes after a whole batch, which lives until the next one is read.

`async for row` enters a new greenlet for every row, `partitions(1000)` one for every thousand.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from db_model import DbModel

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Any] = {}


async def main() -> None:
    engine = create_async_engine(database_url("postgresql+psycopg"))
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
