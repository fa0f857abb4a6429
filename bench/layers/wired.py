"""A reading of which libpq counts what crosses the wire: statements, and the rows that the server sends."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from bench.layers.reading import Read
from bench.layers.values import Taken
from bench.wire import Counter

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn
    from sqlalchemy import Connection


@dataclass(frozen=True)
class Wired:
    """How to read through a connection of libpq's."""

    read: Read
    connection: "PGconn"

    def __call__(self, count: int) -> Iterable[object]:
        return self.read(count)

    @contextmanager
    def counting(self) -> Iterator[Taken]:
        """Yield what is there at the end: `statements` and `wire_rows`, unless libpq has no trace, as on macOS."""
        taken, counter = Taken(), Counter()
        try:
            counter.count(self.connection)
        except psycopg.NotSupportedError:
            counter.end()
            yield taken
            return
        yield taken
        self.connection.untrace()
        traffic = counter.end()
        # Fetching from a cursor is no statement of its own, nor is closing it.
        taken |= Taken(statements=traffic["statements"] - traffic["fetches"], wire_rows=traffic["rows"])


def wired(read: Read, connection: "Connection") -> Wired:
    """Return how to read through SQLAlchemy's connection, whose transaction has begun: that is none of the reading."""
    driver: Any = connection.connection.driver_connection
    return Wired(read, driver.pgconn)
