"""Tortoise's `bulk_create` for each 1,000 models

Short: Tortoise, bulk_create
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: `save` and its signals; the keys that the server makes.

The rows come from a generator, and a batch is a list of models. All is one transaction.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from itertools import islice
from typing import Any

import asyncpg
from tortoise import Model, Tortoise, fields
from tortoise.transactions import in_transaction

from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()


class Record(Model):
    id, num, data = fields.IntField(primary_key=True), fields.IntField(), fields.TextField()

    class Meta:
        table = "written"


async def connect(*_: Any, **__: Any) -> asyncpg.Connection:
    return await asyncpg.connect(database_url())


async def main() -> None:
    default = {"engine": "tortoise.backends.asyncpg", "credentials": {"connect": connect}}
    await Tortoise.init(config={"connections": {"default": default}, "apps": {"data": {"models": ["__main__"]}}})
    records = rows()
    print_memory_usage("Result iteration start")
    try:
        async with in_transaction():
            while batch := [Record(id=key, num=num, data=data) for key, num, data in islice(records, 1000)]:
                await Record.bulk_create(batch)
    finally:
        await Tortoise.close_connections()
    print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=written())
