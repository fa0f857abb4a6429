"""JSON made by the database, as a `Response`

Short: json_agg
You lose: Pydantic: what the response looks like is decided in SQL; time of the database's processor.

`json_agg` makes one text of all rows, which the process receives and passes on.
"""

from fastapi import FastAPI, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from common import database_url

app = FastAPI()
engine = create_async_engine(database_url("postgresql+psycopg"))


@app.get("/rows")
async def rows(start: int = 0) -> Response:
    """Return the rows from `start` on."""
    query = text("SELECT coalesce(json_agg(one), '[]')::text FROM data AS one WHERE id >= :start")
    async with engine.connect() as connection:
        return Response(await connection.scalar(query, {"start": start}), media_type="application/json")
