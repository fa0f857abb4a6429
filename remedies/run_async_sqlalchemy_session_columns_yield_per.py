"""Asynchronous ORM session, columns with `yield_per`

Short: async columns, yield_per
Instead of: run_async_sqlalchemy_session
You lose: entities, as with all columns; time, by a round trip for every batch, in a transaction that stays open.

Columns instead of entities, in batches: no entity ever exists, and `partitions` enters a greenlet for each batch, not
for each row.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from db_model import DbModel

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Any] = {}


async def main() -> None:
    engine = create_async_engine(database_url("postgresql+psycopg"))
    async with AsyncSession(engine) as session:
        print_memory_usage("Engine connected")
        statement = select(DbModel.id, DbModel.num, DbModel.data).execution_options(yield_per=1000)
        result = await session.stream(statement)
        async for batch in result.partitions():
            for row in batch:
                if not storage:
                    print_memory_usage("Result iteration start")
                storage[row.id] = row

        print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=len(storage))
