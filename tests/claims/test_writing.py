"""What docs/writing.md says of sessions and statements on the way in."""

import gc
import logging
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

import pytest
from sqlalchemy import JSON, Engine, create_engine, event, insert, select, text
from sqlalchemy.exc import IntegrityError, InternalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.util import immutabledict

from tests.claims.rows import traced
from tests.support import query
from writing.record_model import Record

COUNT = 2_500


class Own(DeclarativeBase):
    """Registry of the entities whose columns have defaults."""


class Defaulted(Own):
    """A row whose keys are given."""

    __tablename__ = "defaulted"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    num: Mapped[int | None] = mapped_column(server_default="7")
    other: Mapped[int | None] = mapped_column(default=5)


class Document(Own):
    """A row of documents, of which one says that None is NULL."""

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    usual: Mapped[Any] = mapped_column(JSON, nullable=True)
    null: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)


class Unfetched(Own):
    """The same row as an entity that asks for no default."""

    __table__ = Defaulted.__table__
    __mapper_args__ = immutabledict({"eager_defaults": False})


@pytest.fixture
def engine(written: str) -> Iterator[Engine]:
    made = create_engine(written.replace("postgresql:", "postgresql+psycopg:"))
    Own.metadata.create_all(made)
    yield made
    made.dispose()


def records(count: int = COUNT, first: int = 1) -> Iterator[Record]:
    return (Record(id=key, num=2 * key, data=f"row {key}") for key in range(first, first + count))


def dicts(count: int = COUNT) -> list[dict[str, object]]:
    return [{"id": key, "num": key, "data": "text"} for key in range(1, count + 1)]


def alive(references: "weakref.WeakSet[Record]") -> int:
    gc.collect()
    return len(references)


def added(session: Session) -> "weakref.WeakSet[Record]":
    made = weakref.WeakSet[Record]()
    for record in records(10):
        made.add(record)
        session.add(record)
    del record
    return made


@pytest.mark.parametrize("frees", [Session.flush, Session.commit])
def test_session_holds_a_new_entity_until_the_flush_and_a_commit_frees_no_more(
    session: Session, frees: Callable[[Session], None]
) -> None:
    made = added(session)
    assert alive(made) == 10
    frees(session)
    assert alive(made) == 0


def test_flushed_entity_that_is_held_stays_in_the_session_until_it_is_expunged(session: Session) -> None:
    held = list(records(10))
    session.add_all(held)
    session.flush()
    assert len(session.identity_map) == 10
    session.expunge_all()
    assert len(session.identity_map) == 0


def test_changed_and_deleted_entities_are_held_until_the_flush(session: Session) -> None:
    session.add_all(records(10))
    session.commit()
    for change in (lambda record: setattr(record, "num", 7), session.delete):
        found = weakref.WeakSet[Record]()
        for record in session.scalars(select(Record).execution_options(yield_per=2)):
            found.add(record)
            change(record)
        del record
        assert alive(found) == 10
        session.flush()
        assert alive(found) == 0


def test_keys_of_the_server_take_a_statement_for_a_thousand_and_given_ones_an_executemany(
    session: Session, statements: list[str]
) -> None:
    session.add_all(records())
    session.flush()
    assert len(statements) == 1
    session.rollback()
    statements.clear()
    session.add_all(Record(num=1, data="text") for _ in range(COUNT))
    session.flush()
    assert len(statements) == 3


def test_bulk_insert_leaves_nulls_out_so_that_rows_of_other_nulls_are_other_statements(
    engine: Engine, statements: list[str]
) -> None:
    rows = [row | {"num": None if place % 2 else 1} for place, row in enumerate(dicts(10))]
    with Session(engine) as session:
        session.execute(text("ALTER TABLE written ALTER num DROP NOT NULL"))
        for options, count in (({}, 10), ({"render_nulls": True}, 1)):
            statements.clear()
            session.execute(insert(Record).execution_options(**options), rows)
            assert len(statements) == count
            session.execute(text("DELETE FROM written"))
        statements.clear()
        session.add_all(Record(**row) for row in rows)
        session.flush()
        assert len(statements) == 1


def test_given_keys_take_an_executemany_unless_a_server_default_is_to_come_back(
    session: Session, statements: list[str]
) -> None:
    entities = [kind(id=key) for kind in (Defaulted, Unfetched) for key in range(COUNT)]
    for added, count in ((entities[:COUNT], 3), (entities[COUNT:], 1)):
        statements.clear()
        session.add_all(added)
        session.flush()
        assert len(statements) == count
        session.rollback()
    statements.clear()
    session.execute(insert(Defaulted), [{"id": key} for key in range(COUNT)])
    assert len(statements) == 1


def test_none_of_a_json_is_json_s_null_unless_its_type_says_otherwise(session: Session) -> None:
    row = {"id": 1, "usual": None, "null": None}
    session.execute(insert(Document).execution_options(render_nulls=True), [row])
    session.connection().execute(insert(Document), [row | {"id": 2}])
    found = session.execute(text("SELECT usual::text, null::text FROM document".replace("null", '"null"'))).all()
    assert found == [("null", None)] * 2


def test_rows_of_a_batch_can_be_tried_one_by_one_where_it_was_within_a_savepoint(session: Session) -> None:
    batch = [{"id": 1}, {"id": 1}, {"id": 2}]
    wrong = []
    with suppress(IntegrityError), session.begin_nested():
        session.execute(insert(Defaulted), batch)
    for row in batch:
        try:
            with session.begin_nested():
                session.execute(insert(Defaulted), [row])
        except IntegrityError:
            wrong.append(row)
    assert wrong == batch[1:2]
    with suppress(IntegrityError):
        session.connection().execute(insert(Defaulted), batch)
    with pytest.raises(InternalError, match="InFailedSqlTransaction"):  # and so would every row of a batch
        session.connection().execute(insert(Defaulted), batch[2:])


def test_none_is_left_out_by_add_all_where_the_class_has_a_default(session: Session) -> None:
    session.add(Defaulted(id=1, num=1, other=None))
    session.flush()
    assert session.scalars(select(Defaulted.other)).all() == [5]


def test_none_is_left_out_by_add_all_where_the_server_has_a_default_and_is_null_by_render_nulls(
    session: Session, statements: list[str]
) -> None:
    rows = [{"id": key, "num": None if key % 2 else 1} for key in range(6)]
    statements.clear()
    session.add_all(Defaulted(**row) for row in rows)
    session.flush()
    assert len(statements) == 6
    assert session.scalars(select(Defaulted.num).order_by(Defaulted.id)).all() == [1, 7] * 3
    session.rollback()
    statements.clear()
    session.execute(insert(Defaulted).execution_options(render_nulls=True), rows)
    assert len(statements) == 1
    assert session.scalars(select(Defaulted.num).order_by(Defaulted.id)).all() == [1, None] * 3


def test_bulk_insert_has_defaults_and_keys_and_calls_no_event_of_entities(session: Session) -> None:
    heard: list[str] = []
    names = [(Defaulted, "init"), (session, "before_flush"), (Defaulted, "before_insert"), (Defaulted, "after_insert")]
    listeners = [
        (target, name, lambda *_, name=name, **__: heard.append(name))
        for target, name in [*names, (session, "do_orm_execute")]
    ]
    for listener in listeners:
        event.listen(*listener)
    try:
        keys = session.scalars(insert(Defaulted).returning(Defaulted.id), [{"id": 1}, {"id": 2}])
        assert sorted(keys) == [1, 2]
        assert heard == ["do_orm_execute"]
        heard.clear()
        session.add(Defaulted(id=3))
        session.flush()
        assert heard == [name for _, name in names]
    finally:
        for listener in listeners:
            event.remove(*listener)
    assert {(row.num, row.other) for row in session.execute(select(Defaulted.num, Defaulted.other))} == {(7, 5)}


def test_engine_keeps_500_to_750_statements(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sqlalchemy.engine.Engine")
    fresh = create_engine(engine.url)
    with fresh.connect() as connection:

        def cached(number: int) -> bool:
            caplog.clear()
            connection.execute(text(f"SELECT {number}"))
            return "[cached since" in caplog.text

        assert not any(map(cached, range(750)))
        assert cached(0)
        assert not cached(750)  # one too many: the 500 that were used last stay
        assert (cached(252), cached(251)) == (True, False)
    fresh.dispose()


def test_text_with_a_placeholder_a_value_is_cached_and_values_are_not(engine: Engine) -> None:
    many = text(f"INSERT INTO written VALUES {', '.join(f'(:id{i}, 1, :data{i})' for i in range(5))}")
    parameters = {f"{name}{i}": value for i in range(5) for name, value in (("id", i), ("data", "text"))}
    for statement, given, cached in ((many, parameters, 1), (insert(Record).values(dicts(5)), None, 0)):
        for options in ({}, {"compiled_cache": None}):
            cache: dict[Any, Any] = {}
            with engine.connect() as connection:
                connection.execution_options(**({"compiled_cache": cache} | options)).execute(statement, given)
            assert len(cache) == (0 if options else cached)


def test_commit_after_the_driver_alone_commits_nothing_unless_begin_has_begun(engine: Engine, written: str) -> None:
    for begins in (False, True):
        with engine.connect() as connection:
            if begins:
                connection.begin()
            driver: Any = connection.connection.driver_connection
            driver.execute("INSERT INTO written VALUES (1, 1, 'text')")
            connection.commit()
        assert query(written, "SELECT count(*) FROM written") == [(int(begins),)]


def test_merge_asks_for_each_entity_that_the_session_has_not(session: Session, statements: list[str]) -> None:
    session.add_all(records(10))
    session.commit()
    for page, count in ((False, 10), (True, 0)):
        session.expunge_all()
        loaded = session.scalars(select(Record)).all() if page else []
        statements.clear()
        with session.no_autoflush:
            for record in records(10):
                session.merge(record)
        assert len(statements) == count
        assert len(loaded) == (10 if page else 0)


def test_loop_over_pages_of_keys_holds_two_of_them(session: Session) -> None:
    session.add_all(records(50))
    session.commit()
    loaded = weakref.WeakSet[Record]()
    most, last = 0, -1

    def tell(record: Record, _: object) -> None:
        nonlocal most
        loaded.add(record)
        most = max(most, len(loaded))

    event.listen(Record, "load", tell)
    try:
        while found := session.scalars(select(Record).order_by(Record.id).limit(10).where(Record.id > last)).all():
            last = found[-1].id
            for record in found:
                record.num += 1
            session.commit()
    finally:
        event.remove(Record, "load", tell)
    assert most == 20


def test_batches_that_were_executed_before_a_caught_error_of_python_are_committed(
    session: Session, written: str
) -> None:
    given = ({"id": key, "num": 1 // (600 - key), "data": "text"} for key in range(1, 1001))
    with suppress(ZeroDivisionError):
        while batch := list(islice(given, 100)):
            session.execute(insert(Record), batch)
    session.commit()
    assert query(written, "SELECT count(*) FROM written") == [(500,)]


def test_none_of_a_column_with_a_default_is_null_by_render_nulls_unless_it_is_left_out(session: Session) -> None:
    for row, value in (({"id": 1, "other": None}, None), ({"id": 2}, 5)):
        session.execute(insert(Defaulted).execution_options(render_nulls=True), [row])
        assert session.scalars(select(Defaulted.other).where(Defaulted.id == row["id"])).one() == value


def test_what_the_server_makes_takes_more_at_the_peak_of_add_all_unless_it_is_not_fetched(session: Session) -> None:
    peaks = []
    for kind in (Defaulted, Unfetched, Defaulted, Unfetched):  # the first two fill the caches
        with traced():
            session.add_all(kind(id=key) for key in range(COUNT))
            session.flush()
            peaks.append(tracemalloc.get_traced_memory()[1])
        session.rollback()
    assert peaks[2] - peaks[3] > 100 * COUNT
