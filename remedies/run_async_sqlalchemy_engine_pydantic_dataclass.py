"""A Pydantic dataclass with slots, validated

Short: Pydantic dataclass
Instead of: run_async_sqlalchemy_engine_pydantic
You lose: what only a model has: `model_copy` and other methods, `from_attributes`, the set of given fields.

Pydantic validates a dataclass as it does a model. With slots, an instance has neither a dict nor a set. A `TypeAdapter`
validates plain data, dumps and describes it; it reads no attributes of a row either.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from pydantic.dataclasses import dataclass
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from db_model import DbModel

print_memory_usage("After imports")
start_tracing()


@dataclass(slots=True)
class DomainRecord:
    id: int
    num: int
    data: str


storage: dict[int, DomainRecord] = {}


async def main() -> None:
    engine = create_async_engine(database_url("postgresql+psycopg"))
    async with engine.connect() as connection:
        print_memory_usage("Engine connected")
        result = await connection.stream(select(DbModel))
        async for row in result:
            if not storage:
                print_memory_usage("Result iteration start")
            storage[row.id] = DomainRecord(id=row.id, num=row.num, data=row.data)

        print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=len(storage))
