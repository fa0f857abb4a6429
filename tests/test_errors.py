"""A user's errors: real ones of each driver in process, each explained in one line; and how a process ends by them."""

import asyncio
import contextlib
import shlex
import socketserver
import subprocess
import sys
import threading
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from bench import errors
from bench.errors import UserError, address, explain, number
from bench.faults import GROUPS, PACKAGES, SEED_ANEW
from bench.layers import subject
from tests.servers import Servers, pgbouncer, superuser
from tests.support import PROJECT, environment, error_line, port_of, query, run, unused_port

SECRET = "s3cret"


def by_psycopg(url: str, statement: str) -> None:
    with psycopg.connect(url, connect_timeout=30) as connection:
        connection.execute(statement.encode())


def by_core(url: str, statement: str) -> None:
    with create_engine(url.replace("postgresql:", "postgresql+psycopg:")).connect() as connection:
        connection.execute(text(statement))


def by_async_core(url: str, statement: str) -> None:
    async def execute() -> None:
        engine = create_async_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        async with engine.connect() as connection:
            await connection.execute(text(statement))

    asyncio.run(execute())


def by_asyncpg(url: str, statement: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(url, timeout=30)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute())


def by_core_over_asyncpg(url: str, statement: str) -> None:
    async def execute() -> None:
        engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url, timeout=30))
        async with engine.connect() as connection:
            await connection.execute(text(statement))

    asyncio.run(execute())


def by_adbc(url: str, statement: str) -> None:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.fetchall()


Driver = Callable[[str, str], None]
DRIVERS: dict[str, Driver] = {
    "psycopg": by_psycopg,
    "Core": by_core,
    "async Core": by_async_core,
    "asyncpg": by_asyncpg,
    "Core over asyncpg": by_core_over_asyncpg,
}
if find_spec("adbc_driver_postgresql"):
    DRIVERS["ADBC"] = by_adbc
# Each has an address and errors of its own; the others hand them on.
ALONE = {name: driver for name, driver in DRIVERS.items() if name in ("psycopg", "asyncpg", "ADBC")}


def explained(driver: Driver, url: str, statement: str = "SELECT 1") -> str:
    """Return the one line of what this driver raises, where DATABASE_URL is the one that it was given."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        line = ""
        try:
            driver(url, statement)
        except Exception as error:
            line = explain(error) or repr(error)
    assert line, (driver, url)
    assert line.isprintable()
    return line


@pytest.fixture(scope="module")
def url(servers: Servers) -> Iterator[str]:
    """Let a server refuse roles and databases in every way that SQL can ask of it."""
    url = servers[16]
    names = ("no_login", "full", "outside")
    for statement in (
        *(f"CREATE ROLE {name} LOGIN PASSWORD 'password'" for name in names),
        "ALTER ROLE no_login NOLOGIN",
        "ALTER ROLE full CONNECTION LIMIT 0",
        "CREATE DATABASE shut",
        "ALTER DATABASE shut ALLOW_CONNECTIONS false",
        "CREATE DATABASE forbidden",
        "REVOKE CONNECT ON DATABASE forbidden FROM public",
    ):
        query(superuser(url), statement)
    yield url
    for statement in ("DROP DATABASE shut", "DROP DATABASE forbidden", *(f"DROP ROLE {name}" for name in names)):
        query(superuser(url), statement)


@pytest.mark.parametrize("driver", DRIVERS)
def test_refusals_to_connect_are_told_apart(url: str, driver: str) -> None:
    for part, replacement, line in (
        (":password@", ":wrong@", "user or password is wrong at {}/db: fix DATABASE_URL"),
        ("user:password@", "nobody:x@", "user or password is wrong at {}/db: fix DATABASE_URL"),
        ("user:", "no_login:", "this user may not log in at {}/db: grant LOGIN, or fix DATABASE_URL"),
        (
            *("user:", "full:"),
            "no connection is left that this role or database may have at {}/db: "
            "raise its CONNECTION LIMIT, or end another one, then run this again",
        ),
        ("/db", "/missing", "there is no such database at {}/missing: create it, or fix DATABASE_URL"),
        ("/db", "/shut", "that database lets nobody in at {}/shut: fix DATABASE_URL"),
        ("/db", "/forbidden", "no right to connect at {}/forbidden: grant CONNECT, or fix DATABASE_URL"),
    ):
        found = explained(DRIVERS[driver], url.replace(part, replacement))
        assert found == line.format(f"127.0.0.1:{port_of(url)}")


class Refusing(socketserver.BaseRequestHandler):
    """A server that refuses every session with one SQLSTATE and message, as PostgreSQL words it."""

    state, message = "", ""

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            while (received := self.request.recv(1024)) and received[4:8] in (b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x30"):
                self.request.sendall(b"N")  # neither TLS nor GSSAPI
            fields = f"SFATAL\0VFATAL\0C{self.state}\0M{self.message}\0\0".encode()
            self.request.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)


class Closing(Refusing):
    def handle(self) -> None:
        self.request.recv(1024)


class Dying(Refusing):
    """A server that lets everybody in, and then is gone without a word."""

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            while self.request.recv(1024)[4:8] in (b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x30"):
                self.request.sendall(b"N")
            self.request.sendall(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I")
            self.request.recv(1024)


class Encrypted(Refusing):
    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            self.request.recv(8)
            self.request.sendall(b"S")
            self.request.recv(1024)


class Http(Refusing):
    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            self.request.recv(1024)
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


@contextlib.contextmanager
def listening(handler: type[Refusing]) -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield f"postgresql://user:password@127.0.0.1:{server.server_address[1]}/db"
        server.shutdown()


HBA = 'no pg_hba.conf entry for host "127.0.0.1", user "user", database "db", '


@pytest.mark.parametrize(
    ("state", "message", "line"),
    [
        ("57P03", "the database system is starting up", "the server is starting or stopping at "),
        ("57P03", "the database system is shutting down", "the server is starting or stopping at "),
        ("57P03", "the database system is not yet accepting connections", "the server is starting or stopping at "),
        ("57P03", "the database system is in recovery mode", "the server is starting or stopping at "),
        ("53300", "sorry, too many clients already", "no connection is left at "),
        ("53300", "remaining connection slots are reserved for roles with the SUPERUSER", "no connection is left at "),
        ("28000", f"{HBA}no encryption", "the server does not let this user in from here without encryption at "),
        ("28000", f"{HBA}SSL encryption", "the server does not let this user in from here at "),
        ("28000", 'role "auth" does not exist', "user or password is wrong at "),
        ("28000", 'Peer authentication failed for user "user"', "user or password is wrong at "),
        # PgBouncer's, which newer ones say instead of those that this machine's does.
        ("08P01", "server login has been failing, try again later", "the pooler has no connection to its server at "),
        ("08P01", "pgbouncer cannot connect to server", "the pooler has no connection to its server at "),
        # What nobody here has heard of is passed on.
        ("XX000", "the moon is full", "the database at 127.0.0.1:{port}/db says: the moon is full: fix it, or "),
    ],
)
def test_a_server_that_lets_nobody_in_says_why(state: str, message: str, line: str) -> None:
    with listening(type("Now", (Refusing,), {"state": state, "message": message})) as url:
        for driver in ALONE.values():
            assert explained(driver, url).startswith(line.format(port=port_of(url)))


def test_a_server_that_speaks_another_language_is_understood_by_its_code() -> None:
    message = "Passwort-Authentifizierung für Benutzer »user« fehlgeschlagen"
    with listening(type("German", (Refusing,), {"state": "28P01", "message": message})) as url:
        assert explained(by_asyncpg, url).startswith("user or password is wrong at ")
        for driver in (ALONE[name] for name in ALONE if name != "asyncpg"):  # libpq has no code while it connects
            assert explained(driver, url).endswith(f" says: {message}: fix it, or DATABASE_URL")


NO_POSTGRESQL = "what listens is no PostgreSQL"


def test_what_is_no_postgresql_or_nothing() -> None:
    with listening(Http) as url:
        found = [explained(driver, url) for driver in ALONE.values()]
        assert [line.partition(" at ")[0] for line in found] == [
            NO_POSTGRESQL,
            "what listens has no encryption",
            NO_POSTGRESQL,
        ][: len(ALONE)]
    with listening(Closing) as url:
        found = [explained(driver, url) for driver in ALONE.values()]
        assert [line.partition(" at ")[0] for line in found] == [
            NO_POSTGRESQL,
            "the server ended the connection",
            NO_POSTGRESQL,
        ][: len(ALONE)]
    with listening(Dying) as url:
        for name in ("psycopg", "Core"):
            assert explained(DRIVERS[name], url) == (
                f"the server ended the connection at {address_of(url)}: see that server's log, then run this again"
            )
    closed = f"postgresql://user:password@localhost:{unused_port()}/db"
    for driver in DRIVERS.values():
        assert (
            explained(driver, closed)
            == f"nothing listens at {address_of(closed)}: start that server, or fix DATABASE_URL"
        )
    for driver in ALONE.values():
        assert explained(driver, "postgresql://user:password@missing.invalid/db").startswith("host or port is unknown")
        assert explained(driver, "postgresql://u@/db?host=/nowhere").startswith(
            "there is no such socket or certificate"
        )


def address_of(url: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        return address()


def test_encryption_that_the_server_lacks(url: str) -> None:
    for driver in ALONE.values():
        found = explained(driver, f"{url}?sslmode=require")
        assert found == f"what listens has no encryption at {address_of(url)}: set sslmode=disable, or fix DATABASE_URL"


def test_certificate_that_cannot_be_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # where no certificate is
    with listening(Encrypted) as url:
        for driver in ALONE.values():
            found = explained(driver, f"{url}?sslmode=verify-full")
            assert found.startswith(f"the server's certificate is not trusted at {address_of(url)}: set sslrootcert")


UNKNOWN = {
    **dict.fromkeys(ALONE, ("schema=public&application_name=me%40host", "foo=bar", "pgbouncer=true")),
    **dict.fromkeys(("Core", "async Core"), ("schema=public",)),
}
UNKNOWN["asyncpg"] += ("connect_timeout=5", "keepalives=1", "gssencmode=disable", "channel_binding=no")


@pytest.mark.parametrize("driver", UNKNOWN)
def test_parameter_that_is_not_known_is_named(url: str, driver: str) -> None:
    for part in UNKNOWN[driver]:
        found = explained(DRIVERS[driver], f"{url}?{part}")
        name = part.partition("=")[0]
        assert f"does not know parameter {name} of DATABASE_URL at {address_of(url)}: remove it" in found


@pytest.mark.parametrize("part", ["application_name=%zz", "sslmode", "options=a=b"])
def test_parameters_that_cannot_be_read(url: str, part: str) -> None:
    for driver in (ALONE[name] for name in ALONE if name != "asyncpg"):
        found = explained(driver, f"{url}?{part}")
        assert found.startswith(f"DATABASE_URL cannot be read at {address_of(url)}: percent-encode ")


def test_wrong_values_of_parameters(url: str) -> None:
    for driver in ALONE.values():
        assert explained(driver, f"{url}?sslmode=nonsense").startswith("DATABASE_URL has a wrong value at ")
        no_role = f'the database at {address_of(url)} says: role "nix" does not exist: fix it, or DATABASE_URL'
        assert explained(driver, f"{url}?options=-crole%3Dnix") == no_role


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("PGSERVICE", "nosuch", "PGSERVICE names no known service at {}: define it, or fix PGSERVICE"),
        ("PGSSLMODE", "zz", "PGSSLMODE has a wrong value at {}: fix PGSSLMODE"),
        ("PGCHANNELBINDING", "zz", "PGCHANNELBINDING has a wrong value at {}: fix PGCHANNELBINDING"),
        ("PGDATABASE", "zz", "there is no such database at {}: create it, or fix PGDATABASE"),
        (
            *("PGOPTIONS", "-c foo=1"),
            'the database at {} says: unrecognized configuration parameter "foo": fix it, or PGOPTIONS',
        ),
    ],
)
def test_variable_of_libpq_is_blamed_for_what_it_says(
    url: str, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, line: str
) -> None:
    shorter = url.removesuffix("/db") if variable == "PGDATABASE" else url
    monkeypatch.setenv(variable, value)
    assert explained(by_psycopg, shorter) == line.format(address_of(shorter))
    if variable == "PGSSLMODE":
        assert explained(by_asyncpg, url) == line.format(address_of(url))
        assert explained(by_psycopg, f"{url}?sslmode=zz").startswith("DATABASE_URL has a wrong value at ")


# A variable, a wrong value of it, and what the URL must not say beside it; asyncpg does not heed all of them.
WRONG = (
    ("PGHOST", "missing.invalid", "127.0.0.1"),
    ("PGHOST", "/nowhere", "127.0.0.1"),
    ("PGPORT", "1", ":{}"),
    ("PGPORT", "abc", ":{}"),
    ("PGPORT", "99999", ":{}"),
    ("PGPORT", "1,2", ":{}"),
    ("PGUSER", "nobody", "user:password@"),
    ("PGPASSWORD", SECRET, ":password"),
    ("PGPASSFILE", "/nowhere", ":password"),
    ("PGDATABASE", "zz", "/db"),
    ("PGSSLMODE", "require", ""),
    ("PGSSLMODE", "verify-full", ""),
    ("PGSSLNEGOTIATION", "direct", ""),
    ("PGSSLMINPROTOCOLVERSION", "zz", ""),
    ("PGTARGETSESSIONATTRS", "read-only", ""),
)
OF_LIBPQ = {
    **{
        "PGGSSENCMODE": ("zz", "require"),
        "PGCHANNELBINDING": ("zz", "require"),
        "PGREQUIREAUTH": ("zz", "none", "gss"),
    },
    **{"PGTZ": ("zz",), "PGDATESTYLE": ("zz",), "PGGEQO": ("zz",), "PGCLIENTENCODING": ("zz", "MULE_INTERNAL")},
    **{"PGSERVICEFILE": ("/nowhere",), "PGHOSTADDR": ("zz", "127.0.0.1,127.0.0.1"), "PGLOADBALANCEHOSTS": ("zz",)},
    **{"PGREQUIRESSL": ("1",), "PGSSLROOTCERT": ("system",), "PGSSLCERTMODE": ("zz", "require")},
    **{"PGSSLMAXPROTOCOLVERSION": ("zz", "TLSv1"), "PGMINPROTOCOLVERSION": ("zz", "3.2")},
    "PGOPTIONS": (
        *(
            "--zz",
            "--zz=1",
            "--a-zz=1",
            "-x",
            "garbage",
            "-c",
            "-c foo",
            "-c foo=1",
            "-cfoo=1",
            "-W zz",
            "-d 9",
            "-s",
            "\\",
        ),
        *("-c role=nix", "-crole=nix", "-c session_authorization=nix", "-c timezone=zz", "-c DateStyle=zz", "-p 5"),
        *("-c statement_timeout=zz", "-c local_preload_libraries=zz", '-c search_path="zz', "-c is_superuser=on"),
    ),
}


@pytest.mark.parametrize("driver", ALONE)
def test_variable_of_libpq_is_blamed_alone(url: str, monkeypatch: pytest.MonkeyPatch, driver: str) -> None:
    others = () if driver == "asyncpg" else OF_LIBPQ
    cases = (*WRONG, *((variable, value, "") for variable in others for value in OF_LIBPQ[variable]))
    for variable, value, part in cases:
        shorter = url.replace(part.format(port_of(url)), "", 1)
        monkeypatch.setenv(variable, value)
        line = explained(ALONE[driver], f"{shorter}?service=zz" if variable == "PGSERVICEFILE" else shorter)
        assert line.endswith((f"fix {variable}", f"fix it, or {variable}")), line
        assert "DATABASE_URL" not in line
        monkeypatch.delenv(variable)


def test_variables_of_libpq_are_blamed_together_or_not_at_all(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PGUSER", "PGPASSWORD", "PGHOST", "PGPASSFILE"):
        monkeypatch.setenv(variable, f"none{variable}")
    at = address_of(url)
    line = "user or password is wrong at {}: fix {}"
    assert explained(by_psycopg, url.replace("user:password@", "")) == line.format(
        at, "PGUSER or PGPASSWORD or PGPASSFILE"
    )
    assert explained(by_psycopg, url.replace(":password@", ":wrong@")) == line.format(at, "DATABASE_URL")


def test_type_that_hides_the_server_s_is_one_line(url: str) -> None:
    query(url, "CREATE SCHEMA hiding")
    query(url, "CREATE TYPE hiding.text AS (i integer)")
    hiding = f"{url}?options=-csearch_path%3Dhiding%2Cpg_catalog"
    for driver in (
        by_core,
        by_async_core,
        *(DRIVERS[name] for name in DRIVERS if name == "ADBC"),
    ):  # at their beginning
        assert explained(driver, hiding) == (
            f"a type of search_path hides the server's own at {address_of(url)}: "
            "let pg_catalog be searched first, or fix DATABASE_URL"
        )
    query(url, "DROP SCHEMA hiding CASCADE")


@pytest.mark.parametrize("driver", ALONE)
def test_no_part_of_a_password_is_shown(url: str, driver: str) -> None:
    without = url.replace("user:password@", "")
    for separator in ("#", "?", "[", "/", "@", " ", "%", "%zz", ":"):
        password = f"{SECRET}{separator}x{SECRET}"
        assert SECRET not in explained(ALONE[driver], url.replace(":password@", f":{password}@")), separator
        assert SECRET not in explained(ALONE[driver], f"{without}?user=user&password={password}"), separator


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://user:password@host:5433/db", "host:5433/db"),
        ("postgresql://user:p%40ss@host:5433/db?sslmode=disable", "host:5433/db"),
        ("postgresql+psycopg://host:5433/db", "host:5433/db"),
        ("postgresql://user:s3cret@host/db?application_name=a@b", "host/db"),
        ("postgresql://host/db?user=me&password=s3@cret", "host/db"),
        ("postgresql://user:s3?x=cret@host/db", "host/db"),
        ("postgresql://user:s3@cret/x@host/db", "host/db"),
        ("postgresql://user:1/s3cret@host/db", "host/db"),
        ("postgresql://user:1/s3?cret@x@host/db?sslmode=disable", "host/db"),
        ("postgresql://user:1/s3?cret@host/db", "host/db"),
        ("postgresql://user:s3cret@a:1,b:2/db", "a:1,b:2/db"),
        ("postgresql://user:s3cret@host?sslmode=disable", "host"),
        ("postgresql://user@host/d\nb\x1b[1m\u202e", r"host/d\nb\x1b[1m\u202e"),
    ],
)
def test_messages_show_the_address_without_credentials(url: str, expected: str) -> None:
    assert address_of(url) == expected


def raising(state: str, message: str) -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}', MESSAGE = '{message}'; END $$"


STATEMENTS = (
    ("SELECT * FROM data", "table data is missing at {}: run `python setup_db.py`"),
    ('SELECT * FROM "other ""one"', "table other "),
    ("SELECT missing FROM pg_class", f"a table is not the seeded one at {{}}: {SEED_ANEW}"),
    ("SELECT * FROM pg_authid", "no right to create or read a table at {}: grant it, or fix DATABASE_URL"),
    ("DROP TABLE pg_class", "no right to create or read a table at {}: grant it, or fix DATABASE_URL"),
    ("SELECT lo_create(0) FROM set_config('transaction_read_only', 'on', true)", "the server is read-only at {}: name"),
    (
        raising("25006", "cannot execute CREATE TABLE during recovery"),
        "the server is read-only at {}: name the primary",
    ),
    (raising("40001", "canceling statement due to conflict with recovery"), "the replica ended the query at {}: wait"),
    (
        raising("53100", 'could not extend file "base/1": No space left on device'),
        "the server''s disk is full at {}: make",
    ),
    (raising("55P03", "canceling statement due to lock timeout"), "a table is in use by another session at {}: end"),
    (
        raising("57014", "canceling statement due to statement timeout"),
        "a statement took longer than statement_timeout",
    ),
    (raising("57014", "canceling statement due to user request"), "interrupted"),
    ("SELECT pg_terminate_backend(pg_backend_pid())", "the server ended the connection at {}: see that server's log"),
    (raising("57P05", "terminating connection due to idle-session timeout"), "the server ended the connection at {}"),
    (raising("25P03", "terminating connection"), "the server ended the connection at {}: see that server's log"),
    ("SELECT 1 FRM x y", 'the database at {} says: syntax error at or near "x": fix it, or DATABASE_URL'),
    (raising("22012", "password refused certificate"), "the database at {} says: password refused certificate: fix it"),
)


@pytest.mark.parametrize("driver", DRIVERS)
def test_what_fails_while_a_statement_runs(url: str, driver: str) -> None:
    for statement, line in STATEMENTS:
        found = explained(DRIVERS[driver], url, statement)
        assert found.startswith(line.format(address_of(url)).replace("''", "'")), statement


def test_pgbouncer_s_own_messages(url: str) -> None:
    with pgbouncer(url, pool_size=1, query_wait_timeout="1", max_client_conn="2") as pooled:
        at = f"127.0.0.1:{port_of(pooled)}/db"
        for driver in ALONE.values():
            assert explained(driver, pooled.replace(":password@", ":wrong@")).startswith(
                f"user or password is wrong at {at}"
            )
            found = explained(driver, f"{pooled}?options=-cfoo%3D1")
            assert f"does not know parameter options of DATABASE_URL at {at}: remove it" in found
        with psycopg.connect(pooled) as holder:
            holder.execute("SELECT 1")
            for driver in ALONE.values():
                assert explained(driver, pooled) == (
                    f"the pooler has no connection to its server at {at}: see the pooler's log, then run this again"
                )
            with psycopg.connect(pooled):
                for driver in ALONE.values():
                    assert explained(driver, pooled).startswith(f"no connection is left at {at}")
        assert explained(by_psycopg, pooled.replace("/db", "/missing")).startswith("there is no such database at ")


def test_pooler_that_pools_by_statement_is_told(url: str) -> None:
    with pgbouncer(url, mode="statement") as pooled:
        assert explained(by_psycopg, pooled) == (
            f"the pooler pools by statement, and this takes a transaction at {address_of(pooled)}: "
            "name in DATABASE_URL the server itself, or a pool by transaction or session"
        )
        for command in ("setup_db.py", "run_sync_sqlalchemy_session.py"):
            assert error_line(run(command, url=pooled)).startswith("the pooler pools by statement, ")


def test_role_s_statement_timeout_is_blamed_for_the_first_statement(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def canceled(*_: object) -> None:
        by_psycopg(url, "SET statement_timeout = 1; SELECT pg_sleep(9)")  # as where ALTER ROLE has set it

    monkeypatch.setattr(subject, "connect", canceled)
    monkeypatch.setenv("DATABASE_URL", url)
    line = f"a statement took longer than statement_timeout at {address_of(url)}: raise it, then run this again"
    with pytest.raises(UserError, match=f"^{line}$"):
        subject.look_at("data", 60, count=False)


def test_at_the_default_address_another_fix_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    closed = f"postgresql://user:password@localhost:{unused_port()}/db"
    for there, line in (
        (closed, "nothing listens at {}: run `python setup_db.py`"),
        (
            url.replace(":password@", ":wrong@"),
            "user or password is wrong at {}: another server has that port: stop it, or name your own in DATABASE_URL",
        ),
    ):
        monkeypatch.setattr(errors, "DEFAULT_URL", there)
        with pytest.raises(psycopg.OperationalError) as error:
            psycopg.connect(there)
        assert explain(error.value) == line.format(address_of(there))


def test_missing_package_is_named() -> None:
    for package in PACKAGES:
        group = GROUPS[package]
        command = f"make venv groups={group}" if group else "make venv"
        line = f"{package} is not installed for this Python: `{command}` installs it into .venv"
        missing = ModuleNotFoundError(name=package)
        assert explain(missing) == line
        wrapped = ImportError()
        wrapped.__cause__ = missing  # as SQLAlchemy does with greenlet's
        assert explain(wrapped) == line


@pytest.mark.parametrize("error", [ModuleNotFoundError(name="mine"), OSError(2, "no"), ValueError(), KeyError("data")])
def test_what_is_no_user_s_error_is_not_explained(error: Exception) -> None:
    assert explain(error) is None


def test_numbers_of_command_lines() -> None:
    read = number(2_000)
    assert [read(right) for right in ("1", "2000", "0007")] == [1, 2000, 7]
    for wrong in ("0", "2001", "-1", "1.5", "", " 1", "²", "٣", "1_0", "9" * 5000):
        with pytest.raises(ArgumentTypeError, match=r"is not a number from 1 to 2,000$"):
            read(wrong)


def test_help_fits_80_columns_and_keeps_paragraphs() -> None:
    for command in ("setup_db.py", "your_table.py", "-m bench", "-m bench.original"):
        process = run(*command.split(), "--help", COLUMNS="80")
        assert (process.returncode, process.stderr) == (0, ""), command
        assert max(map(len, process.stdout.splitlines())) <= 80, command


def test_script_called_with_arguments_runs_nothing() -> None:
    process = run("-m", "remedies.run_sync_psycopg_stream", "--help", url="nonsense", COLUMNS="80")
    assert (process.returncode, process.stderr) == (0, "")
    assert "\nPsycopg with `Cursor.stream`\n\nShort: psycopg, stream\nInstead of: run_sync_psycopg\n" in process.stdout
    assert max(map(len, process.stdout.splitlines())) <= 80
    line = "unrecognized arguments: 5 a\\nb: see `run_sync_psycopg.py --help`"
    assert error_line(run("run_sync_psycopg.py", "5", "a\nb", url="nonsense")) == line


def ended(code: str, redirection: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run this Python code in a shell, with a redirection behind it."""
    command = f"exec {shlex.quote(sys.executable)} -c {shlex.quote(code)} {redirection}"
    return subprocess.run(
        ["sh", "-c", command], cwd=PROJECT, env=environment(None, variables), capture_output=True, text=True
    )


def test_process_ends_with_one_line_or_a_traceback() -> None:
    assert error_line(ended("from bench import errors; raise errors.UserError('no')")) == "no"
    added = "from bench import faults; "
    added += "faults.explain_table = lambda error: f'because of {error}' * ('a' in str(error)); "
    assert error_line(ended(f"{added} raise ValueError('a')")) == "because of a"
    process = ended(f"{added} raise ValueError('b')")
    assert process.returncode == 1
    assert process.stderr.startswith("Traceback")
    assert process.stderr.endswith("\nValueError: b\n")


PRINTS = "import sys; from bench import errors; print('out', flush=True); print('err', file=sys.stderr); print('put')"


def test_output_that_cannot_be_written_is_one_line() -> None:
    for code in (PRINTS, "from bench import errors; errors.parser('about it').parse_args(['--help'])"):
        line = error_line(ended(code, ">/dev/full"))
        assert line.startswith("cannot write to standard output: No space left")
        assert error_line(ended(code, ">&-")) == "standard output is closed: name a place for it"


def test_output_appears_where_standard_error_is_closed_or_full() -> None:
    for redirection in ("2>&-", "2>&- <&-"):
        process = ended(f"{PRINTS}; print(open('/dev/null').fileno() > 2)", redirection)
        assert (process.returncode, process.stdout) == (0, "out\nput\nTrue\n")
    process = ended("from bench import errors; errors.note('a'); print('b')", "2>/dev/full")
    assert (process.returncode, process.stdout) == (0, "b\n")
    assert ended("from bench import errors; raise errors.UserError('no')", "2>&-").returncode == 1


@pytest.mark.parametrize("code", [PRINTS, "from bench import errors; errors.parser('about it').parse_args(['--help'])"])
def test_reader_that_goes_away_is_no_error(code: str) -> None:
    process = ended(f"import os; reader, writer = os.pipe(); os.dup2(writer, 1); os.close(reader); {code}")
    assert (process.returncode, process.stderr) == (141, "")  # as a shell shows the end of any other tool
