"""msgspec's structs."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from psycopg import rows

from bench.layers.libraries.psycopg import kind, psycopg_rows
from bench.layers.reading import Read, Reading


@contextmanager
def msgspec_struct(reading: Reading) -> Iterator[Read]:
    """Yield instances of a `msgspec.Struct`, which validates nothing here."""
    fields = [(column.attribute, kind(column)) for column in reading.relation.columns]
    yield from psycopg_rows(reading, rows.args_row(msgspec.defstruct("Row", fields)))


LAYERS = {"msgspec.Struct": msgspec_struct}
