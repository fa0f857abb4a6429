"""The code that is printed, but for the reader's names."""

ENTITIES = """\
{yours}
# Yours: engine, by create_engine(...) or create_async_engine(...)
from sqlalchemy import Engine, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session

{statement}


def read(engine: Engine) -> None:
    with Session(engine) as session:
        for row in session.scalars(statement):
            ...


async def read_async(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        result = await session.stream(statement)
        async for rows in result.scalars().partitions():
            for row in rows:
                ..."""
ROWS = """\
# Yours: engine, by create_engine(...) or create_async_engine(...)
from sqlalchemy import Engine, text
from sqlalchemy.ext.asyncio import AsyncEngine

{query}
statement = text(query).execution_options(yield_per={batch})


def read(engine: Engine) -> None:
    with engine.connect() as connection:
        for row in connection.execute(statement):
            ...


async def read_async(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        result = await connection.stream(statement)
        async for rows in result.partitions({batch}):
            for row in rows:
                ..."""
COLUMNS = """\
{yours}
# Yours: engine, by create_engine(...)
from sqlalchemy import Engine, select

{statement}


def read(engine: Engine) -> None:
    with engine.connect() as connection:
        for row in connection.execute(statement):
            ..."""
DATACLASS = """\
# Yours: connection, by psycopg.connect(...)
{imports}


@dataclass(slots=True)
class {name}:
{fields}


{query}
with connection.cursor("rows") as cursor:
{factory}
    cursor.itersize = {batch}
    cursor.execute(query)
    for row in cursor:
        ..."""
JOINED = """\
{yours}
# Yours: engine, by create_engine(...)
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

{statement}


def read(engine: Engine) -> None:
    with Session(engine) as session:
        for row in session.scalars(statement).unique():
            ..."""
