"""What psycopg's `stream()` and its row factories do, and where they break."""

import asyncio
import gc
import itertools
import sys
import threading
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import psycopg
import pytest
from psycopg.rows import args_row, class_row, namedtuple_row, tuple_row

from tests.claims.rows import BATCH
from tests.support import ROWS, TIMEOUT

STREAM_USES: dict[str, Callable[[psycopg.Connection], object]] = {
    "execute": lambda connection: connection.execute("SELECT 1"),
    "commit": psycopg.Connection.commit,
    "rollback": psycopg.Connection.rollback,
    "end of with": lambda connection: connection.__exit__(None, None, None),
}


@pytest.mark.parametrize("taken", [1, ROWS])
@pytest.mark.parametrize("use", STREAM_USES.values(), ids=STREAM_USES)
def test_stream_that_is_not_exhausted_keeps_the_connection_busy(
    url: str, use: Callable[[psycopg.Connection], object], taken: int
) -> None:
    """Even if all rows were handed out."""
    with psycopg.connect(url) as connection:
        rows = connection.cursor().stream("SELECT * FROM data", size=BATCH)
        assert len(list(itertools.islice(rows, taken))) == taken
        assert connection.lock.locked()
        other = threading.Thread(target=use, args=[connection], daemon=True)
        other.start()
        other.join(0.1)
        assert other.is_alive()
        assert sum(1 for _ in rows) == ROWS - taken
        other.join(TIMEOUT)
        assert not other.is_alive()


def test_leaving_the_loop_closes_a_stream_that_has_no_name(url: str) -> None:
    with psycopg.connect(url) as connection:
        for _ in connection.cursor().stream("SELECT * FROM data", size=BATCH):
            break
        assert not connection.lock.locked()
        connection.rollback()
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_leaving_the_loop_of_an_asynchronous_stream_closes_it_later_and_aclosing_at_once(url: str) -> None:
    """The event loop closes a generator that nothing refers to: the next statement waits for it."""

    async def main() -> None:
        # A query that still runs is cancelled, which would end a transaction.
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            async for _ in connection.cursor().stream("SELECT * FROM data", size=BATCH):
                break
            assert connection.lock.locked()
            await asyncio.wait_for(connection.execute("SELECT 1"), TIMEOUT)
            async with aclosing(connection.cursor().stream("SELECT * FROM data", size=BATCH)) as rows:  # type: ignore[type-var]
                async for _ in rows:
                    break
            assert not connection.lock.locked()

    asyncio.run(main())


def test_stream_that_is_closed_early_cancels_its_query_and_so_its_transaction(url: str) -> None:
    with psycopg.connect(url) as connection:
        rows = connection.cursor().stream("SELECT generate_series(1, 10_000_000)", size=BATCH)
        next(rows)
        rows.close()  # type: ignore[attr-defined]
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            connection.execute("SELECT 1")
        connection.rollback()
        connection.execute("SELECT 1")


def test_stream_by_more_than_one_row_needs_libpq_17_and_the_binary_package_has_it() -> None:
    assert psycopg.pq.__impl__ == "binary"
    assert psycopg.pq.version() >= 170000
    assert psycopg.capabilities.has_stream_chunked()


class Told:
    def __init__(self, *positions: object, **keywords: object) -> None:
        self.counts = len(positions), len(keywords)


def calls_in_python(use: Callable[[], object]) -> int:
    """Return how many functions written in Python are called."""
    events: list[str] = []
    gc.collect()  # else what earlier tests left may be finalised meanwhile
    sys.setprofile(lambda frame, event, argument: events.append(event))
    try:
        use()
    finally:
        sys.setprofile(None)
    return events.count("call")


def test_a_named_tuple_takes_a_call_in_python_and_a_plain_one_none(url: str) -> None:
    def calls(row_factory: Any) -> int:
        cursor = connection.cursor(row_factory=row_factory).execute("SELECT * FROM data")
        cursor.fetchone()
        return calls_in_python(cursor.fetchall)

    with psycopg.connect(url) as connection:
        plain, named = calls(tuple_row), calls(namedtuple_row)
    assert plain < BATCH
    assert named - plain == ROWS - 1


def test_class_row_calls_by_keyword_and_args_row_by_position(url: str) -> None:
    with psycopg.connect(url) as connection:
        for row_factory, expected in ((class_row(Told), (0, 3)), (args_row(Told), (3, 0))):
            row = connection.cursor(row_factory=row_factory).execute("SELECT * FROM data").fetchone()
            assert row
            assert row.counts == expected
