"""How often one goes to the server, and into a greenlet, for the rows of a result."""

from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session, selectinload

from tests.claims.rows import BATCH, ENTITIES, Parent, by_execute, by_partition, by_row, read_core, run_async
from tests.support import ROWS


@pytest.mark.parametrize("size", [100, 500, 1_000])
@pytest.mark.parametrize("stack", [Engine.connect, Session], ids=["Core", "ORM"])
def test_yield_per_takes_a_round_trip_for_every_batch_and_a_few_more(
    engine: Engine, fetches: list[int | None], stack: Callable[[Engine], Any], size: int
) -> None:
    """Beside DECLARE and CLOSE: one row first, and a last one that finds no row left."""
    with stack(engine) as opened:
        assert sum(1 for _ in opened.execute(ENTITIES)) == ROWS
        assert fetches == []
        assert sum(1 for _ in opened.execute(ENTITIES, execution_options={"yield_per": size})) == ROWS
    assert len(fetches) == 1 + ROWS // size + 1
    assert (fetches[0], *fetches[2:]) == (1, *[size] * (ROWS // size))


def test_psycopg_s_server_side_cursor_takes_a_round_trip_for_every_itersize_rows(
    url: str, fetches: list[int | None]
) -> None:
    with psycopg.connect(url) as connection, connection.cursor("rows") as cursor:
        cursor.itersize = 500
        assert sum(1 for _ in cursor.execute("SELECT * FROM data")) == ROWS
    assert fetches == [500] * (ROWS // 500 + 1)


@pytest.mark.parametrize(
    ("use", "expected"),
    [(by_row, ROWS + 1), (by_partition, ROWS // BATCH + 1), (by_execute, 0)],
    ids=["row by row", "partitions", "execute"],
)
def test_one_greenlet_per_row_or_one_per_batch(
    url: str, greenlets: list[object], use: Callable[..., Awaitable[Any]], expected: int
) -> None:
    """Beside the one that executes the statement; the last one finds that no row is left."""

    async def count(session: AsyncSession) -> int:
        await (await session.connection()).execute(select(1))  # the dialect's own are made with the first
        greenlets.clear()
        await use(session, ENTITIES)
        return len(greenlets)

    assert run_async(url, count) == expected + 1


def test_core_makes_one_greenlet_per_row_or_one_per_batch_too(url: str, greenlets: list[object]) -> None:
    async def count(session: AsyncSession) -> list[int]:
        connection: AsyncConnection = await session.connection()
        counts = []
        for use in ("rows", "partitions"):
            result = await connection.stream(ENTITIES)
            greenlets.clear()
            async for _ in result if use == "rows" else result.partitions(BATCH):
                pass
            counts.append(len(greenlets))
        return counts

    assert run_async(url, count) == [ROWS + 1, ROWS // BATCH + 1]


@pytest.mark.parametrize(
    ("size", "expected"),
    [(None, [1, 5, 25, 125, 625, 1_000, 1_000, 1_000]), (500, [1, 499, 500, 500, 500, 500])],
    ids=["row by row", "partitions"],
)
def test_streaming_core_s_first_row_comes_alone_and_by_partitions_after_a_whole_batch(
    url: str, fetches: list[int | None], size: int | None, expected: list[int]
) -> None:
    run_async(url, lambda session: read_core(session, ENTITIES, size))
    assert fetches == expected


@pytest.mark.parametrize(("size", "queries"), [(1_000, 2), (500, 1), (100, 1)])
def test_select_in_loading_with_yield_per_takes_queries_for_every_batch(
    session: Session, statements: list[str], size: int, queries: int
) -> None:
    """One for every 500 keys."""
    statement = select(Parent).options(selectinload(Parent.children))
    executed = [len(statements) for _ in session.scalars(statement, execution_options={"yield_per": size}).partitions()]
    assert executed == [1 + queries * batch for batch in range(1, ROWS // size + 1)]
