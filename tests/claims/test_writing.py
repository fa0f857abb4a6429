"""What docs/writing.md says of sessions, statements and `COPY` on the way in."""

import gc
import logging
import sys
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import islice
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, event, insert, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.claims.rows import traced
from tests.support import query
from writing.record_model import Base, Record

COUNT = 2_500
Rows = Iterator[tuple[int, int, str]]
# Up to psycopg 3.2.10 a part of the row that Python cannot write is sent.
PSYCOPG = tuple(map(int, psycopg.__version__.split(".")[:3]))


class Own(DeclarativeBase):
    """Registry of the entities whose columns have defaults."""


class Defaulted(Own):
    """A row whose keys are given."""

    __tablename__ = "defaulted"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    num: Mapped[int | None] = mapped_column(server_default="7")
    other: Mapped[int | None] = mapped_column(default=5)


class Unfetched(Own):
    """The same row as an entity that asks for no default."""

    __table__ = Defaulted.__table__
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 - what SQLAlchemy declares it as


@pytest.fixture
def written(schema_url: str) -> str:
    """Give a schema where the tables are empty."""
    engine = create_engine(schema_url.replace("postgresql:", "postgresql+psycopg:"))
    Base.metadata.create_all(engine)
    Own.metadata.create_all(engine)
    engine.dispose()
    return schema_url


@pytest.fixture
def engine(written: str) -> Iterator[Engine]:
    made = create_engine(written.replace("postgresql:", "postgresql+psycopg:"))
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
    with engine.connect() as connection:

        def cached(number: int) -> bool:
            caplog.clear()
            connection.execute(text(f"SELECT {number}"))
            return "[cached since" in caplog.text

        assert not any(map(cached, range(750)))
        assert cached(0)
        assert not cached(750)  # one too many: the 500 that were used last stay
        assert (cached(252), cached(251)) == (True, False)


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


def rows(raises_at: int | None = None) -> Rows:
    for key in range(1, 1001):
        if key == raises_at:
            raise ValueError("in the middle")
        yield key, key, "text"


def by_copy(connection: psycopg.Connection, given: Rows, table: str = "written (id, num, data)") -> None:
    with connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
        for row in given:
            copy.write_row(row)


def by_executemany(connection: psycopg.Connection, given: Rows) -> None:
    connection.cursor().executemany("INSERT INTO written VALUES (%s, %s, %s)", given)


WRITERS = (by_copy, by_executemany)


@pytest.mark.parametrize("write", WRITERS)
def test_generator_that_raises_leaves_nothing(written: str, write: Callable[[psycopg.Connection, Rows], None]) -> None:
    with pytest.raises(ValueError, match="in the middle"), psycopg.connect(written) as connection:
        write(connection, rows(raises_at=600))
    assert query(written, "SELECT count(*) FROM written") == [(0,)]


SENT = [(by_copy, 0), (by_executemany, 599)]


@pytest.mark.parametrize(("write", "stands"), SENT)
def test_with_autocommit_executemany_keeps_what_it_sent_before_the_generator_raised(
    written: str, write: Callable[[psycopg.Connection, Rows], None], stands: int
) -> None:
    connection: psycopg.Connection
    with pytest.raises(ValueError, match="middle"), psycopg.connect(written, autocommit=True) as connection:
        write(connection, rows(raises_at=600))
    assert query(written, "SELECT count(*) FROM written") == [(stands,)]


@pytest.mark.parametrize(("write", "stands"), SENT)
def test_error_of_python_that_is_caught_inside_aborts_nothing_unless_it_has_left_copy(
    written: str, write: Callable[[psycopg.Connection, Rows], None], stands: int
) -> None:
    with psycopg.connect(written) as connection, suppress(ValueError):
        write(connection, rows(raises_at=600))
    assert query(written, "SELECT count(*) FROM written") == [(stands,)]


def test_batches_that_were_executed_before_a_caught_error_of_python_are_committed(
    session: Session, written: str
) -> None:
    given = ({"id": key, "num": num, "data": data} for key, num, data in rows(raises_at=600))
    with suppress(ValueError):
        while batch := list(islice(given, 100)):
            session.execute(insert(Record), batch)
    session.commit()
    assert query(written, "SELECT count(*) FROM written") == [(500,)]


def test_row_that_python_cannot_write_is_left_out_where_that_is_caught(written: str) -> None:
    half: AbstractContextManager[object] = pytest.raises(psycopg.DataError, match="invalid byte sequence")
    connected = psycopg.connect(written)
    copies = connected.cursor().copy("COPY written FROM STDIN")
    with nullcontext() if PSYCOPG > (3, 2, 10) else half, connected, copies as copy:
        for key in range(100):
            with suppress(psycopg.ProgrammingError):
                copy.write_row((key, object() if key == 60 else key, "text"))
    assert query(written, "SELECT count(*) FROM written") == [(99 if PSYCOPG > (3, 2, 10) else 0,)]


@pytest.mark.parametrize("write", WRITERS)
def test_error_of_the_server_that_is_caught_inside_commits_nothing(
    written: str, write: Callable[[psycopg.Connection, Rows], None]
) -> None:
    query(written, "ALTER TABLE written ADD CHECK (num <> 600)")
    with psycopg.connect(written) as connection, suppress(psycopg.errors.CheckViolation):
        write(connection, rows())
    assert query(written, "SELECT count(*) FROM written") == [(0,)]


def test_executemany_notes_each_row_that_the_server_has_not_answered(written: str) -> None:
    query(
        written,
        "CREATE TABLE gate (); CREATE FUNCTION waits() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN LOCK TABLE gate IN SHARE MODE; RETURN NEW; END';"
        "CREATE TRIGGER waits BEFORE INSERT ON written FOR EACH ROW EXECUTE FUNCTION waits()",
    )
    held = []

    def until_the_last(holder: psycopg.Connection) -> Rows:
        for row in rows():
            if row[0] in (2, 1000):
                held.append(tracemalloc.get_traced_memory()[0])
            if row[0] == 1000:
                holder.rollback()
            yield row

    taken = [tuple(range(size)) for size in (2, 3) for _ in range(3000)]  # free ones of other tests are not traced
    with psycopg.connect(written) as holder, psycopg.connect(written) as connection, traced():
        holder.execute("LOCK TABLE gate")
        connection.execute("SET lock_timeout = '30s'")
        by_executemany(connection, until_the_last(holder))
    assert held[1] - held[0] > 1000 * sys.getsizeof(())
    del taken


@pytest.mark.parametrize("write", WRITERS)
def test_server_that_ends_leaves_nothing(written: str, write: Callable[[psycopg.Connection, Rows], None]) -> None:
    def ends(number: int) -> Rows:
        for row in rows():
            if row[0] == 600:
                query(written, f"SELECT pg_terminate_backend({number}, 5000)")
            yield row

    with pytest.raises(psycopg.OperationalError), psycopg.connect(written) as connection:
        write(connection, ends(connection.info.backend_pid))
    assert query(written, "SELECT count(*) FROM written") == [(0,)]


def test_copy_names_the_line_of_the_row_that_breaks_a_constraint_and_leaves_nothing(written: str) -> None:
    query(written, "ALTER TABLE written ADD CHECK (num <> 600)")
    with pytest.raises(psycopg.errors.CheckViolation) as raised, psycopg.connect(written) as connection:
        by_copy(connection, rows())
    assert str(raised.value.diag.context).startswith("COPY written, line 600")
    assert query(written, "SELECT count(*) FROM written") == [(0,)]


def test_copy_calls_triggers_in_the_order_in_which_one_insert_does(written: str) -> None:
    query(
        written,
        "CREATE TABLE called (place serial, name text); CREATE FUNCTION tells() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN INSERT INTO called (name) VALUES (TG_WHEN || '' '' || TG_LEVEL); RETURN NEW; END';"
        "CREATE TRIGGER before BEFORE INSERT ON written FOR EACH ROW EXECUTE FUNCTION tells();"
        "CREATE TRIGGER after AFTER INSERT ON written FOR EACH ROW EXECUTE FUNCTION tells();"
        "CREATE TRIGGER once AFTER INSERT ON written FOR EACH STATEMENT EXECUTE FUNCTION tells()",
    )
    with psycopg.connect(written) as connection:
        by_copy(connection, iter([(1, 1, ""), (2, 2, "")]))
        connection.execute("INSERT INTO written VALUES (3, 3, ''), (4, 4, '')")
    called = [name for (name,) in query(written, "SELECT name FROM called ORDER BY place")]
    assert called == 2 * [*2 * ["BEFORE ROW"], *2 * ["AFTER ROW"], "AFTER STATEMENT"]


def test_copy_fires_triggers_routes_to_partitions_and_refuses_generated_columns(written: str) -> None:
    query(
        written,
        "CREATE TABLE parted (id integer, num integer, twice integer GENERATED ALWAYS AS (2 * num) STORED)"
        " PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE high PARTITION OF parted FOR VALUES FROM (10) TO (20);"
        "CREATE FUNCTION raised() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.num = NEW.num + 1; RETURN NEW; END';"
        "CREATE TRIGGER raised BEFORE INSERT ON parted FOR EACH ROW EXECUTE FUNCTION raised()",
    )
    with psycopg.connect(written) as connection:
        with connection.cursor().copy("COPY parted (id, num) FROM STDIN") as copy:
            for key in (1, 11):
                copy.write_row((key, key))
        found = connection.execute("SELECT tableoid::regclass::text, num, twice FROM parted ORDER BY id").fetchall()
        assert found == [("low", 2, 4), ("high", 12, 24)]
        with pytest.raises(psycopg.errors.InvalidColumnReference, match="generated column"):
            connection.execute("COPY parted (id, twice) FROM STDIN")


@pytest.mark.parametrize(
    ("constraint", "detail"),
    [
        ("FOREIGN KEY (id) REFERENCES written", "Key (id)=(7) is not present"),
        ("UNIQUE (id) DEFERRABLE", "Key (id)=(7) already exists"),
        ("UNIQUE (id) DEFERRABLE INITIALLY DEFERRED", "Key (id)=(7) already exists"),
    ],
)
def test_what_is_checked_when_all_rows_are_there_names_the_key_and_no_line(
    written: str, constraint: str, detail: str
) -> None:
    query(written, f"CREATE TABLE late (LIKE written, {constraint})")
    with pytest.raises(psycopg.IntegrityError) as raised, psycopg.connect(written) as connection:
        by_copy(connection, iter(2 * [(7, 7, "text")]), "late")
    assert raised.value.diag.context is None
    assert str(raised.value.diag.message_detail).startswith(detail)


def test_after_trigger_that_raises_names_no_line_of_copy(written: str) -> None:
    query(
        written,
        "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';"
        "CREATE TRIGGER fails AFTER INSERT ON written FOR EACH ROW EXECUTE FUNCTION fails()",
    )
    with pytest.raises(psycopg.errors.RaiseException) as raised, psycopg.connect(written) as connection:
        by_copy(connection, rows())
    assert "COPY" not in str(raised.value.diag.context)


def test_identity_may_be_copied_and_is_overridden_in_an_insert(written: str) -> None:
    query(written, "CREATE TABLE numbered (id integer GENERATED ALWAYS AS IDENTITY)")
    with psycopg.connect(written) as connection:
        with connection.cursor().copy("COPY numbered (id) FROM STDIN") as copy:
            copy.write_row([7])
        connection.execute("INSERT INTO numbered (id) OVERRIDING SYSTEM VALUE SELECT 8")
        with pytest.raises(psycopg.errors.GeneratedAlways):
            connection.execute("INSERT INTO numbered (id) SELECT 9")


@pytest.mark.parametrize(
    ("staged", "may_be"),
    [
        ("(LIKE written) ON COMMIT DROP", False),
        ("ON COMMIT DROP AS SELECT id, num, data FROM written WITH NO DATA", True),
    ],
)
def test_table_like_another_has_its_not_null_and_no_default(written: str, staged: str, may_be: bool) -> None:
    query(written, "ALTER TABLE written ADD made timestamptz NOT NULL DEFAULT now()")
    refused: AbstractContextManager[object] = pytest.raises(psycopg.errors.NotNullViolation, match='"made"')
    with nullcontext() if may_be else refused, psycopg.connect(written) as connection:
        connection.execute(f"CREATE TEMPORARY TABLE staged {staged}".encode())
        by_copy(connection, iter([(1, 1, "text")]), "staged (id, num, data)")


def test_value_that_python_cannot_write_and_two_rows_of_one_key(written: str) -> None:
    with psycopg.connect(written) as connection:
        # psycopg 3.2 has sent a part of the row by then, which the server takes exception to first.
        with pytest.raises((psycopg.ProgrammingError, psycopg.DataError), match=r"cannot adapt|invalid byte sequence"):
            by_copy(connection, iter([(1, object(), "")]))  # type: ignore[list-item]
        connection.rollback()
        statement = "INSERT INTO written VALUES (1, 1, ''), (1, 2, '') ON CONFLICT (id) DO UPDATE SET num = 3"
        with pytest.raises(psycopg.errors.CardinalityViolation, match="a second time"):
            connection.execute(statement)


def test_copy_is_refused_under_row_level_security_and_an_insert_is_not(written: str) -> None:
    query(written, "ALTER TABLE written ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    query(written, "CREATE POLICY anything ON written USING (true)")
    with psycopg.connect(written) as connection:
        connection.execute("INSERT INTO written VALUES (1, 1, 'text')")
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="row-level security"):
            connection.execute("COPY written FROM STDIN")
