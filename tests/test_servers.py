"""The comparison of a server before and after: it sees whatever may be left there."""

import psycopg
import pytest

from tests import servers as module
from tests.servers import Servers, leaves_nothing, pgbouncer
from tests.support import query


@pytest.mark.parametrize(
    ("leave", "undo", "seen"),
    [
        ("CREATE TABLE left_there ()", "DROP TABLE left_there", "pg_catalog.pg_|public.left_there"),
        ("INSERT INTO there VALUES (2)", "DELETE FROM there WHERE id = 2", "public.there"),
        ("SELECT nextval('counter')", "SELECT setval('counter', 1, false)", "public.counter"),
        ("ANALYZE there", "SELECT", "analysed by hand"),
        ("ALTER ROLE \"user\" SET work_mem = '5MB'", 'ALTER ROLE "user" RESET ALL', "settings|pg_db_role_setting"),
        ("COMMENT ON TABLE there IS 'x'", "COMMENT ON TABLE there IS NULL", "pg_description"),
    ],
)
def test_what_is_left_on_a_server_is_seen(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, leave: str, undo: str, seen: str
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 1)  # statistics take a moment
    url = servers[15]
    query(url, "CREATE TABLE there AS SELECT 1 AS id")
    query(url, "CREATE SEQUENCE counter")
    try:
        with leaves_nothing(url):
            query(url, "SELECT * FROM there")
        with pytest.raises(AssertionError, match=seen), leaves_nothing(url):
            query(url, leave)
        query(url, undo)
    finally:
        query(url, "DROP TABLE there; DROP SEQUENCE counter")


def test_a_connection_and_its_lock_are_seen(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0)
    with psycopg.connect(servers[15]) as connection:
        with pytest.raises(AssertionError, match=r"connections|locks"), leaves_nothing(servers[15]):
            connection.execute("SELECT FROM pg_class")
        connection.rollback()
        with leaves_nothing(servers[15]):
            connection.execute("SELECT 1")
            connection.rollback()


@pytest.mark.parametrize(
    ("leave", "seen"),
    [
        ("SET work_mem = '5MB'", "settings of session"),
        ("PREPARE left_there AS SELECT 1", "prepared statements of session"),
        ("SELECT pg_advisory_lock(7)", "advisory locks of session|locks"),
    ],
)
def test_what_is_left_in_a_pooler_s_session_is_seen(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, leave: str, seen: str
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0)
    url = servers[15]
    with (
        pgbouncer(url) as pooled,
        psycopg.connect(pooled, autocommit=True, prepare_threshold=None) as connection,
        pytest.raises(AssertionError, match=seen),
        leaves_nothing(url, through=pooled, sessions=2),
    ):
        connection.execute(leave.encode())
