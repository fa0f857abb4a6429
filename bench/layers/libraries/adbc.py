"""Arrow's tables, which ADBC's driver reads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any

from adbc_driver_postgresql import dbapi
from psycopg.conninfo import make_conninfo

from bench.layers.reading import Read, Reading
from bench.relations.redaction import connecting
from bench.relations.transaction import conninfo, settings
from common import database_url


@contextmanager
def arrow_table(reading: Reading) -> Iterator[Read]:
    """Yield one table of all rows, and nothing for each of the others; `native` tells what it takes."""
    yield from adbc_rows(reading, lambda table: table)


def adbc_rows(reading: Reading, made_of: Callable[[Any], Any]) -> Iterator[Read]:
    """Yield how to read all rows into Arrow's table, and what is made of it."""

    def read(count: int) -> Iterator[object]:
        cursor.execute(f"{reading.relation.statement} LIMIT {count}")
        table = made_of(cursor.fetch_arrow_table())
        if height := len(table):
            yield table
            yield from repeat(None, height - 1)

    with connecting():
        # It reads the catalog's names while it connects, which other encodings than this one may not have.
        opened = dbapi.connect(make_conninfo(conninfo(database_url()), client_encoding="UTF8"))
    with opened as connection, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(settings(reading.timeout))
        cursor.fetchall()
        yield read
        connection.rollback()
        connection.adbc_connection.set_autocommit(True)  # else it is in a transaction again


LAYERS = {"Arrow table": arrow_table}
