"""What docs/writing.md says of `COPY` and `executemany`: errors, triggers, and what waits for the server."""

import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress

import psycopg
import pytest

from tests.claims.rows import traced
from tests.support import query

Rows = Iterator[tuple[int, int, str]]
# Up to psycopg 3.2.10 a part of the row that Python cannot write is sent.
PSYCOPG = tuple(map(int, psycopg.__version__.split(".")[:3]))


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
