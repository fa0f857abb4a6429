"""JSON lines, streamed in batches

Short: JSON lines
You lose: a status for what fails after the first byte; `Content-Length`; `response_model`; a connection while a client reads.

A batch of rows is read, encoded and sent before the next one is read, so that no more than one is there.
"""

import json
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from common import database_url
from db_model import DbModel

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


async def lines(start: int) -> AsyncIterator[str]:
    """Yield a batch of lines at a time."""
    query = select(DbModel.id, DbModel.num, DbModel.data).where(DbModel.id >= start)
    async with engine.connect() as connection:
        result = await connection.stream(query.execution_options(yield_per=1000))
        async for batch in result.mappings().partitions():
            yield "".join(json.dumps(dict(row)) + "\n" for row in batch)


@app.get("/rows")
async def rows(start: int = 0) -> StreamingResponse:
    """Return the rows from `start` on."""
    return StreamingResponse(lines(start), media_type="application/jsonl")
