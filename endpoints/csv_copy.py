"""CSV by `COPY`, streamed

Short: CSV, COPY
You lose: types: a CSV has texts only; what streaming loses.

The server makes the lines, and psycopg hands them out one by one, as bytes. They are sent 64 KiB at a time.
"""

from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from psycopg import AsyncConnection
from sqlalchemy.ext.asyncio import create_async_engine

from common import database_url

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))
COPY = "COPY (SELECT id, num, data FROM data WHERE id >= %s) TO STDOUT (FORMAT csv, HEADER)"


async def blocks(start: int) -> AsyncIterator[bytes]:
    """Yield some 64 KiB of lines at a time."""
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, AsyncConnection)
        async with driver.cursor() as cursor, cursor.copy(COPY, [start]) as copy:
            block = bytearray()
            async for line in copy:
                block += line
                if len(block) >= 65536:
                    yield bytes(block)
                    block.clear()
            yield bytes(block)


@app.get("/rows")
async def rows(start: int = 0) -> StreamingResponse:
    """Return the rows from `start` on."""
    return StreamingResponse(blocks(start), media_type="text/csv")
