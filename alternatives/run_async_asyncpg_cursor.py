"""Asyncpg by a server-side cursor

Short: asyncpg, cursor
Instead of: run_sync_psycopg
You lose: what you lose with `fetch`; a round trip for every batch, and a transaction that stays open meanwhile.
Choose it: where asyncpg reads more rows than should be in memory at once.

A cursor exists in a transaction alone. `async for` fetches `prefetch` rows at a time, 50 unless one says otherwise.
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
        async with connection.transaction(readonly=True):
            cursor = connection.cursor("SELECT * FROM data", prefetch=1000)
            async for row in cursor:
                if not storage:
                    print_memory_usage("Result iteration start")
                storage[row["id"]] = row

        print_memory_usage("Result iteration end")
    finally:
        await connection.close()


asyncio.run(main())
print_top_allocations(rows=len(storage))
