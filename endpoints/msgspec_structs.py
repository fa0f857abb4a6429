"""Structs by msgspec, as a `Response`

Short: msgspec
You lose: Pydantic's models, validation, and documentation unless `responses` has it.

msgspec's structs are smaller than models, and encoded faster.
"""

from common import database_url

# Any import below may be the first to fail.
# isort: split
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import Depends, FastAPI, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from db_model import DbModel

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


class Record(msgspec.Struct, gc=False):
    id: int
    num: int
    data: str


async def open_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


@app.get("/rows")
async def rows(session: Annotated[AsyncSession, Depends(open_session)], start: int = 0) -> Response:
    query = select(DbModel.id, DbModel.num, DbModel.data).where(DbModel.id >= start)
    found = [Record(*row) for row in await session.execute(query)]
    return Response(msgspec.json.encode(found), media_type="application/json")
