"""JSON lines made by the database, streamed in batches

Short: JSON lines, row_to_json
You lose: what streaming loses, and Pydantic: what a line looks like is decided in SQL.

`row_to_json` makes a text of each row, and the process passes batches of them on. The last line says that it is the
last.
"""

from common import database_url

# Any import below may be the first to fail.
# isort: split
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncScalarResult, AsyncSession, create_async_engine

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


async def open_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


async def lines(result: AsyncScalarResult[str]) -> AsyncIterator[str]:
    count = 0
    async for batch in result.partitions(1000):
        yield "\n".join(batch) + "\n"
        count += len(batch)
    yield json.dumps({"complete": True, "rows": count}) + "\n"


@app.get("/rows")
async def rows(session: Annotated[AsyncSession, Depends(open_session)], start: int = 0) -> StreamingResponse:
    query = text("SELECT row_to_json(one)::text FROM data AS one WHERE id >= :start")
    result = await session.stream_scalars(query.execution_options(yield_per=1000), {"start": start})
    return StreamingResponse(lines(result), media_type="application/jsonl")
