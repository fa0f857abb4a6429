"""Asynchronous ORM session, columns instead of entities

Short: async ORM columns
Instead of: run_async_sqlalchemy_session
You lose: entities: no identity map, no relationships, no change tracking. For reading, one rarely wants them.

`select` names the columns, so that the session hands out plain rows.
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
        result = await session.stream(select(DbModel.id, DbModel.num, DbModel.data))
        async for row in result:
            if not storage:
                print_memory_usage("Result iteration start")
            storage[row.id] = row

        print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=len(storage))
