"""What a worker has from its first requests on: statements in caches, engines, and the connections of a pool."""

from bench.studies.worker.part import Part
from bench.studies.worker.sources import MAPPED, entity

# How many of them are open: two processes at once have to find room on the server.
CONNECTED = (5, 45)
OPERATORS = ("==", "!=", "<", ">", "<=", ">=")
HEAD = """
import os

URL = os.environ["DATABASE_URL"]
"""
ENGINE = f"""{HEAD}
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.orm import Session

engine = create_engine(URL.replace("postgresql:", "postgresql+psycopg:"), pool_size=100)
"""
# A temporary table, and one statement, so that what is needed once is there.
TABLE = """
session = Session(engine)
Base.metadata.create_all(session.connection())
session.scalars(select(Entity)).all()
"""


def entity_of(columns: int) -> str:
    return entity("Entity", columns, ['__table_args__ = {"prefixes": ["TEMPORARY"]}'])


def statement(number: int) -> str:
    """Return a query whose text no other number has."""
    first, second = divmod(number, len(OPERATORS))
    conditions = f"Entity.id {OPERATORS[second]} 1, Entity.column_4 {OPERATORS[first % 6]} 2"
    columns = ("id", "column_2", "column_3", "column_4", "column_5")
    order = f"Entity.{columns[first // 6 % 5]}"
    return f"session.scalars(select(Entity).where({conditions}).order_by({order})).all()\n"


def statements(columns: int) -> Part:
    head = MAPPED + entity_of(columns) + ENGINE + TABLE
    return Part(f"statement in SQLAlchemy's cache, {columns} columns", head, statement)


def queried(columns: int) -> Part:
    """Return classes, of each of which a query is executed."""
    head = MAPPED + entity_of(columns) + ENGINE + TABLE

    def piece(number: int) -> str:
        name = f"Entity{number}"
        return entity(name, columns, ['__table_args__ = {"prefixes": ["TEMPORARY"]}']) + QUERY.format(name)

    return Part(f"mapped class of {columns} columns, queried", head, piece)


def of_columns(how: str, execute: str) -> Part:
    """Return statements like those of entities, of the table's columns."""
    head = MAPPED + entity_of(20) + ENGINE + TABLE

    def piece(number: int) -> str:
        text = statement(number).replace("select(Entity)", "select(*Entity.__table__.columns)")
        return text.replace("session.scalars(", execute).replace(").all()", ")")

    return Part(f"the same of the table's 20 columns, {how}", head + COMPILE, piece)


QUERY = """
Base.metadata.create_all(session.connection(), [{0}.__table__])
session.scalars(select({0}).where({0}.id == 1)).all()
"""
# What a connection does with a statement before it executes it.
COMPILE = """

def compiled(query):
    query._compile_w_cache(engine.dialect, compiled_cache=engine._compiled_cache, column_keys=[])
"""
ASYNC_ENGINE = f"""{HEAD}
import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(URL.replace("postgresql:", "postgresql+DRIVER:"), pool_size=100)


async def opened():
    connections = [await engine.connect() for _ in range(COUNT)]
    for connection in connections:
        for number in range(PREPARED):
            await connection.execute(text(f"SELECT {{number}}, cast(:one AS int)"), {{"one": 1}})
    for connection in connections:
        await connection.close()


loop = asyncio.new_event_loop()
loop.run_until_complete(opened())
"""
ASYNCPG = f"""{HEAD}
import asyncio

import asyncpg


async def opened():
    connections = [await asyncpg.connect(URL) for _ in range(COUNT)]
    for connection in connections:
        for number in range(PREPARED):
            await connection.fetch(f"SELECT {{number}}, $1::int", 1)
    return connections


loop = asyncio.new_event_loop()
connections = loop.run_until_complete(opened())
"""
PSYCOPG = f"""{HEAD}
import psycopg

connections = [psycopg.connect(URL) for _ in range(COUNT)]
for connection in connections:
    for number in range(PREPARED):
        connection.execute(f"SELECT {{number}}, %s::int", [1], prepare=True).fetchall()
"""
SQLALCHEMY = f"""{ENGINE}
connections = [engine.connect() for _ in range(COUNT)]
for connection in connections:
    for number in range(PREPARED):
        for _ in range(6):  # psycopg prepares what was executed five times
            connection.execute(text(f"SELECT {{number}}, cast(:one AS int)"), {{"one": 1}}).fetchall()
for connection in connections:
    connection.close()
"""


def connection(name: str, code: str, prepared: int = 0, driver: str = "", needs: tuple[str, ...] = ()) -> list[Part]:
    """Return a connection, and what each prepared statement adds to it."""
    bare, full = (code.replace("PREPARED", f"{count}").replace("DRIVER", driver) for count in (0, 20))
    with_20 = f"prepared statement, {name}"
    return [
        Part(f"connection, {name}", "", nothing, bare, CONNECTED, needs=needs),
        Part(with_20, "", nothing, full, CONNECTED, without=f"connection, {name}", times=20, needs=needs),
    ]


def nothing(number: int) -> str:
    return ""


ENGINES = """
engines = [create_engine(engine.url) for _ in range(COUNT)]
"""
CONNECTIONS = (
    statements(5),
    statements(20),
    of_columns("compiled only", "compiled("),
    of_columns("executed", "session.execute("),
    queried(5),
    queried(20),
    Part("engine, without a connection", ENGINE, nothing, ENGINES),
    *connection("psycopg", PSYCOPG),
    *connection("SQLAlchemy and psycopg", SQLALCHEMY),
    *connection("SQLAlchemy and psycopg, asynchronous", ASYNC_ENGINE, driver="psycopg"),
    *connection("asyncpg", ASYNCPG, needs=("asyncpg",)),
    *connection("SQLAlchemy and asyncpg", ASYNC_ENGINE, driver="asyncpg", needs=("asyncpg",)),
)
