"""The first rows of a relation: what cannot be read is named and left out, in any encoding, at any width; the rest stays."""

import resource
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from errors import UserError
from layers import relations
from layers.redaction import without_values
from layers.relations import Relation
from tests.servers import Servers, superuser
from tests.support import query

# The encoding of a database, how one writes names there, a table, and what is read of it: names, attributes, classes.
ENCODINGS = {
    "LATIN1": (
        'CREATE TABLE größe (id integer PRIMARY KEY, "µ" text, "ª" text)',
        "INSERT INTO größe VALUES (1, 'é', '½')",
        "größe",
        [("id", "id", "int"), ("µ", "column", "str"), ("ª", "a", "str")],
        [],
    ),
    "WIN1252": (
        'CREATE TABLE "€" (id integer PRIMARY KEY, euro text, hole text)',
        "INSERT INTO \"€\" VALUES (1, '€', chr(129))",
        '"€"',
        [("id", "id", "int"), ("euro", "euro", "str")],
        [("hole", "the server cannot send a value of it in UTF-8 (UntranslatableCharacter)")],
    ),
    "EUC_JP": (
        "CREATE TABLE 表 (id integer PRIMARY KEY, 名前 text, ｱ text)",
        "INSERT INTO 表 VALUES (1, '漢字', 'ｱ')",
        "表",
        [("id", "id", "int"), ("名前", "名前", "str"), ("ｱ", "column", "str")],
        [],
    ),
    "SQL_ASCII": (
        "CREATE TABLE größe (id integer PRIMARY KEY, a text, b text, c bytea, d text[], é text)",
        "INSERT INTO größe VALUES (1, 'é', E'\\xe9', '\\xe9', ARRAY[E'\\xff'], 'x')",
        "größe",
        [("id", "id", "int"), ("a", "a", "str"), ("c", "c", "bytes"), ("é", "é", "str")],
        [
            ("b", "the server cannot send a value of it in UTF-8 (CharacterNotInRepertoire)"),
            ("d", "the server cannot send a value of it in UTF-8 (CharacterNotInRepertoire)"),
        ],
    ),
}


@pytest.fixture(scope="module")
def url(servers: Servers) -> str:
    return servers[15]


@pytest.fixture(scope="module", params=ENCODINGS)
def encoded(url: str, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Give a database of each encoding, and its name."""
    name = sql.Identifier(f"in {request.param}")
    with psycopg.connect(superuser(url), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {} LOCALE 'C' OWNER \"user\"").format(
                name, request.param
            )
        )
        address = url.replace("/db", f"/in%20{request.param}")
        client = "SQL_ASCII" if request.param == "SQL_ASCII" else "UTF8"
        with psycopg.connect(address, autocommit=True, client_encoding=client) as own:
            for statement in ENCODINGS[request.param][:2]:
                own.execute(statement.encode())
        yield address, request.param
        connection.execute(sql.SQL("DROP DATABASE {}").format(name))


def described(url: str, text: str, rows: int = 1000) -> Relation:
    with without_values(), relations.connect(url, 5) as connection:
        relation = relations.describe(connection, text, rows)
        connection.rollback()
    return relation


def read(relation: Relation) -> list[tuple[str, str, str]]:
    return [(column.name, column.attribute, column.type) for column in relation.columns]


def left_out(relation: Relation) -> list[tuple[str, str]]:
    return [(column.name, column.reason) for column in relation.left_out]


@pytest.mark.parametrize("client", ["", "LATIN1", "EUC_JP"])
def test_every_encoding_is_read_in_utf_8(
    encoded: tuple[str, str], client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, encoding = encoded
    _, _, name, columns, faults = ENCODINGS[encoding]
    if client:
        monkeypatch.setenv("PGCLIENTENCODING", client)
    relation = described(url, name)
    assert (read(relation), left_out(relation), relation.key) == (columns, faults, ("id",))
    if encoding != "EUC_JP":  # which has no such letter
        assert read(described(url, "SELECT 'é;' AS é; -- é;")) == [("é", "é", "str")]


def test_sample_ends_where_rows_are_wide(url: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    relation = described(url, "SELECT i, repeat('x', 2000000) FROM generate_series(1, 500) AS i")
    assert relation.width == pytest.approx(2_000_000, rel=0.01)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 64 * 1024, "KiB, of the 977 MiB that 500 rows have"
