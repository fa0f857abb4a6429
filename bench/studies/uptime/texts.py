"""A statement whose text has the request's number in it; and an engine for each request."""

from collections.abc import Callable

from sqlalchemy import Integer, bindparam, create_engine, select, text

from common import database_url
from db_model import DbModel

Handler = Callable[[int], object]
engine = create_engine(database_url("postgresql+psycopg"))


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
