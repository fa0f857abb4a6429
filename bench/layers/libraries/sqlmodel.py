"""SQLModel's entities."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import new_class
from typing import Any

from sqlalchemy import Column
from sqlalchemy.orm import aliased, registry
from sqlmodel import Field, Session, SQLModel, select

from bench.layers.libraries.psycopg import kind
from bench.layers.libraries.sqlalchemy import connected, reflected, sampled
from bench.layers.reading import Read, Reading


@contextmanager
def sqlmodel_entity(reading: Reading) -> Iterator[Read]:
    """Yield SQLModel's entities, whose session stays open while they are measured."""
    relation = reading.relation
    with connected(reading.timeout) as connection:
        table = reflected(relation, connection)
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
        entity: Any = new_class("Row", (base,), {"table": True}, lambda space: space.update(names | fields))
        if relation.sample:
            entity = aliased(entity, sampled(entity.__table__, relation))
        with Session(connection) as session:

            def read(count: int) -> Iterable[object]:
                session.expunge_all()
                return list(session.exec(select(entity).limit(count)).all())

            yield read


LAYERS = {"SQLModel": sqlmodel_entity}
