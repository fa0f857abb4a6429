"""What psycopg, asyncpg and SQLAlchemy prepare, and what fails then, once a column's type has changed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from tests.support import query

PSYCOPG = tuple(map(int, psycopg.__version__.split(".")[:3]))
SELECT = "SELECT * FROM data"
PREPARED = "SELECT statement FROM pg_prepared_statements WHERE statement NOT LIKE '%pg_prepared%'"
CHANGED = "FeatureNotSupported"
OF_ASYNCPG = "InvalidCachedStatementError"


@pytest.fixture
def table_url(schema_url: str) -> str:
    """Give a schema with one table."""
    query(schema_url, "CREATE TABLE data (id integer)")
    return schema_url


def change_type(url: str) -> None:
    query(url, "ALTER TABLE data ALTER id TYPE bigint")


def name_of(error: Exception) -> str:
    """Return the driver's name of an error."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return type(original).__name__


def outcomes(execute: Callable[[], object]) -> list[str]:
    """Return how each of three executions ends: the error's name, or nothing."""
    found = []
    for _ in range(3):
        try:
            execute()
            found.append("")
        except (psycopg.Error, DBAPIError) as error:
            found.append(name_of(error))
    return found


async def outcomes_of(execute: Callable[[], Awaitable[object]]) -> list[str]:
    """Return how each of three executions ends: the error's name, or nothing."""
    found = []
    for _ in range(3):
        try:
            await execute()
            found.append("")
        except (asyncpg.PostgresError, DBAPIError) as error:
            found.append(name_of(error))
    return found


def test_psycopg_prepares_from_the_sixth_execution_on_but_no_server_side_cursor_and_no_stream(table_url: str) -> None:
    with psycopg.connect(table_url) as connection:
        for _ in range(8):
            with connection.cursor("rows") as cursor:
                list(cursor.execute(SELECT))
            list(connection.cursor().stream(SELECT))
        for executions in range(8):
            found = connection.execute(PREPARED, prepare=False).fetchall()
            assert found == [(SELECT,)] * (executions > 5)
            connection.execute(SELECT)


def test_with_autocommit_psycopg_s_prepared_statement_fails_ever_after(table_url: str) -> None:
    with psycopg.connect(table_url, autocommit=True) as connection:
        for _ in range(7):
            connection.execute(SELECT)
        change_type(table_url)
        assert outcomes(lambda: connection.execute(SELECT)) == [CHANGED] * 3
        assert outcomes(lambda: connection.execute(SELECT, prepare=False)) == [""] * 3
        connection.execute("DEALLOCATE ALL")
        assert (
            outcomes(lambda: connection.execute(SELECT))
            == ["" if PSYCOPG >= (3, 3, 6) else "InvalidSqlStatementName"] * 3
        )
        connection.execute("DROP TABLE IF EXISTS no_such_table")
        assert outcomes(lambda: connection.execute(SELECT)) == [""] * 3


def test_in_a_transaction_it_fails_until_its_rollback_which_deallocates_all(table_url: str) -> None:
    with psycopg.connect(table_url) as connection:
        for _ in range(7):
            connection.execute(SELECT)
        connection.commit()
        change_type(table_url)
        assert outcomes(lambda: connection.execute(SELECT)) == [CHANGED, *["InFailedSqlTransaction"] * 2]
        connection.rollback()
        assert connection.execute(PREPARED).fetchall() == []
        assert outcomes(lambda: connection.execute(SELECT)) == [""] * 3


@pytest.mark.parametrize(("level", "expected"), [("AUTOCOMMIT", [CHANGED] * 3), ("READ COMMITTED", [""] * 3)])
def test_sqlalchemy_s_pool_rolls_back_and_so_forgets_what_psycopg_prepared_but_with_autocommit(
    table_url: str, level: Any, expected: list[str]
) -> None:
    address = table_url.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(address, isolation_level=level, pool_size=1)

    def execute() -> list[str]:
        with engine.connect() as connection:
            connection.execute(text(SELECT))
            return list(connection.scalars(text(PREPARED)))

    prepared = [execute() for _ in range(8)][-1]
    assert prepared == ([SELECT] if any(expected) else [])
    change_type(table_url)
    assert outcomes(execute) == expected
    engine.dispose()


def test_after_a_commit_the_pool_rolls_nothing_back_and_the_statement_stays_prepared(table_url: str) -> None:
    engine = create_engine(table_url.replace("postgresql:", "postgresql+psycopg:"), pool_size=1)

    def execute() -> None:
        with engine.begin() as connection:
            connection.execute(text(SELECT))

    for _ in range(8):
        execute()
    change_type(table_url)
    assert outcomes(execute) == [CHANGED, "", ""]
    engine.dispose()


def test_a_statement_of_its_own_that_alters_makes_psycopg_forget_what_is_prepared(table_url: str) -> None:
    with psycopg.connect(table_url, autocommit=True) as connection:
        for _ in range(7):
            connection.execute(SELECT)
        connection.execute("ALTER TABLE data ALTER id TYPE bigint")
        assert connection.execute(PREPARED).fetchall() == ([] if PSYCOPG >= (3, 3, 5) else [(SELECT,)])
        assert outcomes(lambda: connection.execute(SELECT)) == ["" if PSYCOPG >= (3, 3, 5) else CHANGED] * 3


async def by_fetch(connection: asyncpg.Connection) -> None:
    await connection.fetch(SELECT)


async def by_fetch_in_a_transaction(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        await connection.fetch(SELECT)


async def by_cursor(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        async for _ in connection.cursor(SELECT):
            pass


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (by_fetch, [""] * 3),
        (by_fetch_in_a_transaction, [OF_ASYNCPG, "", ""]),
        (by_cursor, [OF_ASYNCPG] * 3),
    ],
)
@pytest.mark.parametrize("cache", [100, 0])
def test_asyncpg_s_cursor_fails_at_every_execution_and_fetch_once_in_a_transaction_unless_nothing_is_cached(
    table_url: str, read: Callable[[asyncpg.Connection], Awaitable[None]], expected: list[str], cache: int
) -> None:
    async def main() -> list[str]:
        connection = await asyncpg.connect(table_url, statement_cache_size=cache)
        await read(connection)
        assert len(await connection.fetch(PREPARED)) == (1 if cache else 0)
        change_type(table_url)
        found = await outcomes_of(lambda: read(connection))
        await connection.close()
        return found

    assert asyncio.run(main()) == (expected if cache else [""] * 3)


def test_asyncpg_keeps_the_last_hundred_statements(table_url: str) -> None:
    async def main() -> list[str]:
        connection = await asyncpg.connect(table_url)
        for number in range(120):
            await connection.fetch(f"SELECT {number}")
        found = [kept for (kept,) in await connection.fetch(PREPARED)]  # which takes a place, too
        await connection.close()
        return found

    assert sorted(asyncio.run(main())) == sorted(f"SELECT {number}" for number in range(21, 120))


def test_sqlalchemy_keeps_a_hundred_statements_prepared_in_place_of_asyncpg_s(url: str) -> None:
    async def main() -> int:
        engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
        async with engine.connect() as connection:
            for number in range(150):
                await connection.execute(text(f"SELECT {number}"))
            driver: Any = (await connection.get_raw_connection()).driver_connection
            kept = await driver.fetchval("SELECT count(*) FROM pg_prepared_statements")
        await engine.dispose()
        return int(kept)

    assert 100 <= asyncio.run(main()) < 120  # SQLAlchemy's hundred, and what asyncpg asks the catalog


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("cache", "expected"), [("", [OF_ASYNCPG, "", ""]), ("0", [""] * 3)])
def test_sqlalchemy_over_asyncpg_fails_once_unless_nothing_is_cached(
    table_url: str, cache: str, expected: list[str], stream: bool
) -> None:
    address = table_url.replace("postgresql:", "postgresql+asyncpg:").split("?")[0]
    if cache:
        address += f"?prepared_statement_cache_size={cache}"
    [path] = query(table_url, "SHOW search_path")[0]
    settings = {"server_settings": {"search_path": path}}

    async def main() -> list[str]:
        engine = create_async_engine(address, connect_args=settings)

        async def execute() -> None:
            async with engine.connect() as connection:
                await (connection.stream(text(SELECT)) if stream else connection.execute(text(SELECT)))

        await execute()
        change_type(table_url)
        found = await outcomes_of(execute)
        await engine.dispose()
        return found

    assert asyncio.run(main()) == expected
