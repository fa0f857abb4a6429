"""Columns with `response_model`

Short: columns
You lose: entities: no relationships, and nothing to change.

The same list, of plain rows: FastAPI reads their columns by name.
"""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import create_async_engine

from common import database_url
from db_model import DbModel
from domain_model import DomainModel

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


@app.get("/rows", response_model=list[DomainModel])
async def rows(start: int = 0) -> Sequence[Row[Any]]:
    """Return the rows from `start` on."""
    query = select(DbModel.id, DbModel.num, DbModel.data).where(DbModel.id >= start)
    async with engine.connect() as connection:
        return (await connection.execute(query)).all()
