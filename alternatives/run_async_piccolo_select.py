"""Piccolo's `select()`

Short: Piccolo, dicts
Instead of: remedies.run_async_sqlalchemy_session_columns
You lose: the objects: their methods, attributes and `save`.
Choose it: where rows are read as dicts, as for JSON, and none is changed.

One dict for each row, made of asyncpg's records, all of which are there before. `batch()` reads by a cursor.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import warnings
from typing import Any

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


storage: dict[int, dict[str, Any]] = {}


async def main() -> None:
    result = await Record.select()
    for row in result:
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row["id"]] = row

    print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=len(storage))
