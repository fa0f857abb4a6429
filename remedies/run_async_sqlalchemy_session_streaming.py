"""Asynchronous ORM with `yield_per`, each entity dropped

Short: async ORM, streaming
Instead of: run_async_sqlalchemy_session
You lose: the entities: each is used and forgotten.

The session refers weakly to entities that were not modified: whatever the loop does not keep is gone with its batch,
and memory stays flat however many rows there are. `partitions` enters a greenlet for each batch, not for each row.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from db_model import DbModel

print_memory_usage("After imports")
start_tracing()

rows = total = 0


async def main() -> None:
    global rows, total
    engine = create_async_engine(database_url("postgresql+psycopg"))
    async with AsyncSession(engine) as session:
        print_memory_usage("Engine connected")
        result = await session.stream(select(DbModel).execution_options(yield_per=1000))
        async for batch in result.scalars().partitions():
            for row in batch:
                if not rows:
                    print_memory_usage("Result iteration start")
                rows += 1
                total += row.num

        print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=rows)
