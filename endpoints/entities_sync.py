"""Entities with `response_model`, without asyncio

Short: entities (def)
You lose: memory and time, as with asyncio; a thread for each request, of the 40 that there are.

The same endpoint as a plain function: FastAPI calls it in a thread, and validates in one, too.
"""

from common import database_url

# Any import below may be the first to fail.
# isort: split
from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from db_model import DbModel
from domain_model import DomainModel

app = FastAPI()
engine = create_engine(database_url("postgresql+psycopg"))


def open_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@app.get("/rows", response_model=list[DomainModel])
def rows(session: Annotated[Session, Depends(open_session)], start: int = 0) -> Sequence[DbModel]:
    return session.scalars(select(DbModel).where(DbModel.id >= start)).all()
