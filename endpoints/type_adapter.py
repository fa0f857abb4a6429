"""Models by a `TypeAdapter`, as a `Response`

Short: TypeAdapter
You lose: `response_model`, so filtering by FastAPI's options, and documentation unless `responses` has it.

Pydantic makes the models and their JSON, and FastAPI passes it on as it is.
"""

from common import database_url

# Any import below may be the first to fail.
# isort: split
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, Response
from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from db_model import DbModel
from domain_model import DomainModel

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))
models = TypeAdapter(list[DomainModel])


async def open_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


@app.get("/rows")
async def rows(session: Annotated[AsyncSession, Depends(open_session)], start: int = 0) -> Response:
    query = select(DbModel.id, DbModel.num, DbModel.data).where(DbModel.id >= start)
    found = models.validate_python((await session.execute(query)).all(), from_attributes=True)
    return Response(models.dump_json(found, by_alias=True), media_type="application/json")
