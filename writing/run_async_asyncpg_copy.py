"""Asyncpg's `copy_records_to_table` of a generator

Short: asyncpg, copy
Instead of: writing.run_sync_psycopg_copy
You lose: DB-API; a type without a binary format; about half of libpq's options in a URL.

The rows come from a generator. asyncpg sends them in the binary format, by chunks of half a MiB.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import asyncpg

from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()


async def main() -> None:
    connection = await asyncpg.connect(database_url())
    try:
        records = rows()
        print_memory_usage("Result iteration start")
        await connection.copy_records_to_table("written", records=records, columns=["id", "num", "data"])
        print_memory_usage("Result iteration end")
        print_top_allocations(rows=written())
    finally:
        await connection.close()


asyncio.run(main())
