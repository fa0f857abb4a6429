"""Piccolo's objects, made as Django's models are (see there)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from piccolo.columns import Text
from piccolo.table import Table
from psycopg import rows

from bench.layers.libraries.psycopg import key_of, psycopg_rows
from bench.layers.reading import Read, Reading


@contextmanager
def piccolo_object(reading: Reading) -> Iterator[Read]:
    """Yield what the constructor makes, called as `objects()` calls it."""
    names = [column.attribute for column in reading.relation.columns]
    table: Any = type("Row", (Table,), {name: Text(primary_key=name == key_of(reading)) for name in names})
    yield from psycopg_rows(reading, rows.kwargs_row(lambda **values: table(**values, _exists_in_db=True)))


LAYERS = {"Piccolo object": piccolo_object}
