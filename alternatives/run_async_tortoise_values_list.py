"""Tortoise's `values_list()`

Short: Tortoise, tuples
Instead of: remedies.run_async_sqlalchemy_session_columns
You lose: the models: their methods, attributes and `save`; streaming, as with models.
Choose it: where values are read and none is changed, or where a relation's columns are wanted in the same query.

One tuple for each row, made of asyncpg's records, all of which are there before.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from typing import Any

import asyncpg
from tortoise import Model, Tortoise, fields

print_memory_usage("After imports")
start_tracing()


class Record(Model):
    id = fields.IntField(primary_key=True)
    num = fields.IntField()
    data = fields.TextField()

    class Meta:
        table = "data"


storage: dict[int, Any] = {}


async def connect(*_: Any, **__: Any) -> asyncpg.Connection:
    return await asyncpg.connect(database_url())


async def main() -> None:
    # asyncpg reads the URL, for Tortoise hands `?options=` and `?sslmode=` on as arguments that it does not know.
    default = {"engine": "tortoise.backends.asyncpg", "credentials": {"connect": connect}}
    await Tortoise.init(config={"connections": {"default": default}, "apps": {"data": {"models": ["__main__"]}}})
    try:
        result = await Record.all().values_list("id", "num", "data")
        for row in result:
            if not storage:
                print_memory_usage("Result iteration start")
            storage[row[0]] = row

        print_memory_usage("Result iteration end")
    finally:
        await Tortoise.close_connections()


asyncio.run(main())
print_top_allocations(rows=len(storage))
