"""Asynchronous SQLAlchemy Engine - Core - Pydantic No Validation

Short: async Core, empty models

Streamed Core rows, each turned into a Pydantic model by `model_construct`. As in the original, the row is passed as
the first parameter, which is the set of the fields that count as given: the models are empty.
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
            storage[row.id] = DomainModel.model_construct(row)  # type: ignore[arg-type]

        print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=len(storage))
