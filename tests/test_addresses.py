"""The same address in two drivers: asyncpg reaches what libpq reaches, or one line says why it cannot."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import psycopg
import pytest
from psycopg import sql

from bench.errors import UserError
from bench.relations.addresses import for_asyncpg
from bench.relations.redaction import without_values
from bench.relations.transaction import connect
from tests.servers import Servers, superuser
from tests.support import port_of, unused_port

# Whatever a name or a password may have.
ODD = "o'%@:/ü#?[]+& =\\\""
SEEN = """
SELECT current_user::text, current_database()::text, inet_server_port(), current_setting('search_path'),
    current_setting('application_name'), current_setting('geqo')
"""


@pytest.fixture(scope="module")
def url(servers: Servers) -> Iterator[str]:
    """Give a server with a role and a database of odd names."""
    address = servers[15]
    role, database = sql.Identifier(ODD), sql.Identifier(f"db {ODD}")
    with psycopg.connect(superuser(address), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, ODD[::-1]))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
        yield address
        connection.execute(sql.SQL("DROP DATABASE {}").format(database))
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


def by_asyncpg(**options: Any) -> tuple[object, ...]:
    async def read() -> tuple[object, ...]:
        connection = await asyncpg.connect(**options)
        try:
            return tuple(await connection.fetchrow(SEEN))
        finally:
            await connection.close()

    return asyncio.run(read())


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://user:password@127.0.0.1:{port}/db",
        "postgres://user:password@localhost:{port}/db?sslmode=disable",
        "postgresql:///db?host=127.0.0.1&port={port}&user=user&password=password",
        "postgresql://user:password@[::1]:{port},127.0.0.1:{port}/db",
        "postgresql://user:password@127.0.0.1:{closed},127.0.0.1:{port}/db?target_session_attrs=read-write",
        "postgresql://user:password@unknown.invalid:{port}/db?hostaddr=127.0.0.1",
        "postgresql://user:password@127.0.0.1:{port}/db?connect_timeout=5&keepalives=1&keepalives_idle=3",
        "postgresql://user:password@127.0.0.1:{port}/db?gssencmode=disable&channel_binding=prefer&tcp_user_timeout=1000",
        "postgresql://user:password@127.0.0.1:{port}/db?channel_binding=disable&client_encoding=latin1&sslsni=0",
        "postgresql://user:password@127.0.0.1:{port}/db?application_name=a%20b%2Bc+d&options=-csearch_path%3Da%20-cgeqo%3Doff",
        "postgresql://{user}:{password}@127.0.0.1:{port}/{database}",
        "postgresql://{user}@127.0.0.1:{port}/{database}?password={password}",
        "host=127.0.0.1 port={port} user=user password=password dbname=db",
    ],
)
def test_asyncpg_reaches_the_same(url: str, address: str) -> None:
    odd = {"user": ODD, "password": ODD[::-1], "database": f"db {ODD}"}
    places = {"port": port_of(url), "closed": unused_port(), **{name: quote(text, "") for name, text in odd.items()}}
    with psycopg.connect(address.format(**places)) as connection:
        assert by_asyncpg(**for_asyncpg(connection)) == connection.execute(SEEN).fetchone()


def test_what_asyncpg_cannot_do_is_told(url: str) -> None:
    with (
        psycopg.connect(f"{url}?require_auth=scram-sha-256") as connection,
        pytest.raises(UserError, match="asyncpg cannot do what require_auth demands at "),
    ):
        for_asyncpg(connection)


def test_environment_of_libpq_is_asyncpg_s_too(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "services").write_text(f"[mine]\nhost=127.0.0.1\nport={port_of(url)}\nuser=user\ndbname=db\n")
    for name, value in (("SERVICEFILE", tmp_path / "services"), ("PASSWORD", "password"), ("OPTIONS", "-cgeqo=off")):
        monkeypatch.setenv(f"PG{name}", str(value))
    with psycopg.connect("postgresql://?service=mine") as connection:
        assert by_asyncpg(**for_asyncpg(connection)) == connection.execute(SEEN).fetchone()


@pytest.mark.parametrize(
    ("end", "line"),
    [
        ("?schema=public", "psycopg does not know parameter schema of DATABASE_URL at "),
        ("?sslmode=wrong", "DATABASE_URL has a wrong value at "),
        ("?connect_timeout=soon", "DATABASE_URL has a wrong value at "),
        ("?gssencmode=require", "there is no GSSAPI encryption, or no ticket for it at "),
        ("?=x", "DATABASE_URL cannot be read at "),
        ("?a", "DATABASE_URL cannot be read at "),
        ("%", "DATABASE_URL cannot be read at "),
        ("?service=none", "DATABASE_URL names no known service at "),
        ("?target_session_attrs=standby", "no server is what target_session_attrs asks for at "),
        ("?target_session_attrs=read-only", "no server is what target_session_attrs asks for at "),
        ("?sslmode=require", "what listens has no encryption at "),
        ("?options=-cnonsense%3D1", "psycopg, or the server, does not know parameter nonsense of DATABASE_URL at "),
        ("x", "there is no such database at "),
        ("\udcff", "DATABASE_URL is no text in UTF-8"),
    ],
)
def test_address_that_does_not_do_is_one_line(url: str, end: str, line: str) -> None:
    address = url + end
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", address)
        with pytest.raises(UserError) as error, without_values(), connect(address, 1):
            pass
    assert str(error.value).startswith(line)
    assert str(error.value).isprintable()
    assert "password@" not in str(error.value)
