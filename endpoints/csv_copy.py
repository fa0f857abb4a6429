"""CSV by `COPY`, streamed

Short: CSV, COPY
You lose: types: a CSV has texts only; what streaming loses; time, because the rows are counted before.

The server makes the lines, and psycopg hands them out one by one, as bytes. They are sent 64 KiB at a time. The header
`Row-Count` says beforehand how many rows the same snapshot has: a stream that was cut has fewer.
"""

from common import database_url

# Any import below may be the first to fail.
# isort: split
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"), isolation_level="REPEATABLE READ")
COPY = "COPY (SELECT id, num, data FROM data WHERE id >= %s) TO STDOUT (FORMAT csv, HEADER)"


async def open_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


async def blocks(driver: Any, start: int) -> AsyncIterator[bytes]:
    async with driver.cursor() as cursor, cursor.copy(COPY, [start]) as copy:
        block = bytearray()
        async for line in copy:
            block += line
            if len(block) >= 65536:
                yield bytes(block)
                block.clear()
        yield bytes(block)


@app.get("/rows")
async def rows(session: Annotated[AsyncSession, Depends(open_session)], start: int = 0) -> StreamingResponse:
    count = await session.scalar(text("SELECT count(*) FROM data WHERE id >= :start"), {"start": start})
    raw = await (await session.connection()).get_raw_connection()
    headers = {"Row-Count": str(count)}
    return StreamingResponse(blocks(raw.driver_connection, start), media_type="text/csv", headers=headers)
