"""Entities with `response_model`

Short: entities
You lose: memory and time. FastAPI validates each row, and documents it.

A session as a dependency, and a list of entities: FastAPI makes a model of each, and then the JSON of all.
"""

from common import database_url

# Any import below may be the first to fail.
# isort: split
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from db_model import DbModel
from domain_model import DomainModel

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


async def open_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


@app.get("/rows", response_model=list[DomainModel])
async def rows(session: Annotated[AsyncSession, Depends(open_session)], start: int = 0) -> Sequence[DbModel]:
    return (await session.scalars(select(DbModel).where(DbModel.id >= start))).all()
