"""Parents with their children as Core's rows: of a join, or with arrays."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import text

from bench.layers.libraries.sqlalchemy import connected
from bench.layers.reading import Read, Reading
from bench.layers.wired import wired
from bench.relations import joins
from bench.relations.data import Relation


def rows(reading: Reading, statement: Callable[[Relation, int], str]) -> Iterator[Read]:
    with connected(reading.timeout) as connection:

        def read(count: int) -> Iterator[object]:
            sql = text(statement(reading.relation, count).replace("\\", "\\\\").replace(":", r"\:"))
            yield from connection.execute(sql, execution_options={"yield_per": reading.relation.batch})

        connection.begin()
        yield wired(read, connection)


@contextmanager
def columns(reading: Reading) -> Iterator[Read]:
    yield from rows(reading, joins.flat)


@contextmanager
def arrays(reading: Reading) -> Iterator[Read]:
    """Yield one row for each parent, with an array for each column of its children."""
    yield from rows(reading, joins.arrays)


LAYERS = {"columns of a join": columns, "arrays": arrays}
