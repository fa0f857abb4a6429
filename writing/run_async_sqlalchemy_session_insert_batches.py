"""Asynchronous ORM bulk insert for each 1,000 rows

Short: async bulk, batches
Instead of: writing.run_sync_sqlalchemy_session_insert_batches
You lose: entities: events of theirs, relationships, and the keys, unless you ask for them by `returning`.

The rows come from a generator, and a batch is a list of dicts. Each statement enters one greenlet.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from itertools import islice

from sqlalchemy import insert
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
        while batch := [{"id": key, "num": num, "data": data} for key, num, data in islice(records, 1000)]:
            await session.execute(insert(Record), batch)
        await session.commit()
        print_memory_usage("Result iteration end")
        print_top_allocations(rows=written())


asyncio.run(main())
