"""Statements whose shape depends on the request."""

from collections.abc import Callable
from random import Random

from sqlalchemy import Integer, column, create_engine, or_, select, values

from common import database_url
from db_model import DbModel

MOST_TERMS, MOST_ROWS = 200, 50
Handler = Callable[[int], object]
engine = create_engine(database_url("postgresql+psycopg"))
several = Random(1)


def ored_terms() -> Handler:
    def handler(number: int) -> object:
        terms = [DbModel.id == key for key in range(several.randint(1, MOST_TERMS))]
        with engine.connect() as connection:
            return connection.execute(select(DbModel.num).where(or_(*terms))).all()

    return handler


def one_in() -> Handler:
    def handler(number: int) -> object:
        keys = range(several.randint(1, MOST_TERMS))
        with engine.connect() as connection:
            return connection.execute(select(DbModel.num).where(DbModel.id.in_(keys))).all()

    return handler


def rows_of_values() -> Handler:
    def handler(number: int) -> object:
        rows = [(key,) for key in range(several.randint(1, MOST_ROWS))]
        wanted = values(column("id", Integer), name="wanted").data(rows)
        with engine.connect() as connection:
            return connection.execute(select(DbModel.num).join(wanted, wanted.c.id == DbModel.id)).all()

    return handler
