"""What docs/upserts.md says an upsert does, and does not."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.support import query


class Counted(DeclarativeBase):
    """Registry of the entity that is written again."""


class Count(Counted):
    """A row with an attribute that is called otherwise than its column, and a time at which it was changed."""

    __tablename__ = "counted"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    quantity: Mapped[int | None] = mapped_column("qty")
    changed: Mapped[datetime.datetime | None] = mapped_column(onupdate=func.now())


@pytest.fixture
def engine(schema_url: str) -> Iterator[Engine]:
    """Give a schema where the row with number 1 stands."""
    made = create_engine(schema_url.replace("postgresql:", "postgresql+psycopg:"))
    Counted.metadata.create_all(made)
    query(schema_url, "INSERT INTO counted VALUES (1, 1)")
    yield made
    made.dispose()


def upsert(**further: Any) -> Insert:
    statement = insert(Count)
    changes = {"qty": statement.excluded.qty} | further
    return statement.on_conflict_do_update(index_elements=["number"], set_=changes)


@pytest.mark.parametrize("named", [False, True])
def test_onupdate_is_applied_where_set_names_it(engine: Engine, schema_url: str, named: bool) -> None:
    with engine.begin() as connection:
        connection.execute(upsert(**({"changed": func.now()} if named else {})), [{"number": 1, "qty": 7}])
    assert query(schema_url, "SELECT qty, changed IS NOT NULL FROM counted") == [(7, named)]


def test_connection_takes_the_column_s_name_and_drops_the_attribute_s(engine: Engine, schema_url: str) -> None:
    for name, quantity in (("qty", 7), ("quantity", None)):
        with engine.begin() as connection:
            connection.execute(upsert(), [{"number": 1, name: 7}, {"number": 2, name: 7}])
        assert query(schema_url, "SELECT DISTINCT qty FROM counted") == [(quantity,)]


def test_session_takes_the_attribute_s_name(session: Session) -> None:
    session.execute(upsert(), [{"number": 1, "quantity": 7}, {"number": 2, "quantity": 7}])
    assert session.query(Count.number, Count.quantity).order_by(Count.number).all() == [(1, 7), (2, 7)]


def test_last_row_of_a_key_wins_and_is_an_error_where_rows_are_returned(engine: Engine, schema_url: str) -> None:
    twice = [{"number": 1, "qty": 7}, {"number": 1, "qty": 8}]
    with engine.begin() as connection:
        connection.execute(upsert(), twice)
    assert query(schema_url, "SELECT qty FROM counted") == [(8,)]
    with engine.begin() as connection, pytest.raises(DBAPIError, match="cannot affect row a second time"):
        connection.execute(upsert().returning(Count.number), twice)
    in_order = upsert().returning(Count.number, Count.quantity, sort_by_parameter_order=True)
    with engine.begin() as connection:
        assert [tuple(row) for row in connection.execute(in_order, twice)] == [(1, 7), (1, 8)]
