"""A `real[]` as a numpy array, four bytes a number: what a loader of one's own, or pgvector's older adapter, makes.

usage: MEMORY_JSON=OUTPUT python -m bench.layers bench.studies.row_shape.vectors < READING

In this process alone, psycopg's tuples hold such arrays in place of lists.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import rows
from psycopg.abc import Buffer
from psycopg.adapt import Loader

from bench.layers.libraries.psycopg import psycopg_rows
from bench.layers.reading import Read, Reading


@dataclass(frozen=True)
class VectorReading(Reading):
    """The process that reads each `real[]` as a numpy array."""

    @property
    def command(self) -> list[str]:
        return ["-m", "bench.layers", __name__]


class VectorLoader(Loader):
    """Makes an array of what the server sends as text: {1,2.5}."""

    def load(self, data: Buffer) -> object:
        import numpy

        return numpy.array(bytes(data)[1:-1].decode().split(","), dtype=numpy.float32)


@contextmanager
def plain_tuple(reading: Reading) -> Iterator[Read]:
    psycopg.adapters.register_loader(psycopg.adapters.types["float4"].array_oid, VectorLoader)
    yield from psycopg_rows(reading, rows.tuple_row)


LAYERS = {"psycopg, tuple": plain_tuple}
