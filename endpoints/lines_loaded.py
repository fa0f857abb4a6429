"""JSON lines, streamed from rows that are all loaded

Short: JSON lines, loaded
Why not: `execute` loads all rows before the first line is sent, and they stay until the last one is

The same lines, but from a result that has been read, and is only then handed out in batches.
"""

from common import database_url

# Any import below may be the first to fail.
# isort: split
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import MappingResult, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from db_model import DbModel

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


async def open_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


async def lines(result: MappingResult) -> AsyncIterator[str]:
    count = 0
    for batch in result.partitions(1000):
        yield "".join(json.dumps(dict(row)) + "\n" for row in batch)
        count += len(batch)
    yield json.dumps({"complete": True, "rows": count}) + "\n"


@app.get("/rows")
async def rows(session: Annotated[AsyncSession, Depends(open_session)], start: int = 0) -> StreamingResponse:
    query = select(DbModel.id, DbModel.num, DbModel.data).where(DbModel.id >= start)
    result = await session.execute(query)
    return StreamingResponse(lines(result.mappings()), media_type="application/jsonl")
