"""psycopg's rows, and the standard library's dataclass made of them."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import make_dataclass
from typing import Any

from psycopg import rows

from bench.layers.reading import Read, Reading
from bench.relations.data import ReadColumn
from bench.relations.transaction import connect
from common import database_url


def psycopg_rows(reading: Reading, row_factory: Any) -> Iterator[Read]:
    """Yield how to read through a server-side cursor, a batch at a time."""

    def read(count: int) -> Iterator[object]:
        with connection.cursor("rows", row_factory=row_factory) as cursor:
            cursor.itersize = reading.relation.batch
            cursor.execute(f"{reading.relation.statement} LIMIT {count}".encode())
            yield from cursor

    with connect(database_url(), reading.timeout) as connection:
        yield read
        connection.rollback()  # not even a notification is sent


def kind(column: ReadColumn) -> Any:
    """Return the class of a column's values, or None."""
    if column.type == "Any":
        return Any
    module, _, name = column.type.rpartition(".")
    return getattr(importlib.import_module(module or "builtins"), name) | None


@contextmanager
def plain_tuple(reading: Reading) -> Iterator[Read]:
    yield from psycopg_rows(reading, rows.tuple_row)


@contextmanager
def named_tuple(reading: Reading) -> Iterator[Read]:
    yield from psycopg_rows(reading, rows.namedtuple_row)


@contextmanager
def dictionary(reading: Reading) -> Iterator[Read]:
    yield from psycopg_rows(reading, rows.dict_row)


@contextmanager
def slots_dataclass(reading: Reading) -> Iterator[Read]:
    fields = [(column.attribute, kind(column)) for column in reading.relation.columns]
    yield from psycopg_rows(reading, rows.args_row(make_dataclass("Row", fields, slots=True)))


def key_of(reading: Reading) -> str:
    """Return the attribute of the key's first column: what else a key has does not change what a row takes."""
    return next(column.attribute for column in reading.relation.columns if column.name in reading.relation.key)


LAYERS = {
    "psycopg, tuple": plain_tuple,
    "psycopg, named tuple": named_tuple,
    "psycopg, dict": dictionary,
    "slots dataclass": slots_dataclass,
}
