"""What the remedies give up, and where they break: each hazard that README names, met on a real server."""

import asyncio
import dataclasses
import functools
import gc
import itertools
import json
import re
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pydantic
import pytest
import sqlalchemy
from psycopg._server_cursor_base import ServerCursorMixin
from psycopg.rows import args_row, class_row, namedtuple_row, tuple_row
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.exc import InternalError, InvalidRequestError, ProgrammingError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.ext.asyncio.exc import AsyncMethodRequired
from sqlalchemy.orm import (
    Bundle,
    DeclarativeBase,
    Mapped,
    QueryContext,
    Session,
    aliased,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
    subqueryload,
)
from sqlalchemy.orm.interfaces import ORMOption
from sqlalchemy.util import concurrency

from db_model import DbModel
from domain_model import DomainModel
from tests.support import ROWS, TIMEOUT, expected_rows, run

BATCH = 100
YIELD_PER = {"yield_per": BATCH}
ENTITIES = select(DbModel)
STREAMED = ENTITIES.execution_options(yield_per=BATCH)


class Base(DeclarativeBase):
    """Registry apart from the project's, whose mapped class has no relationships."""


class Parent(Base):
    """A row of table `data`; its children are the rows whose `num` is its `id`."""

    __tablename__ = "data"

    id: Mapped[int] = mapped_column(primary_key=True)
    num: Mapped[int]
    children: Mapped[list["Child"]] = relationship(primaryjoin="Parent.id == foreign(Child.num)", viewonly=True)


class Child(Base):
    """The same row as an entity of its own, so that parents and children can be counted."""

    __table__ = Parent.__table__.alias("child")

    parent: Mapped[Parent | None] = relationship(primaryjoin="foreign(Child.num) == Parent.id", viewonly=True)


# Those that have children, 50 each: 5 batches.
PARENTS = select(Parent).where(Parent.id < 200, Parent.id % 5 == 0)
FAMILIES = 8


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    yield made
    made.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as opened:
        yield opened


def run_async(url: str, use: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        engine = create_async_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        try:
            async with AsyncSession(engine) as session:
                return await use(session)
        finally:
            await engine.dispose()

    return asyncio.run(main())


@pytest.fixture
def greenlets(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Collect the greenlets that SQLAlchemy makes."""
    shim: Any = concurrency._concurrency_shim
    made: list[object] = []

    def make(*arguments: Any) -> Any:
        made.append(arguments)
        return greenlet(*arguments)

    greenlet = shim._AsyncIoGreenlet
    monkeypatch.setattr(shim, "_AsyncIoGreenlet", make)
    return made


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Collect the statements that any engine executes."""
    executed: list[str] = []

    def tell(connection: object, cursor: object, statement: str, *rest: object) -> None:
        executed.append(statement)

    sqlalchemy.event.listen(Engine, "before_cursor_execute", tell)
    yield executed
    sqlalchemy.event.remove(Engine, "before_cursor_execute", tell)


@pytest.fixture
def fetches(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Collect how many rows each FETCH from a server-side cursor asks for; None is all."""
    sizes: list[int | None] = []

    def tell(cursor: Any, size: int | None) -> Any:
        sizes.append(size)
        return fetch(cursor, size)

    fetch = ServerCursorMixin._fetch_gen
    monkeypatch.setattr(ServerCursorMixin, "_fetch_gen", tell)
    return sizes


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
        with pytest.raises(StatementError, match="MissingGreenlet"):
            _ = entities[-1].num

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


def test_yield_per_on_a_connection_stays_for_later_statements_and_on_a_statement_does_not(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(STREAMED).close()
        assert "yield_per" not in connection.get_execution_options()
        assert not connection.execute(ENTITIES).context._is_server_side
        connection.execution_options(yield_per=BATCH).execute(ENTITIES).close()
        assert connection.execute(ENTITIES).context._is_server_side


def test_yield_per_refuses_unique_in_the_orm_and_not_in_core(session: Session, engine: Engine) -> None:
    with pytest.raises(InvalidRequestError, match=r"unique\(\)"):
        session.scalars(STREAMED).unique().all()
    with engine.connect() as connection:
        assert len(connection.execute(STREAMED).unique().all()) == ROWS


@pytest.mark.parametrize(
    ("entity", "option"),
    [
        (Parent, joinedload(Parent.children)),
        (Parent, subqueryload(Parent.children)),
        (Child, subqueryload(Child.parent)),
    ],
    ids=str,
)
def test_yield_per_refuses_eager_loading(session: Session, entity: type[Base], option: ORMOption) -> None:
    statement = select(entity).options(option)
    session.scalars(statement).unique().all()
    with pytest.raises(InvalidRequestError, match="Can't use yield_per with eager loaders"):
        session.scalars(statement, execution_options=YIELD_PER)


def test_yield_per_allows_eager_loading_of_one_by_a_join(session: Session, statements: list[str]) -> None:
    children = session.scalars(select(Child).options(joinedload(Child.parent)), execution_options=YIELD_PER).all()
    assert [child.parent.id for child in children if child.parent] == [num for _, num, _ in expected_rows(ROWS)]
    assert len(statements) == 1


@pytest.mark.parametrize(("size", "queries"), [(1_000, 2), (500, 1), (100, 1)])
def test_select_in_loading_with_yield_per_takes_queries_for_every_batch(
    session: Session, statements: list[str], size: int, queries: int
) -> None:
    """One for every 500 keys."""
    statement = select(Parent).options(selectinload(Parent.children))
    executed = [len(statements) for _ in session.scalars(statement, execution_options={"yield_per": size}).partitions()]
    assert executed == [1 + queries * batch for batch in range(1, ROWS // size + 1)]


def families_held(session: Session, option: ORMOption) -> int:
    """Read parents and children in batches, keep none, and return how many a session holds without the collector."""
    most = 0
    gc.collect()
    gc.disable()
    try:
        for batch in session.scalars(PARENTS.options(option).execution_options(yield_per=FAMILIES)).partitions():
            most = max(most, len(session.identity_map))
            del batch
    finally:
        gc.enable()
    return most


def test_entities_that_refer_to_each_other_both_ways_wait_for_the_garbage_collector(session: Session) -> None:
    down = selectinload(Parent.children)
    assert families_held(session, down) == FAMILIES * (1 + 50)
    assert families_held(session, down.selectinload(Child.parent)) == 40 * (1 + 50)
    gc.collect()
    assert len(session.identity_map) == 0


def entities_held(session: Session, use: Callable[[DbModel], None], flush: bool = False) -> int:
    """Read all entities in batches, keep none, and return how many the session holds at most, after a batch."""
    most = 0
    for batch in session.scalars(STREAMED).partitions():
        for entity in batch:
            use(entity)
        if flush:
            session.flush()
        most = max(most, len(session.identity_map))
    session.rollback()
    return most


def test_unmodified_entities_are_gone_with_their_batch(session: Session) -> None:
    assert entities_held(session, lambda entity: None) <= 2 * BATCH


@pytest.mark.parametrize("partitions", [False, True])
def test_two_batches_of_dropped_entities_exist_at_most(session: Session, partitions: bool) -> None:
    """Whoever hands out a batch refers to it until the next one is built."""
    held: set[int] = set()

    def tell(entity: DbModel, context: QueryContext) -> None:
        held.add(len(context.session.identity_map))

    sqlalchemy.event.listen(DbModel, "load", tell)
    try:
        result = session.scalars(STREAMED)
        assert sum(1 for _ in (result.partitions() if partitions else result)) == ROWS / (BATCH if partitions else 1)
    finally:
        sqlalchemy.event.remove(DbModel, "load", tell)
    assert max(held) == 2 * BATCH


def increment(entity: DbModel) -> None:
    entity.num += 1


def assign_the_same(entity: DbModel) -> None:
    entity.num = entity.num


@pytest.mark.parametrize("modify", [increment, assign_the_same])
def test_modified_entities_are_all_kept_until_they_are_flushed(
    session: Session, modify: Callable[[DbModel], None]
) -> None:
    assert entities_held(session, modify) == ROWS
    assert entities_held(session, modify, flush=True) <= 2 * BATCH


def test_synchronous_result_holds_the_identity_map_after_its_session_is_closed(engine: Engine) -> None:
    with Session(engine) as session:
        held = weakref.ref(session.identity_map)
        result = session.scalars(ENTITIES)
        kept = list(result)
    assert held() is not None
    assert session.identity_map is not held()
    del result
    assert held() is None
    assert len(kept) == ROWS


def test_asynchronous_result_that_is_read_to_its_end_holds_no_identity_map(url: str) -> None:
    async def use(session: AsyncSession) -> Any:
        result = await session.stream(ENTITIES)
        kept = [row async for row in result.scalars()]
        held = weakref.ref(session.sync_session.identity_map)
        assert held() is not None
        return result, kept, held

    result, kept, held = run_async(url, use)
    assert held() is None
    assert result is not None
    assert len(kept) == ROWS


@pytest.mark.parametrize("method", [AsyncSession.execute, AsyncSession.scalars])
def test_asynchronous_execute_refuses_yield_per(url: str, method: Callable[..., Awaitable[Any]]) -> None:
    with pytest.raises(AsyncMethodRequired, match=r"AsyncSession\.stream\(\)"):
        run_async(url, lambda session: method(session, STREAMED))


async def by_row(session: AsyncSession, statement: sqlalchemy.Select[Any]) -> tuple[int, int]:
    """Return how many rows there are, and how many entities existed at the first."""
    existed = count = 0
    async for _ in (await session.stream(statement)).scalars():
        existed = existed or len(session.sync_session.identity_map)
        count += 1
    return count, existed


async def by_partition(
    session: AsyncSession, statement: sqlalchemy.Select[Any], size: int | None = BATCH
) -> tuple[int, int]:
    """Return how many rows there are, and how many entities existed at the first batch."""
    existed = count = 0
    async for batch in (await session.stream(statement)).scalars().partitions(size):
        existed = existed or len(session.sync_session.identity_map)
        count += len(batch)
    return count, existed


async def by_execute(session: AsyncSession, statement: sqlalchemy.Select[Any]) -> tuple[int, int]:
    """Return how many rows there are, and how many entities existed before the first."""
    result = await session.execute(statement)
    existed = len(session.sync_session.identity_map)
    return len(result.scalars().all()), existed


def test_row_by_row_builds_all_entities_first_and_partitions_one_batch(url: str) -> None:
    assert run_async(url, lambda session: by_row(session, ENTITIES)) == (ROWS, ROWS)
    assert run_async(url, lambda session: by_execute(session, ENTITIES)) == (ROWS, ROWS)
    assert run_async(url, lambda session: by_row(session, STREAMED)) == (ROWS, BATCH)
    assert run_async(url, lambda session: by_partition(session, ENTITIES)) == (ROWS, BATCH)
    assert run_async(url, lambda session: by_partition(session, STREAMED, None)) == (ROWS, BATCH)


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


@pytest.mark.parametrize("stack", [Engine.connect, Session], ids=["Core", "ORM"])
def test_partitions_have_the_size_of_yield_per_unless_the_statement_is_a_text(
    engine: Engine, stack: Callable[[Engine], Any]
) -> None:
    assert sizes(engine, STREAMED, stack) == [BATCH] * (ROWS // BATCH)
    assert sizes(engine, text("SELECT * FROM data").execution_options(yield_per=BATCH), stack) == [ROWS]


def test_all_keeps_all_rows_at_once_with_yield_per_too(session: Session) -> None:
    assert len(session.scalars(STREAMED).all()) == len(session.identity_map) == ROWS


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


@pytest.mark.parametrize(
    ("option", "queries", "children"),
    [(selectinload(Parent.children), 5, FAMILIES * 50), (subqueryload(Parent.children), 1, ROWS)],
    ids=["select in", "subquery"],
)
def test_partitions_of_a_stream_take_subquery_loading_which_loads_what_belongs_to_all_with_the_first_batch(
    url: str, statements: list[str], option: ORMOption, queries: int, children: int
) -> None:
    async def use(session: AsyncSession) -> list[int]:
        result = await session.stream_scalars(PARENTS.options(option))
        return [len(session.sync_session.identity_map) async for _ in result.partitions(FAMILIES)]

    assert run_async(url, use)[0] == FAMILIES + children
    assert len(statements) == 1 + queries


def test_partitions_of_a_stream_refuse_joined_collections(url: str) -> None:
    async def use(session: AsyncSession, unique: bool) -> None:
        result = await session.stream_scalars(PARENTS.options(joinedload(Parent.children)))
        async for _ in (result.unique() if unique else result).partitions(FAMILIES):
            pass

    for unique in (False, True):
        with pytest.raises(InvalidRequestError, match=r"unique\(\)"):
            run_async(url, functools.partial(use, unique=unique))


def test_partitions_of_a_stream_refuse_unique_and_row_by_row_does_not(url: str) -> None:
    async def by_partitions(session: AsyncSession) -> None:
        async for _ in (await session.stream(ENTITIES)).unique().partitions(BATCH):
            pass

    async def row_by_row(session: AsyncSession) -> int:
        return len([row async for row in (await session.stream(ENTITIES)).unique()])

    with pytest.raises(InvalidRequestError, match="unique"):
        run_async(url, by_partitions)
    assert run_async(url, row_by_row) == ROWS


@pytest.mark.parametrize(("options", "existed"), [({}, ROWS), ({"stream_results": True}, BATCH)], ids=str)
def test_synchronous_partitions_build_one_batch_with_a_server_side_cursor_only(
    session: Session, options: dict[str, Any], existed: int
) -> None:
    batches = session.scalars(ENTITIES, execution_options=options).partitions(BATCH)
    first = next(batches)
    assert (len(first), len(session.identity_map)) == (BATCH, existed)


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


@contextmanager
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


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
        connection.execute(ENTITIES)
        with traced():
            result = connection.execute(ENTITIES)
            synchronous, _ = tracemalloc.get_traced_memory()
        assert len(result.all()) == ROWS
    assert synchronous <= 20 * ROWS
    assert run_async(url, use) >= sys.getsizeof((1, 2, 3)) * ROWS


async def read_core(session: AsyncSession, statement: sqlalchemy.Executable, size: int | None) -> None:
    result = await (await session.connection()).stream(statement)
    if size is None:
        async for _ in result:
            pass
    else:
        async for _ in result.partitions(size):
            pass


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


STREAM_USES: dict[str, Callable[[psycopg.Connection], object]] = {
    "execute": lambda connection: connection.execute("SELECT 1"),
    "commit": psycopg.Connection.commit,
    "rollback": psycopg.Connection.rollback,
    "end of with": lambda connection: connection.__exit__(None, None, None),
}


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


@pydantic.dataclasses.dataclass(slots=True, config=pydantic.ConfigDict(from_attributes=True))
class Record:
    id: int
    num: int
    data: str


class Told:
    def __init__(self, *positions: object, **keywords: object) -> None:
        self.counts = len(positions), len(keywords)


def calls_in_python(use: Callable[[], object]) -> int:
    """Return how many functions written in Python are called."""
    events: list[str] = []
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


def test_bundle_groups_columns_by_entity(session: Session) -> None:
    one, other = aliased(DbModel), aliased(DbModel)
    bundles: tuple[Bundle[Any], Bundle[Any]] = (
        Bundle("one", one.id, one.num),
        Bundle("other", other.id, other.data),
    )
    row = session.execute(select(*bundles).join(other, one.num == other.id).where(one.id == 3)).one()
    assert (row.one.id, row.one.num, row.other.id, row.other.data) == (3, 15, 15, "hello-15")
    assert len(session.identity_map) == 0


def test_class_row_calls_by_keyword_and_args_row_by_position(url: str) -> None:
    with psycopg.connect(url) as connection:
        for row_factory, expected in ((class_row(Told), (0, 3)), (args_row(Told), (3, 0))):
            row = connection.cursor(row_factory=row_factory).execute("SELECT * FROM data").fetchone()
            assert row
            assert row.counts == expected


def test_pydantic_dataclass_reads_no_attributes_whatever_is_configured(session: Session) -> None:
    entity = session.scalars(ENTITIES).first()
    assert pydantic.TypeAdapter(DomainModel).validate_python(entity).num == 0
    with pytest.raises(pydantic.ValidationError, match="dictionary or an instance of Record"):
        pydantic.TypeAdapter(Record).validate_python(entity, from_attributes=True)


def test_type_adapter_of_a_pydantic_dataclass_dumps_it_and_describes_it() -> None:
    adapter, plain = pydantic.TypeAdapter(Record), {"id": 1, "num": 5, "data": "hello-1"}
    assert adapter.dump_python(adapter.validate_python(plain)) == plain
    assert json.loads(adapter.dump_json(Record(1, 5, "hello-1"))) == plain
    assert adapter.json_schema()["properties"].keys() == plain.keys()


def test_pydantic_dataclass_has_no_model_copy_and_no_set_of_given_fields() -> None:
    record, model = Record(1, 5, "hello-1"), DomainModel(id=1, num=5, data="hello-1")
    for name in ("model_copy", "model_fields_set", "__dict__"):
        assert hasattr(model, name)
        assert not hasattr(record, name)
    assert not hasattr(pydantic.TypeAdapter(Record), "model_copy")
    assert dataclasses.replace(record, num=7).num == 7
    with pytest.raises(pydantic.ValidationError):
        dataclasses.replace(record, num="no number")  # type: ignore[arg-type]


@pytest.mark.parametrize("remedy", ["given_back", "survivors"])
def test_without_malloc_trim_the_script_says_so(url: str, remedy: str) -> None:
    """As with musl, whose malloc has none."""
    code = (
        "import ctypes, runpy; ctypes.CDLL = lambda name: object(); "
        f"runpy.run_module('remedies.run_sync_sqlalchemy_session_{remedy}', run_name='__main__')"
    )
    process = run("-c", code, url=url, MEMORY_TRACING="off")
    assert (process.returncode, process.stderr) == (0, "")
    assert "Heap trimmed" not in process.stdout
    assert process.stdout.splitlines()[-1].startswith("This C library has no malloc_trim")


def test_full_collection_finds_no_cycle_and_empties_free_lists(url: str) -> None:
    """One that is not full leaves the free lists as they are."""
    code = """
import gc, runpy, sys
from sqlalchemy.orm import Session

collect, execute = gc.collect, Session.execute

def execute_without_what_imports_left(*arguments):
    collect()
    return execute(*arguments)

def tell():
    blocks = sys.getallocatedblocks()
    young = collect(1), blocks - sys.getallocatedblocks()
    blocks = sys.getallocatedblocks()
    print("freed", *young, collect(), blocks - sys.getallocatedblocks())

Session.execute, gc.collect = execute_without_what_imports_left, tell
runpy.run_module("remedies.run_sync_sqlalchemy_session_given_back", run_name="__main__")
"""
    [found] = re.findall(r"^freed (.*)$", run("-c", code, url=url, MEMORY_TRACING="off").stdout, re.MULTILINE)
    cycles, blocks, cycles_of_all, blocks_of_all = map(int, found.split())
    assert (cycles, cycles_of_all) == (0, 0)
    assert blocks <= 0.1 * blocks_of_all
    assert blocks_of_all >= 0.5 * ROWS


SURVIVORS = """
import gc, sys
from db_model import DbModel

def tell():
    gc.collect()
    sys._debugmallocstats()

tell()
for survivors in slice(0), slice(20), slice(None, None, 1_000):
    entities = [DbModel(id=i, num=0, data=f"hello-{i}") for i in range(20_000)]
    tell()
    kept = entities[survivors]
    del entities
    tell()
    del kept
"""


def test_a_survivor_keeps_its_arena() -> None:
    """So where the survivors lie decides, not how many they are: twenty neighbours, or one in a thousand."""
    process = run("-c", SURVIVORS)
    found = re.findall(r"# arenas allocated current\s+=\s+([\d,]+)", process.stderr)
    before, *arenas = (int(count.replace(",", "")) for count in found)
    held = min(arenas[::2]) - before
    none, neighbours, spread = (count - before for count in arenas[1::2])
    assert held >= 10
    assert 0 <= none <= neighbours <= 0.2 * held
    assert spread >= 0.7 * held
