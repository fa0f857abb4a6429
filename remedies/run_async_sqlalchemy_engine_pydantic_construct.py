"""`model_construct` with its fields

Short: model_construct
Instead of: run_async_sqlalchemy_engine_pydantic_validate
Why not: a model takes as much as a validated one.

Called as it is meant to be, with the fields as keywords, `model_construct` builds a model as large as a validated one,
unless the model allows extra fields.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from db_model import DbModel
from domain_model import DomainModel

print_memory_usage("After imports")
start_tracing()

storage: dict[int, DomainModel] = {}


async def main() -> None:
    engine = create_async_engine(database_url("postgresql+psycopg"))
    async with engine.connect() as connection:
        print_memory_usage("Engine connected")
        result = await connection.stream(select(DbModel))
        async for row in result:
            if not storage:
                print_memory_usage("Result iteration start")
            storage[row.id] = DomainModel.model_construct(id=row.id, num=row.num, data=row.data)

        print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=len(storage))
