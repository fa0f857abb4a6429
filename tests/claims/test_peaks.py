"""By how much `yield_per` lowers the peak of a process that keeps its rows, where their texts are wide."""

import asyncio
import resource

import pytest
from sqlalchemy import create_engine, func, literal, select
from sqlalchemy.ext.asyncio import create_async_engine

from tests.forks import in_a_fresh_process
from tests.support import linux

COUNT, WIDTH = 10_000, 2_000
STATEMENT = select(func.concat(func.repeat(literal("x"), WIDTH), func.generate_series(1, COUNT)))
# Without it, and with it.
OPTIONS = [{}, {"yield_per": COUNT // 10}]


def peak() -> int:
    """Return the most that the process has taken, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def read_by_core(url: str, options: dict[str, int]) -> int:
    with create_engine(url.replace("postgresql:", "postgresql+psycopg:")).connect() as connection:
        connection.execute(select(1))
        before = peak()
        kept = list(connection.execute(STATEMENT, execution_options=options))
        return (peak() - before) // len(kept)


def read_by_stream(url: str, options: dict[str, int]) -> int:
    async def main() -> int:
        engine = create_async_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        async with engine.connect() as connection:
            await connection.execute(select(1))
            before = peak()
            kept = [row async for row in await connection.stream(STATEMENT.execution_options(**options))]
            return (peak() - before) // len(kept)

    return asyncio.run(main())


@linux
def test_yield_per_halves_the_peak_of_wide_texts(url: str) -> None:
    """Without it the driver has a copy of each."""
    without, with_it = (in_a_fresh_process(read_by_core, url, options) for options in OPTIONS)
    assert without >= 1.9 * WIDTH  # less what was free before
    assert with_it / without == pytest.approx(0.55, abs=0.07)


@linux
def test_yield_per_lowers_nothing_where_a_stream_reads_by_a_server_side_cursor_anyway(url: str) -> None:
    without, with_it = (in_a_fresh_process(read_by_stream, url, options) for options in OPTIONS)
    assert with_it == pytest.approx(without, rel=0.1)
    assert without <= 1.4 * WIDTH
