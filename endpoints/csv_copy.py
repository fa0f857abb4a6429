"""CSV by `COPY`, streamed

Short: CSV, COPY
You lose: types: a CSV has texts only; what streaming loses.

The server makes the lines, and psycopg hands them out one by one, as bytes. They are sent 64 KiB at a time.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from common import database_url

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))
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
    raw = await (await session.connection()).get_raw_connection()
    return StreamingResponse(blocks(raw.driver_connection, start), media_type="text/csv")
