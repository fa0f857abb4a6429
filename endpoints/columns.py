"""Columns with `response_model`

Short: columns
You lose: entities: no relationships, and nothing to change.

The same list, of plain rows: FastAPI reads their columns by name.
"""

from common import database_url

# Any import below may be the first to fail.
# isort: split
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from db_model import DbModel
from domain_model import DomainModel

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


async def open_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


@app.get("/rows", response_model=list[DomainModel])
async def rows(session: Annotated[AsyncSession, Depends(open_session)], start: int = 0) -> Sequence[Row[int, int, str]]:
    query = select(DbModel.id, DbModel.num, DbModel.data).where(DbModel.id >= start)
    return (await session.execute(query)).all()
