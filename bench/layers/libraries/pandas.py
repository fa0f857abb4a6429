"""pandas' frames, of numpy's types and of Arrow's, as `read_sql` over SQLAlchemy makes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import pandas
import pyarrow
from pandas.errors import DatabaseError
from sqlalchemy import text

from bench.layers.libraries.sqlalchemy import connected
from bench.layers.reading import Read, Reading


@dataclass(frozen=True)
class Frame:
    """A frame, and the bytes that Arrow allocated for it: numpy's are traced, as Python's are."""

    table: Any
    nbytes: int


def frames(reading: Reading, **options: Any) -> Iterator[Read]:
    """Yield how to read all rows into one frame, and nothing for each of the others."""
    statement = text(reading.relation.statement.replace(":", r"\:") + " LIMIT :count")

    def read(count: int) -> Iterator[Frame | None]:
        before = pyarrow.total_allocated_bytes()
        try:
            table = pandas.read_sql(statement, connection, params={"count": count}, **options)
        except DatabaseError as error:
            raise error.__cause__ or error from None
        if len(table):
            yield Frame(table, pyarrow.total_allocated_bytes() - before)
            yield from repeat(None, len(table) - 1)

    with connected(reading.timeout) as connection:
        yield read


@contextmanager
def of_numpy(reading: Reading) -> Iterator[Read]:
    yield from frames(reading)


@contextmanager
def of_arrow(reading: Reading) -> Iterator[Read]:
    yield from frames(reading, dtype_backend="pyarrow")


LAYERS = {"pandas frame": of_numpy, "pandas frame, Arrow types": of_arrow}
