"""JSON lines of validated models, streamed in batches

Short: JSON lines, models
You lose: the same as with JSON lines, but each row is validated.

The models of a batch are made, encoded and dropped before the next batch is read.
"""

from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from common import database_url
from db_model import DbModel
from domain_model import DomainModel

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


async def lines(start: int) -> AsyncIterator[str]:
    """Yield a batch of lines at a time."""
    query = select(DbModel.id, DbModel.num, DbModel.data).where(DbModel.id >= start)
    async with engine.connect() as connection:
        result = await connection.stream(query.execution_options(yield_per=1000))
        async for batch in result.partitions():
            yield "".join(DomainModel.model_validate(row).model_dump_json() + "\n" for row in batch)


@app.get("/rows")
async def rows(start: int = 0) -> StreamingResponse:
    """Return the rows from `start` on."""
    return StreamingResponse(lines(start), media_type="application/jsonl")
