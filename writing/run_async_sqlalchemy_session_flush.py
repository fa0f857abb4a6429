"""Asynchronous entities, a `flush` and `expunge_all` for each 1,000

Short: async ORM, flush
Instead of: writing.run_sync_sqlalchemy_session_flush
You lose: what you lose without asyncio; no lazy load, and no expired attribute that nobody awaits.

The rows come from a generator. All is one transaction. Each flush enters one greenlet.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from itertools import islice

from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from writing.record_model import Record
from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()


async def main() -> None:
    engine = create_async_engine(database_url("postgresql+psycopg"))
    async with AsyncSession(engine) as session:
        print_memory_usage("Engine connected")
        records = rows()
        print_memory_usage("Result iteration start")
        while batch := [Record(id=key, num=num, data=data) for key, num, data in islice(records, 1000)]:
            session.add_all(batch)
            await session.flush()
            session.expunge_all()
        await session.commit()
        print_memory_usage("Result iteration end")
        print_top_allocations(rows=written())


asyncio.run(main())
