"""What ends with a transaction, and what needs one: cursors on the server, and the values of entities."""

from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
import sqlalchemy
from sqlalchemy import Engine
from sqlalchemy.exc import InternalError, MissingGreenlet, ProgrammingError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from db_model import DbModel
from tests.claims.rows import BATCH, ENTITIES, SINCE_2_1, STREAMED, run_async
from tests.support import ROWS, expected_rows


@pytest.mark.parametrize("stack", [Engine.connect, Session], ids=["Core", "ORM"])
def test_yield_per_needs_a_transaction(engine: Engine, stack: Callable[[Engine], Any]) -> None:
    with stack(engine.execution_options(isolation_level="AUTOCOMMIT")) as opened:
        assert len(opened.execute(ENTITIES).all()) == ROWS
        with pytest.raises(InternalError, match="NoActiveSqlTransaction"):
            opened.execute(STREAMED)


def test_asynchronous_stream_needs_a_transaction(url: str) -> None:
    async def use(session: AsyncSession) -> None:
        await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        assert len((await session.execute(ENTITIES)).all()) == ROWS
        with pytest.raises(InternalError, match="NoActiveSqlTransaction"):
            await session.stream(ENTITIES)

    run_async(url, use)


def test_psycopg_s_stream_needs_no_transaction(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        assert sum(1 for _ in connection.cursor().stream("SELECT * FROM data", size=BATCH)) == ROWS


@pytest.mark.parametrize("end", [Session.commit, Session.rollback])
def test_yield_per_loses_its_cursor_with_the_transaction(session: Session, end: Callable[[Session], None]) -> None:
    entities = iter(session.scalars(STREAMED))
    next(entities)
    end(session)
    with pytest.raises(ProgrammingError) as error:
        list(entities)
    assert isinstance(error.value.orig, psycopg.errors.InvalidCursorName)


def test_yield_per_loses_its_cursor_even_if_one_batch_held_all_rows(session: Session) -> None:
    entities = iter(session.scalars(STREAMED.where(DbModel.id < BATCH // 2)))
    next(entities)
    session.commit()
    with pytest.raises(ProgrammingError, match="does not exist"):
        list(entities)


def in_the_loop(session: Session, end: Callable[[Session], None]) -> list[DbModel]:
    """Read all entities, and end the transaction at the first."""
    entities: list[DbModel] = []
    for entity in session.scalars(ENTITIES):
        if not entities:
            end(session)
        entities.append(entity)
    return entities


@pytest.mark.parametrize("end", [Session.commit, Session.rollback])
def test_without_yield_per_the_loop_goes_on_and_each_entity_is_loaded_by_a_query_of_its_own(
    session: Session, statements: list[str], end: Callable[[Session], None]
) -> None:
    entities = in_the_loop(session, end)
    assert (len(entities), len(statements)) == (ROWS, 1)
    assert all("num" in sqlalchemy.inspect(entity).expired_attributes for entity in entities)
    assert [entity.num for entity in entities[:10]] == [num for _, num, _ in expected_rows(10)]
    assert len(statements) == 1 + 10


def test_after_commit_in_the_loop_nothing_is_reloaded_without_expire_on_commit(
    session: Session, statements: list[str]
) -> None:
    session.expire_on_commit = False
    assert [entity.num for entity in in_the_loop(session, Session.commit)] == [num for _, num, _ in expected_rows(ROWS)]
    assert len(statements) == 1


async def in_the_loop_of_a_stream(session: AsyncSession, end: Callable[..., Awaitable[None]]) -> list[DbModel]:
    entities: list[DbModel] = []
    async for entity in await session.stream_scalars(ENTITIES):
        if not entities:
            await end(session)
        entities.append(entity)
    return entities


async def in_the_loop_of_execute(session: AsyncSession, end: Callable[..., Awaitable[None]]) -> list[DbModel]:
    entities: list[DbModel] = []
    for entity in await session.scalars(ENTITIES):
        if not entities:
            await end(session)
        entities.append(entity)
    return entities


@pytest.mark.parametrize("end", [AsyncSession.commit, AsyncSession.rollback])
@pytest.mark.parametrize("read", [in_the_loop_of_a_stream, in_the_loop_of_execute])
def test_with_asyncio_the_loop_goes_on_and_an_entity_that_is_used_again_raises(
    url: str, read: Callable[..., Awaitable[list[DbModel]]], end: Callable[..., Awaitable[None]]
) -> None:
    async def use(session: AsyncSession) -> None:
        entities = await read(session, end)
        assert len(entities) == ROWS
        with pytest.raises(StatementError if SINCE_2_1 else MissingGreenlet) as caught:
            _ = entities[-1].num
        assert not SINCE_2_1 or isinstance(getattr(caught.value, "orig", None), MissingGreenlet)

    run_async(url, use)


@pytest.mark.parametrize("read", [in_the_loop_of_a_stream, in_the_loop_of_execute])
def test_with_asyncio_nothing_is_reloaded_without_expire_on_commit(
    url: str, statements: list[str], read: Callable[..., Awaitable[list[DbModel]]]
) -> None:
    async def use(session: AsyncSession) -> list[int]:
        session.sync_session.expire_on_commit = False
        return [entity.num for entity in await read(session, AsyncSession.commit)]

    assert run_async(url, use) == [num for _, num, _ in expected_rows(ROWS)]
    assert len(statements) == 1


@pytest.mark.parametrize("end", [AsyncSession.commit, AsyncSession.rollback])
def test_partitions_of_a_stream_lose_their_cursor_with_the_transaction(
    url: str, end: Callable[[AsyncSession], Awaitable[None]]
) -> None:
    async def read(session: AsyncSession) -> None:
        async for _ in (await session.stream(ENTITIES)).partitions(BATCH):
            await end(session)

    with pytest.raises(ProgrammingError, match="InvalidCursorName"):
        run_async(url, read)


@pytest.mark.parametrize("rows", [2, ROWS])
@pytest.mark.parametrize("partitions", [False, True])
def test_core_s_stream_always_loses_its_cursor_with_the_transaction(url: str, partitions: bool, rows: int) -> None:
    async def read(session: AsyncSession) -> None:
        connection = await session.connection()
        result = await connection.stream(ENTITIES.where(DbModel.id < rows))
        async for _ in result.partitions(BATCH) if partitions else result:
            await connection.commit()

    with pytest.raises(ProgrammingError, match="InvalidCursorName"):
        run_async(url, read)
