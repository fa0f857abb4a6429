"""What the remedies give up, and where they break: each hazard that README names, met on a real server."""

import asyncio
import dataclasses
import re
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import psycopg
import pydantic
import pytest
import sqlalchemy
from psycopg.rows import args_row, class_row
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.exc import InvalidRequestError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.ext.asyncio.exc import AsyncMethodRequired
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
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
from tests.conftest import ROWS, run

BATCH = 100
YIELD_PER = {"yield_per": BATCH}
ENTITIES = select(DbModel)
STREAMED = ENTITIES.execution_options(yield_per=BATCH)


class Base(DeclarativeBase):
    """Registry apart from the project's, whose mapped class has no relationships."""


class Related(Base):
    """A row of table `data`, related to the rows whose `num` is its `id`, and to the one whose `id` is its `num`."""

    __tablename__ = "data"

    id: Mapped[int] = mapped_column(primary_key=True)
    num: Mapped[int]
    many: Mapped[list["Related"]] = relationship(
        primaryjoin="Related.id == foreign(Related.num)", remote_side="Related.num", viewonly=True
    )
    one: Mapped["Related | None"] = relationship(
        primaryjoin="foreign(Related.num) == Related.id", remote_side="Related.id", viewonly=True
    )


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


def test_commit_in_the_loop_works_without_yield_per(session: Session) -> None:
    entities = iter(session.scalars(ENTITIES))
    next(entities)
    session.commit()
    assert len(list(entities)) == ROWS - 1


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
    "option", [joinedload(Related.many), subqueryload(Related.many), subqueryload(Related.one)], ids=str
)
def test_yield_per_refuses_eager_loading(session: Session, option: ORMOption) -> None:
    statement = select(Related).options(option)
    session.scalars(statement).unique().all()
    with pytest.raises(InvalidRequestError, match="Can't use yield_per with eager loaders"):
        session.scalars(statement, execution_options=YIELD_PER)


@pytest.mark.parametrize("option", [joinedload(Related.one), selectinload(Related.many)], ids=str)
def test_yield_per_allows_eager_loading_of_one_by_a_join_and_of_many_by_select_in(
    session: Session, option: ORMOption
) -> None:
    assert len(session.scalars(select(Related).options(option), execution_options=YIELD_PER).all()) == ROWS


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


def test_partitions_without_a_size_and_without_yield_per_is_one_batch_of_all(url: str) -> None:
    assert run_async(url, lambda session: by_partition(session, ENTITIES, None)) == (ROWS, ROWS)


@pytest.mark.parametrize("end", [AsyncSession.commit, AsyncSession.rollback])
def test_partitions_of_a_stream_lose_their_cursor_with_the_transaction(
    url: str, end: Callable[[AsyncSession], Awaitable[None]]
) -> None:
    async def read(session: AsyncSession) -> None:
        async for _ in (await session.stream(ENTITIES)).partitions(BATCH):
            await end(session)

    with pytest.raises(ProgrammingError, match="InvalidCursorName"):
        run_async(url, read)


def test_partitions_of_a_stream_refuse_unique_and_row_by_row_does_not(url: str) -> None:
    async def by_partitions(session: AsyncSession) -> None:
        async for _ in (await session.stream(ENTITIES)).unique().partitions(BATCH):
            pass

    async def row_by_row(session: AsyncSession) -> int:
        return len([row async for row in (await session.stream(ENTITIES)).unique()])

    with pytest.raises(InvalidRequestError, match="unique"):
        run_async(url, by_partitions)
    assert run_async(url, row_by_row) == ROWS


def test_commit_without_yield_per_expires_the_entities(session: Session) -> None:
    rows = iter(session.scalars(ENTITIES))
    first = next(rows)
    session.commit()
    assert "num" in sqlalchemy.inspect(first).expired_attributes
    assert sum(1 for _ in rows) == ROWS - 1


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


def test_stream_that_is_not_consumed_keeps_the_connection_busy(url: str) -> None:
    with psycopg.connect(url) as connection:
        rows = connection.cursor().stream("SELECT * FROM data", size=BATCH)
        next(rows)
        other = threading.Thread(target=lambda: connection.execute("SELECT 1"), daemon=True)
        other.start()
        other.join(0.5)
        assert other.is_alive()
        assert sum(1 for _ in rows) == ROWS - 1
        other.join()


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


def test_entities_are_in_no_cycle_that_a_collection_would_free(url: str) -> None:
    """What `gc.collect()` gives back are blocks of free lists."""
    code = (
        "import gc, runpy; collect = gc.collect; gc.collect = lambda: print('freed', collect())\n"
        "runpy.run_module('remedies.run_sync_sqlalchemy_session_given_back', run_name='__main__')"
    )
    found = re.findall(r"^freed (\d+)$", run("-c", code, url=url).stdout, re.MULTILINE)
    assert len(found) == 1
    assert int(found[0]) < ROWS / 10
