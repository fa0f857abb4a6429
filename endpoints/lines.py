"""JSON lines, streamed in batches

Short: JSON lines
You lose: a status for what fails later; `Content-Length`; `response_model`; a connection for as long as a client reads.

A batch of rows is read, encoded and sent before the next one is read, so that no more than one is there. The last
line says that it is the last, and how many rows there were: a stream that was cut has none.
"""

from common import database_url

# Any import below may be the first to fail.
# isort: split
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncMappingResult, AsyncSession, create_async_engine

from db_model import DbModel

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


async def open_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


async def lines(result: AsyncMappingResult) -> AsyncIterator[str]:
    count = 0
    async for batch in result.partitions():
        yield "".join(json.dumps(dict(row)) + "\n" for row in batch)
        count += len(batch)
    yield json.dumps({"complete": True, "rows": count}) + "\n"


@app.get("/rows")
async def rows(session: Annotated[AsyncSession, Depends(open_session)], start: int = 0) -> StreamingResponse:
    query = select(DbModel.id, DbModel.num, DbModel.data).where(DbModel.id >= start)
    result = await session.stream(query.execution_options(yield_per=1000))
    return StreamingResponse(lines(result.mappings()), media_type="application/jsonl")
