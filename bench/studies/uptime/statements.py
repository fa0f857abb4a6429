"""Statements whose text depends on the request: SQLAlchemy keeps each of up to 500 by its shape."""

from collections.abc import Callable
from random import Random

from sqlalchemy import Integer, bindparam, column, create_engine, or_, select, text, values

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


def literals_in_text() -> Handler:
    def handler(number: int) -> object:
        with engine.connect() as connection:
            return connection.execute(text(f"SELECT id, num, data FROM data WHERE id = {number}")).all()

    return handler


def bound_in_text() -> Handler:
    statement = text("SELECT id, num, data FROM data WHERE id = :id").bindparams(bindparam("id", type_=Integer))

    def handler(number: int) -> object:
        with engine.connect() as connection:
            return connection.execute(statement, {"id": number}).all()

    return handler


def an_engine_each() -> Handler:
    def handler(number: int) -> object:
        with create_engine(database_url("postgresql+psycopg")).connect() as connection:
            return connection.execute(select(DbModel.num).where(DbModel.id == number)).all()

    return handler


def one_engine() -> Handler:
    def handler(number: int) -> object:
        with engine.connect() as connection:
            return connection.execute(select(DbModel.num).where(DbModel.id == number)).all()

    return handler
