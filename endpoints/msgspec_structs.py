"""Structs by msgspec, as a `Response`

Short: msgspec
You lose: Pydantic's models, validation, and documentation unless `responses` has it.

msgspec's structs are smaller than models, and encoded faster.
"""

import msgspec
from fastapi import FastAPI, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from common import database_url
from db_model import DbModel


class Record(msgspec.Struct, gc=False):
    """A row as it is sent."""

    id: int
    num: int
    data: str


app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


@app.get("/rows")
async def rows(start: int = 0) -> Response:
    """Return the rows from `start` on."""
    query = select(DbModel.id, DbModel.num, DbModel.data).where(DbModel.id >= start)
    async with engine.connect() as connection:
        found = [Record(*row) for row in await connection.execute(query)]
    return Response(msgspec.json.encode(found), media_type="application/json")
