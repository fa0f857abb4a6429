"""How many rows a batch has, and how many exist before the first one is handed out."""

import gc
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
import sqlalchemy
from sqlalchemy import Engine, delete, insert, select, text, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.asyncio.exc import AsyncMethodRequired
from sqlalchemy.orm import Bundle, Session, aliased

from db_model import DbModel
from tests.claims.rows import (
    BATCH,
    ENTITIES,
    SINCE_2_1,
    STREAMED,
    by_execute,
    by_partition,
    by_row,
    read_core,
    run_async,
    traced,
)
from tests.support import ROWS


def test_yield_per_on_a_connection_stays_for_later_statements_and_on_a_statement_does_not(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(STREAMED).close()
        assert "yield_per" not in connection.get_execution_options()
        with connection.execute(ENTITIES) as result:
            assert not result.context._is_server_side
        connection.execution_options(yield_per=BATCH).execute(ENTITIES).close()
        with connection.execute(ENTITIES) as result:
            assert result.context._is_server_side


@pytest.mark.parametrize("method", [AsyncSession.execute, AsyncSession.scalars])
def test_asynchronous_execute_refuses_yield_per(url: str, method: Callable[..., Awaitable[Any]]) -> None:
    with pytest.raises(AsyncMethodRequired, match=r"AsyncSession\.stream\(\)"):
        run_async(url, lambda session: method(session, STREAMED))


def test_row_by_row_builds_all_entities_first_and_partitions_one_batch(url: str) -> None:
    assert run_async(url, lambda session: by_row(session, ENTITIES)) == (ROWS, ROWS)
    assert run_async(url, lambda session: by_execute(session, ENTITIES)) == (ROWS, ROWS)
    assert run_async(url, lambda session: by_row(session, STREAMED)) == (ROWS, BATCH)
    assert run_async(url, lambda session: by_partition(session, ENTITIES)) == (ROWS, BATCH)
    assert run_async(url, lambda session: by_partition(session, STREAMED, None)) == (ROWS, BATCH)


def test_up_to_2_0_what_a_stream_has_read_row_by_row_stays_with_the_driver_while_the_result_lives(url: str) -> None:
    def kept() -> list[int]:
        gc.collect()
        cursors = [cursor for cursor in gc.get_objects() if isinstance(cursor, psycopg.AsyncServerCursor)]
        return [result.ntuples for cursor in cursors if (result := cursor._tx.pgresult)]

    async def read(session: AsyncSession) -> None:
        result = await session.stream_scalars(ENTITIES)
        assert len([entity async for entity in result]) == ROWS
        assert kept() == ([] if SINCE_2_1 else [ROWS - 1])  # the first one came with a FETCH of its own
        del result
        assert kept() == []

    run_async(url, read)


def sizes(engine: Engine, statement: sqlalchemy.Executable, stack: Callable[[Engine], Any]) -> list[int]:
    with stack(engine) as opened:
        return [len(batch) for batch in opened.execute(statement).partitions()]


def test_partitions_without_a_size_and_without_yield_per_is_one_batch_of_all(engine: Engine, url: str) -> None:
    async def core(session: AsyncSession) -> list[int]:
        return [len(batch) async for batch in (await (await session.connection()).stream(ENTITIES)).partitions()]

    async def orm(session: AsyncSession) -> list[int]:
        return [len(batch) async for batch in (await session.stream(ENTITIES)).partitions()]

    assert sizes(engine, ENTITIES, Session) == run_async(url, orm) == run_async(url, core) == [ROWS]


def test_partitions_without_a_size_is_one_row_a_batch_with_core_s_client_side_cursor(engine: Engine) -> None:
    assert sizes(engine, ENTITIES, Engine.connect) == [1] * ROWS


TEXT = text("SELECT id, num, data FROM data")


@pytest.mark.parametrize("stack", [Engine.connect, Session], ids=["Core", "ORM"])
def test_partitions_have_the_size_of_yield_per_unless_the_statement_is_a_text_without_columns(
    engine: Engine, stack: Callable[[Engine], Any]
) -> None:
    batches = [BATCH] * (ROWS // BATCH)
    assert sizes(engine, STREAMED, stack) == batches
    assert sizes(engine, TEXT.execution_options(yield_per=BATCH), stack) == [ROWS]
    columns = TEXT.columns(DbModel.id, DbModel.num, DbModel.data)
    assert sizes(engine, columns.execution_options(yield_per=BATCH), stack) == batches


def test_entities_from_a_text_have_the_size_of_yield_per(engine: Engine) -> None:
    assert sizes(engine, STREAMED.from_statement(TEXT), Session) == [BATCH] * (ROWS // BATCH)


NONE = select(DbModel.id, DbModel.num, DbModel.data).where(DbModel.id < 0)
CHANGES = {
    "insert": insert(DbModel).from_select(["id", "num", "data"], NONE),
    "update": update(DbModel).where(DbModel.id < 0).values(num=1),
    "delete": delete(DbModel).where(DbModel.id < 0),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("stack", [Engine.connect, Session], ids=["Core", "ORM"])
def test_yield_per_with_what_changes_and_returns_rows_is_a_syntax_error(
    engine: Engine, stack: Callable[[Engine], Any], change: str
) -> None:
    """The server declares no cursor for it."""
    statement = CHANGES[change].returning(DbModel.id)
    with stack(engine) as opened:
        assert opened.execute(statement).all() == []
        with pytest.raises(ProgrammingError, match="SyntaxError"):
            opened.execute(statement, execution_options={"yield_per": BATCH})


def test_a_cursor_has_a_plan_for_its_first_tenth_unless_the_setting_says_for_all(url: str) -> None:
    plans = []
    with psycopg.connect(url) as connection:
        wide = "SELECT i, md5(i::text) AS key, repeat('x', 500) AS data FROM generate_series(1, 20000) i"
        connection.execute(f"CREATE TEMP TABLE wide AS {wide}")
        connection.execute("CREATE INDEX ON wide (key)")
        connection.execute("ANALYZE wide")
        connection.execute("SET LOCAL work_mem = '64MB'")
        for cursor, fraction in (("", 0.1), ("DECLARE c CURSOR FOR ", 0.1), ("DECLARE c CURSOR FOR ", 1)):
            connection.execute(f"SET LOCAL cursor_tuple_fraction = {fraction}")
            [plan] = connection.execute(f"EXPLAIN {cursor} SELECT * FROM wide ORDER BY key").fetchmany(1)
            plans.append(plan[0].split()[0])
        connection.rollback()
        assert connection.execute("SHOW cursor_tuple_fraction").fetchone() == ("0.1",)
    assert plans == ["Sort", "Index", "Sort"]


@pytest.mark.parametrize(("options", "existed"), [({}, ROWS), ({"stream_results": True}, BATCH)], ids=str)
def test_synchronous_partitions_build_one_batch_with_a_server_side_cursor_only(
    session: Session, options: dict[str, Any], existed: int
) -> None:
    with session.scalars(ENTITIES, execution_options=options) as result:
        first = next(iter(result.partitions(BATCH)))
        assert (len(first), len(session.identity_map)) == (BATCH, existed)


def test_execute_of_asynchronous_core_has_all_rows_before_the_first_is_taken(engine: Engine, url: str) -> None:
    """As tuples of Python, of three values; the synchronous driver has them natively."""

    async def use(session: AsyncSession) -> int:
        connection = await session.connection()
        await connection.execute(ENTITIES)
        with traced():
            result = await connection.execute(ENTITIES)
            found, _ = tracemalloc.get_traced_memory()
        assert len(result.all()) == ROWS
        return found

    with engine.connect() as connection:
        connection.execute(ENTITIES).close()
        with traced():
            result = connection.execute(ENTITIES)
            synchronous, _ = tracemalloc.get_traced_memory()
        assert len(result.all()) == ROWS
    assert synchronous <= 20 * ROWS
    assert run_async(url, use) >= sys.getsizeof((1, 2, 3)) * ROWS


@pytest.mark.parametrize(("partitions", "batches"), [(False, 1), (True, 2)])
def test_asynchronous_core_holds_two_batches_by_partitions_and_one_row_by_row(
    url: str, partitions: bool, batches: int
) -> None:
    """Row by row, the driver reads a thousand rows at a time, too, once it has read some."""
    wide = text("SELECT i, repeat('-', 2_000) || i FROM generate_series(1, 3_000) i")

    async def use(session: AsyncSession) -> int:
        await session.execute(select(1))
        with traced():
            await read_core(session, wide, 1_000 if partitions else None)
            _, peak = tracemalloc.get_traced_memory()
        return peak

    assert run_async(url, use) == pytest.approx(batches * 1_000 * 2_200, rel=0.2)


def test_bundle_groups_columns_by_entity(session: Session) -> None:
    one, other = aliased(DbModel), aliased(DbModel)
    bundles: tuple[Bundle[Any], Bundle[Any]] = (
        Bundle("one", one.id, one.num),
        Bundle("other", other.id, other.data),
    )
    row = session.execute(select(*bundles).join(other, one.num == other.id).where(one.id == 3)).one()
    assert (row.one.id, row.one.num, row.other.id, row.other.data) == (3, 15, 15, "hello-15")
    assert len(session.identity_map) == 0
