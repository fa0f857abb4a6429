"""One JSON array, streamed in batches, without asyncio

Short: JSON array (def)
You lose: what streaming loses; a thread for each batch, of the 40 that there are.

The same as a plain generator: Starlette asks it for each batch in a thread.
"""

from common import database_url

# Any import below may be the first to fail.
# isort: split
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter
from sqlalchemy import Result, create_engine, select
from sqlalchemy.orm import Session

from db_model import DbModel
from domain_model import DomainModel

app = FastAPI()
engine = create_engine(database_url("postgresql+psycopg"))
models = TypeAdapter(list[DomainModel])


def open_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


def array(result: Result[int, int, str]) -> Iterator[bytes]:
    before = b"["
    for batch in result.partitions():
        encoded = models.dump_json(models.validate_python(batch, from_attributes=True), by_alias=True)
        yield before + encoded[1:-1]
        before = b","
    yield b"[]" if before == b"[" else b"]"


@app.get("/rows")
def rows(session: Annotated[Session, Depends(open_session)], start: int = 0) -> StreamingResponse:
    query = select(DbModel.id, DbModel.num, DbModel.data).where(DbModel.id >= start)
    result = session.execute(query.execution_options(yield_per=1000))
    return StreamingResponse(array(result), media_type="application/json")
