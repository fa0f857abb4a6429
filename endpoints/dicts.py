"""Dicts, without `response_model`

Short: dicts
Why not: FastAPI's own encoder walks through every value in Python, which takes longer than Pydantic takes for models

The encoder makes other dicts of them, and the standard library makes the JSON of those.
"""

from common import database_url

# Any import below may be the first to fail.
# isort: split
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from db_model import DbModel

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


async def open_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


@app.get("/rows", response_model=None)
async def rows(session: Annotated[AsyncSession, Depends(open_session)], start: int = 0) -> list[dict[str, int | str]]:
    query = select(DbModel.id, DbModel.num, DbModel.data).where(DbModel.id >= start)
    return [dict(row) for row in (await session.execute(query)).mappings()]
