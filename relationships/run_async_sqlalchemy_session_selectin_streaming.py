"""Asynchronous `selectinload` with `yield_per`, each customer dropped

Short: async streaming
Instead of: relationships.run_async_sqlalchemy_session_selectin
You lose: the entities: each customer is used with its orders and forgotten.

Customers come in batches of 1,000, and with each batch its orders. `partitions` enters a greenlet for each batch, not
for each customer.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import selectinload

from relationships.shop_model import Customer

print_memory_usage("After imports")
start_tracing()

customers = orders = 0
total = Decimal(0)


async def main() -> None:
    global customers, orders, total
    engine = create_async_engine(database_url("postgresql+psycopg"))
    async with AsyncSession(engine) as session:
        print_memory_usage("Engine connected")
        query = select(Customer).options(selectinload(Customer.orders)).execution_options(yield_per=1000)
        async for batch in (await session.stream_scalars(query)).partitions():
            for customer in batch:
                if not customers:
                    print_memory_usage("Result iteration start")
                customers += 1
                for order in customer.orders:
                    orders += 1
                    total += order.total

        print_memory_usage("Result iteration end")
        print_top_allocations(rows=customers)


asyncio.run(main())
