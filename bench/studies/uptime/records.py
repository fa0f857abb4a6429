"""A log's handler that keeps the last records, to tell what came before an error."""

import logging
from collections.abc import Callable
from logging.handlers import MemoryHandler

from sqlalchemy import create_engine, insert

from common import database_url
from db_model import DbModel

LAST, TEXT = 1_000, 16 * 1024  # records, and characters of a column
Handler = Callable[[int], object]


def parameters_in_kept_records(hidden: bool = False) -> Handler:
    engine = create_engine(database_url("postgresql+psycopg"), hide_parameters=hidden)
    logger = logging.getLogger("sqlalchemy.engine")
    logger.addHandler(MemoryHandler(capacity=LAST, target=logging.NullHandler()))
    logger.setLevel(logging.INFO)

    def handler(number: int) -> None:
        row = {"id": 1_000_000 + number, "num": 1, "data": f"{number}" + "x" * TEXT}
        with engine.connect() as connection:
            connection.execute(insert(DbModel), row)

    return handler


def hidden_parameters() -> Handler:
    return parameters_in_kept_records(hidden=True)
