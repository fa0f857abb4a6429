"""JSON lines made by the database, streamed in batches

Short: JSON lines, row_to_json
You lose: what streaming loses, and Pydantic: what a line looks like is decided in SQL.

`row_to_json` makes a text of each row, and the process passes batches of them on.
"""

from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from common import database_url

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


async def lines(start: int) -> AsyncIterator[str]:
    """Yield a batch of lines at a time."""
    query = text("SELECT row_to_json(one)::text FROM data AS one WHERE id >= :start")
    async with engine.connect() as connection:
        result = await connection.stream(query.execution_options(yield_per=1000), {"start": start})
        async for batch in result.scalars().partitions(1000):
            yield "\n".join(batch) + "\n"


@app.get("/rows")
async def rows(start: int = 0) -> StreamingResponse:
    """Return the rows from `start` on."""
    return StreamingResponse(lines(start), media_type="application/jsonl")
