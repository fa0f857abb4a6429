"""SQLAlchemy's connection, session and mapped class for a relation; imported where it is used, for it is a layer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.relations.relations import Relation
from bench.relations.transaction import connect, settings
from common import database_url


@contextmanager
def connected(timeout: int) -> Iterator[Any]:
    """Yield a connection in its transaction, which can only read; `timeout` is that of a statement, in seconds.

    The dialect asks the server a few things when it first connects, in a transaction of its own that it rolls back:
    what was set for that one is set again for the next.
    """
    from sqlalchemy import NullPool, create_engine, event

    bind = create_engine("postgresql+psycopg://", creator=lambda: connect(database_url(), timeout), poolclass=NullPool)
    event.listen(bind, "begin", lambda connection: connection.exec_driver_sql(settings(timeout)))
    with bind.connect() as connection:
        yield connection


@contextmanager
def session(relation: Relation, timeout: int) -> Iterator[tuple[Any, Any]]:
    """Yield a session, and the statement that selects a class that is mapped to the relation's columns."""
    from sqlalchemy import select
    from sqlalchemy.orm import Session, registry

    names = {column.name: column.attribute for column in relation.columns}
    mapped: Any = type("Row", (), {})
    with connected(timeout) as connection:
        table = reflected(relation, connection)
        registry().map_imperatively(
            mapped,
            table,
            properties={names[column.name]: column for column in table.c},
            primary_key=[table.c[name] for name in relation.key],
        )
        with Session(connection) as opened:
            yield opened, select(sampled(mapped, relation))


def reflected(relation: Relation, connection: Any) -> Any:
    """Return the table as the server describes it, with the columns that are read."""
    from sqlalchemy import MetaData, Table

    return Table(
        relation.name,
        MetaData(),
        schema=relation.schema,
        autoload_with=connection,
        resolve_fks=False,
        include_columns=[column.name for column in relation.columns],
    )


def sampled(mapped: Any, relation: Relation) -> Any:
    """Return what stands for a mapped class in a statement that reads the same sample as `relation.statement`."""
    from sqlalchemy import func, literal_column, tablesample
    from sqlalchemy.orm import aliased

    if not relation.sample:
        return mapped
    return aliased(mapped, tablesample(mapped.__table__, func.system(relation.sample), seed=literal_column("0")))
