"""JSON made by the database, as a `Response`

Short: json_agg
You lose: Pydantic: what the response looks like is decided in SQL; time of the database's processor.

`json_agg` makes one text of all rows, which the process receives and passes on.
"""

from common import database_url

# Any import below may be the first to fail.
# isort: split
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


async def open_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


@app.get("/rows")
async def rows(session: Annotated[AsyncSession, Depends(open_session)], start: int = 0) -> Response:
    query = text("SELECT coalesce(json_agg(one), '[]')::text FROM data AS one WHERE id >= :start")
    return Response(await session.scalar(query, {"start": start}), media_type="application/json")
