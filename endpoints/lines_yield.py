"""JSON lines by FastAPI's own `yield`

Short: JSON lines, yield
You lose: time, by a message for each row; what streaming loses, but the lines' model is documented.

FastAPI validates, encodes and sends each model that the endpoint yields, one by one.
"""

from collections.abc import AsyncIterable

from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from common import database_url
from db_model import DbModel
from domain_model import DomainModel

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


@app.get("/rows")
async def rows(start: int = 0) -> AsyncIterable[DomainModel]:
    """Return the rows from `start` on."""
    query = select(DbModel.id, DbModel.num, DbModel.data).where(DbModel.id >= start)
    async with engine.connect() as connection:
        result = await connection.stream(query.execution_options(yield_per=1000))
        async for batch in result.partitions():
            for row in batch:
                yield DomainModel.model_validate(row)
