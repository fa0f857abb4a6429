"""The layers of other stacks, each where its package is installed: how each reads rows into objects of its own."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import repeat
from types import new_class
from typing import Any

from psycopg import rows

from bench.layers import alchemy
from bench.layers.model_readers import DJANGO, django_model
from bench.layers.readers import Read, Reading, kind, psycopg_rows
from bench.relations.addresses import for_asyncpg
from bench.relations.redaction import connecting
from bench.relations.transaction import connect, conninfo, settings
from common import database_url

RECORD, SQLMODEL, ARROW, POLARS = "asyncpg record", "SQLModel", "Arrow table", "polars frame"
# Their values are no objects of Python's.
NATIVE = (ARROW, POLARS)


@contextmanager
def asyncpg_record(what: Reading) -> Iterator[Read]:
    """Yield asyncpg's records, all at once: its cursors are prepared statements, which a pooler may keep."""
    import asyncpg

    async def begin() -> None:
        await transaction.start()
        await connection.execute(settings(what.timeout))

    async def fetch(count: int) -> list[object]:
        found: list[object] = await connection.fetch(f"{what.relation.statement} LIMIT {count}")
        for _ in range(2):  # else the connection's buffers keep what they last received: up to 256 KiB of rows, twice
            await connection.execute("SELECT 1")
        return found

    with connect(database_url(), what.timeout) as same:
        arguments = for_asyncpg(same)
    # Else it asks for 'utf-8', which PgBouncer then sets, though it is the same.
    arguments |= {"statement_cache_size": 0, "server_settings": {"client_encoding": "UTF8"}}
    with asyncio.Runner() as runner:
        with connecting():
            connection = runner.run(asyncpg.connect(**arguments))
        transaction = connection.transaction(isolation="repeatable_read", readonly=True)
        runner.run(begin())
        yield lambda count: runner.run(fetch(count))
        runner.run(transaction.rollback())
        runner.run(connection.close())


@contextmanager
def msgspec_struct(what: Reading) -> Iterator[Read]:
    """Yield instances of a `msgspec.Struct`, which validates nothing here."""
    import msgspec

    fields = [(column.attribute, kind(column)) for column in what.relation.columns]
    yield from psycopg_rows(what, rows.args_row(msgspec.defstruct("Row", fields)))


@contextmanager
def sqlmodel_entity(what: Reading) -> Iterator[Read]:
    """Yield SQLModel's entities, whose session stays open while they are measured."""
    from sqlalchemy import Column
    from sqlalchemy.orm import registry
    from sqlmodel import Field, Session, SQLModel, select

    relation = what.relation
    with alchemy.connected(what.timeout) as connection:
        table = alchemy.reflected(relation, connection)
        fields = {
            column.attribute: Field(
                sa_column=Column(column.name, table.c[column.name].type, primary_key=column.name in relation.key)
            )
            for column in relation.columns
        }
        names: dict[str, Any] = {
            "__annotations__": {column.attribute: kind(column) for column in relation.columns},
            "__module__": __name__,
            "__tablename__": relation.name,
            "__table_args__": {"schema": relation.schema},
        }
        base = new_class("Base", (SQLModel,), {"registry": registry()})  # of its own, for a process may make two
        mapped: Any = new_class("Row", (base,), {"table": True}, lambda space: space.update(names | fields))
        with Session(connection) as session:

            def read(count: int) -> Iterable[object]:
                session.expunge_all()
                return list(session.exec(select(alchemy.sampled(mapped, relation)).limit(count)).all())

            yield read


@contextmanager
def arrow_table(what: Reading) -> Iterator[Read]:
    """Yield one table of all rows, and nothing for each of the others; `native` tells what it takes."""
    yield from adbc_rows(what, lambda table: table)


@contextmanager
def polars_frame(what: Reading) -> Iterator[Read]:
    """Yield one frame of all rows, as `arrow_table` does, made of Arrow's table."""
    import polars

    yield from adbc_rows(what, polars.from_arrow)


def adbc_rows(what: Reading, made_of: Callable[[Any], Any]) -> Iterator[Read]:
    """Yield how to read all rows into Arrow's table, and what is made of it."""
    from adbc_driver_postgresql import dbapi

    def read(count: int) -> Iterator[object]:
        cursor.execute(f"{what.relation.statement} LIMIT {count}")
        table = made_of(cursor.fetch_arrow_table())
        if height := len(table):
            yield table
            yield from repeat(None, height - 1)

    with connecting():
        opened = dbapi.connect(conninfo(database_url()))
    with opened as connection, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(settings(what.timeout))
        cursor.fetchall()
        yield read
        connection.rollback()
        connection.adbc_connection.set_autocommit(True)  # else it is in a transaction again


def native(table: Any) -> int:
    """Return the bytes of a table's buffers that its values use, for tracemalloc sees none of them."""
    return int(table.nbytes if hasattr(table, "nbytes") else table.estimated_size())


LAYERS = {
    RECORD: asyncpg_record,
    "msgspec.Struct": msgspec_struct,
    SQLMODEL: sqlmodel_entity,
    ARROW: arrow_table,
    POLARS: polars_frame,
    DJANGO: django_model,
}
PACKAGES = {
    RECORD: "asyncpg",
    "msgspec.Struct": "msgspec",
    SQLMODEL: "sqlmodel",
    ARROW: "adbc_driver_postgresql",
    POLARS: "polars",
    DJANGO: "django",
}


def installed() -> list[str]:
    """Return the layers whose packages are here."""
    return [layer for layer, package in PACKAGES.items() if find_spec(package)]


def missing() -> str:
    """Return in one line which layers are left out because their packages are not here, and what adds them."""
    layers = [layer for layer in PACKAGES if layer not in installed()]
    return f"{'; '.join(layers)}: left out, until `make venv groups=alternatives` installs them" if layers else ""
