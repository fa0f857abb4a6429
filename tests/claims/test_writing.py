"""What docs/writing.md says of sessions, statements and `COPY` on the way in."""

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, insert, select, text
from sqlalchemy.orm import Session

from tests.support import query
from writing.record_model import Base, Record

COUNT = 2_500
Rows = Iterator[tuple[int, int, str]]


@pytest.fixture
def written(schema_url: str) -> str:
    """Give a schema where the table is empty."""
    engine = create_engine(schema_url.replace("postgresql:", "postgresql+psycopg:"))
    Base.metadata.create_all(engine)
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


def rows(raises_at: int | None = None) -> Rows:
    for key in range(1, 1001):
        if key == raises_at:
            raise ValueError("in the middle")
        yield key, key, "text"


def by_copy(connection: psycopg.Connection, given: Rows) -> None:
    with connection.cursor().copy("COPY written FROM STDIN") as copy:
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


def test_deferred_constraint_names_no_line_and_an_identity_may_be_copied(written: str) -> None:
    query(written, "CREATE TABLE late (id integer GENERATED ALWAYS AS IDENTITY UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    with psycopg.connect(written) as connection:
        with connection.cursor().copy("COPY late FROM STDIN") as copy:
            for key in (7, 7):
                copy.write_row([key])
        with pytest.raises(psycopg.errors.UniqueViolation) as raised:
            connection.commit()
    assert raised.value.diag.context is None


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
