"""Peewee's models, made as Django's are (see there)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import peewee
from psycopg import rows

from bench.layers.libraries.psycopg import key_of, psycopg_rows
from bench.layers.reading import Read, Reading


@contextmanager
def peewee_model(reading: Reading) -> Iterator[Read]:
    """Yield what the constructor makes, called as each query's cursor calls it."""

    def make(**values: Any) -> Any:
        model = row(__no_default__=1, **values)
        model._dirty.clear()
        return model

    names = [column.attribute for column in reading.relation.columns]
    row: Any = type("Row", (peewee.Model,), {name: peewee.Field(primary_key=name == key_of(reading)) for name in names})
    yield from psycopg_rows(reading, rows.kwargs_row(make))


LAYERS = {"Peewee model": peewee_model}
