"""SQLAlchemy's rows and entities, in the transaction in which all reading lies."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Connection,
    FromClause,
    MetaData,
    NullPool,
    Select,
    Table,
    create_engine,
    event,
    func,
    literal_column,
    select,
    tablesample,
    text,
)
from sqlalchemy.orm import Session, aliased, deferred, registry

from bench.layers.reading import Read, Reading
from bench.relations.data import Relation
from bench.relations.transaction import connect, settings
from common import database_url


@contextmanager
def connected(timeout: int) -> Iterator[Connection]:
    """Yield a connection in its transaction, which can only read; `timeout` is that of a statement, in seconds.

    The dialect asks the server a few things when it first connects, in a transaction of its own that it rolls back:
    what was set for that one is set again for the next.
    """
    bind = create_engine("postgresql+psycopg://", creator=lambda: connect(database_url(), timeout), poolclass=NullPool)
    event.listen(bind, "begin", lambda connection: connection.exec_driver_sql(settings(timeout)))
    with bind.connect() as connection:
        yield connection


def reflected(relation: Relation, connection: Connection) -> Table:
    """Return the table as the server describes it, with the columns that are read."""
    return Table(
        relation.name,
        MetaData(),
        schema=relation.schema,
        autoload_with=connection,
        resolve_fks=False,
        include_columns=[column.name for column in relation.columns],
    )


def mapped(relation: Relation, table: Table, mapper: registry, name: str = "Row") -> Any:
    names = {column.name: column.attribute for column in relation.columns}
    kind = type(name, (), {})
    mapper.map_imperatively(
        kind,
        table,
        properties={
            names[column.name]: deferred(column, raiseload=True) if column.name in relation.deferred else column
            for column in table.c
        },
        primary_key=[table.c[name] for name in relation.key],
    )
    return kind


def sampled(table: FromClause, relation: Relation) -> FromClause:
    """Return what a statement reads from in a table's place, to read the same sample as `relation.statement`."""
    if not relation.sample:
        return table
    return tablesample(table, func.system(relation.sample), seed=literal_column("0"))


@contextmanager
def session(reading: Reading) -> Iterator[tuple[Session, Select[Any]]]:
    """Yield a session, and the statement that selects a class that is mapped to the relation's columns."""
    relation = reading.relation
    with connected(reading.timeout) as connection:
        table = reflected(relation, connection)
        entity = mapped(relation, table, registry())
        if relation.sample:
            entity = aliased(entity, sampled(table, relation))
        with Session(connection) as opened:
            yield opened, select(entity)


@contextmanager
def core_row(reading: Reading) -> Iterator[Read]:
    statement = text(reading.relation.statement.replace(":", r"\:") + " LIMIT :count")
    with connected(reading.timeout) as connection:
        yield lambda count: connection.execute(
            statement, {"count": count}, execution_options={"yield_per": reading.relation.batch}
        )


@contextmanager
def entity(reading: Reading) -> Iterator[Read]:
    """Yield entities as most programs read them, all at once; the session stays open while they are measured."""
    with session(reading) as (opened, statement):

        def read(count: int) -> Iterable[object]:
            opened.expunge_all()
            return list(opened.scalars(statement.limit(count)).all())

        yield read


@contextmanager
def streamed_entity(reading: Reading) -> Iterator[Read]:
    """Yield entities in batches; whoever drops them has at most two batches of them."""
    with session(reading) as (opened, statement):
        yield lambda count: opened.scalars(statement.limit(count).execution_options(yield_per=reading.relation.batch))


LAYERS = {"Core row": core_row, "ORM entity": entity, "ORM entity, streamed": streamed_entity}
