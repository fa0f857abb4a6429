"""Tortoise's models

Short: Tortoise
Instead of: run_async_sqlalchemy_session
You lose: streaming; an identity map and a unit of work: `save` writes one row, all of it unless `update_fields`.
Choose it: in an asyncio service whose authors know Django's ORM, by which it is inspired, and whose results are small.

asyncpg fetches all records, and Tortoise makes a model of each before the first one is handed out, by `async for`, too.
Each has its values and four attributes of Tortoise's in one dict, and a dict for defaults that are awaited.
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


storage: dict[int, Record] = {}


async def connect(*_: Any, **__: Any) -> asyncpg.Connection:
    return await asyncpg.connect(database_url())


async def main() -> None:
    # asyncpg reads the URL, for Tortoise hands `?options=` and `?sslmode=` on as arguments that it does not know.
    default = {"engine": "tortoise.backends.asyncpg", "credentials": {"connect": connect}}
    await Tortoise.init(config={"connections": {"default": default}, "apps": {"data": {"models": ["__main__"]}}})
    try:
        result = await Record.all()
        for row in result:
            if not storage:
                print_memory_usage("Result iteration start")
            storage[row.id] = row

        print_memory_usage("Result iteration end")
    finally:
        await Tortoise.close_connections()


asyncio.run(main())
print_top_allocations(rows=len(storage))
