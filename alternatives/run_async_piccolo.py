"""Piccolo's `objects()`

Short: Piccolo
Instead of: run_async_sqlalchemy_session
You lose: an identity map and a unit of work: `save` writes one row, all columns unless it is given some.
Choose it: in an asyncio service that wants a query builder, an ORM and migrations in one, with types.

asyncpg fetches all records. Piccolo makes a dict of each, and then an object of each dict: meanwhile both are there, so
that the peak is higher than what is kept. `batch()` reads by a cursor.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import warnings

from piccolo.columns import Integer, Text
from piccolo.engine.postgres import PostgresEngine
from piccolo.table import Table

print_memory_usage("After imports")
start_tracing()

# The engine asks for the server's version, and warns where it cannot. The query then says why, too.
warnings.filterwarnings("ignore", ".*Unable to (connect|fetch)")


class Record(Table, tablename="data", db=PostgresEngine(config={"dsn": database_url()})):
    id = Integer(primary_key=True)
    num = Integer()
    data = Text()


storage: dict[int, Record] = {}


async def main() -> None:
    result = await Record.objects()
    for row in result:
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

    print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=len(storage))
