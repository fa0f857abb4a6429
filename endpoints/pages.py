"""Pages by key, with `response_model`

Short: pages of 1,000
You lose: one snapshot of all rows: each page is a query of its own; time, by a request for every page.

A page of 1,000 rows, and in the header `Link` the address of the next one, which begins after the last key.
"""

from common import database_url

# Any import below may be the first to fail.
# isort: split
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from db_model import DbModel
from domain_model import DomainModel

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))
SIZE = 1000


async def open_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


@app.get("/rows", response_model=list[DomainModel])
async def rows(
    request: Request, response: Response, session: Annotated[AsyncSession, Depends(open_session)], start: int = 0
) -> Sequence[Row[int, int, str]]:
    query = select(DbModel.id, DbModel.num, DbModel.data).where(DbModel.id >= start).order_by(DbModel.id)
    page = (await session.execute(query.limit(SIZE))).all()
    if len(page) == SIZE:
        following = request.url.include_query_params(start=page[-1].id + 1)
        response.headers["Link"] = f'<{following}>; rel="next"'
    return page
