"""Dicts, without `response_model`

Short: dicts
You lose: validation, filtering and documentation of the response.

FastAPI's own encoder walks through every value in Python, and the standard library makes the JSON.
"""

from typing import Any

from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from common import database_url
from db_model import DbModel

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


@app.get("/rows", response_model=None)
async def rows(start: int = 0) -> list[dict[str, Any]]:
    """Return the rows from `start` on."""
    query = select(DbModel.id, DbModel.num, DbModel.data).where(DbModel.id >= start)
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(query)).mappings()]
