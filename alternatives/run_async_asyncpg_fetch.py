"""Asyncpg by `fetch`

Short: asyncpg, fetch
Instead of: run_sync_psycopg
You lose: DB-API; attributes, for columns are a record's items; about half of libpq's options in a URL.
Choose it: in an asyncio service that writes its own SQL and wants all rows of a query at once.

The driver alone, which speaks PostgreSQL's binary protocol itself. `fetch` awaits the whole result and returns a list
of records: all of them exist before the first can be read, and no row enters the event loop.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import asyncpg

print_memory_usage("After imports")
start_tracing()

storage: dict[int, asyncpg.Record] = {}


async def main() -> None:
    connection = await asyncpg.connect(database_url())
    try:
        result = await connection.fetch("SELECT * FROM data")
        for row in result:
            if not storage:
                print_memory_usage("Result iteration start")
            storage[row["id"]] = row

        print_memory_usage("Result iteration end")
    finally:
        await connection.close()


asyncio.run(main())
print_top_allocations(rows=len(storage))
