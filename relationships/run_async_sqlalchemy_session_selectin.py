"""Asynchronous `selectinload`

Short: async selectin
Instead of: relationships.run_sync_sqlalchemy_session_selectin
You lose: lazy loading: what was not loaded raises `MissingGreenlet`, unless `awaitable_attrs` is awaited.

The same as with `Session`. Loading has to be said beforehand, because an attribute cannot be awaited,
unless the class is an `AsyncAttrs`.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import selectinload

from relationships.shop_model import Customer

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Customer] = {}


async def main() -> None:
    engine = create_async_engine(database_url("postgresql+psycopg"))
    async with AsyncSession(engine) as session:
        print_memory_usage("Engine connected")
        query = select(Customer).options(selectinload(Customer.orders))
        for customer in await session.scalars(query):
            if not storage:
                print_memory_usage("Result iteration start")
            storage[customer.id] = customer

        print_memory_usage("Result iteration end")
        print_top_allocations(rows=len(storage))


asyncio.run(main())
