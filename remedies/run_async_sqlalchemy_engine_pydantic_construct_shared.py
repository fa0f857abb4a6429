"""`model_construct` with one shared set of fields

Short: model_construct, shared
Instead of: run_async_sqlalchemy_engine_pydantic_validate
You lose: validation; assigning a field on one model marks it as set on all, because they share the set.

Each model owns a set of the fields that were given: 216 bytes for up to four fields, 728 from five on.
`model_construct` takes one from its caller, so that all models can share it: right for models that are only read.
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
FIELDS = {"id", "num", "data"}


async def main() -> None:
    engine = create_async_engine(database_url("postgresql+psycopg"))
    async with engine.connect() as connection:
        print_memory_usage("Engine connected")
        result = await connection.stream(select(DbModel))
        async for row in result:
            if not storage:
                print_memory_usage("Result iteration start")
            storage[row.id] = DomainModel.model_construct(FIELDS, id=row.id, num=row.num, data=row.data)

        print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=len(storage))
