"""`COPY` below an `AsyncSession`

Short: async ORM, copy
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: what SQLAlchemy does of a value: defaults, types of its own, events; the keys.

The rows come from a generator. It is the driver's own asynchronous connection, in the session's transaction.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()


async def main() -> None:
    engine = create_async_engine(database_url("postgresql+psycopg"))
    async with AsyncSession(engine) as session:
        print_memory_usage("Engine connected")
        records = rows()
        print_memory_usage("Result iteration start")
        connection = await (await session.connection()).get_raw_connection()
        driver = connection.driver_connection
        assert driver
        async with driver.cursor() as cursor, cursor.copy("COPY written (id, num, data) FROM STDIN") as copy:
            for row in records:
                await copy.write_row(row)
        await session.commit()
        print_memory_usage("Result iteration end")
        print_top_allocations(rows=written())


asyncio.run(main())
