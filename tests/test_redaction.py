"""No value of any row is in the line that says why something failed: not the server's text, nor a library's."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from importlib.util import find_spec
from typing import Annotated, Any, Literal

import asyncpg
import psycopg
import pydantic
import pytest
import sqlalchemy.exc

from bench.errors import UserError
from bench.layers.names import DROPPING, KEYED, LAYERS, installed
from bench.relations.redaction import INTERRUPTS, silent, without_values
from bench.relations.transaction import connect
from tests.servers import Servers
from tests.support import described, linux, opened, query

SECRET = "nobody-may-read-this"
THERE = [*LAYERS, *DROPPING, *installed()]
# What a function may say that an error is; the last two are none of PostgreSQL's.
CODES = (
    *("08000", "08006", "0A000", "22P02", "22021", "25006", "25P03", "28000", "28P01", "3D000", "3F000", "40001"),
    *("42501", "42601", "42P01", "42P18", "53300", "55P03", "57014", "57P01", "P0001", "XX000", "AB123", "SECRT"),
)
SCHEMA = """
CREATE SCHEMA redacted;
CREATE FUNCTION redacted.raises(code text, value text) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RAISE NOTICE 'notice %', value;
    RAISE WARNING 'warning %', value;
    RAISE EXCEPTION USING ERRCODE = code, MESSAGE = 'Traceback ' || value || E'\\n' || value, DETAIL = value,
        HINT = value, COLUMN = value, CONSTRAINT = value, DATATYPE = value, TABLE = value, SCHEMA = value;
END $$
"""
DOMAIN = """
CREATE DOMAIN redacted.checked AS text CHECK (redacted.raises('42703', 'nobody-may-read-this') = 1);
CREATE TYPE redacted.pair AS (a redacted.checked)
"""


@pytest.fixture(scope="module")
def url(servers: Servers) -> Iterator[str]:
    query(servers[15], SCHEMA.split(";\n", 1)[0])
    for statement in (SCHEMA.split(";\n", 1)[1], *DOMAIN.split(";\n")):
        query(servers[15], statement)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", servers[15])
        yield servers[15]
    query(servers[15], "DROP SCHEMA redacted CASCADE")


def line_of(read: Callable[[], object], capfd: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(UserError) as error:
        read()
    told = str(error.value)
    assert told.isprintable()
    assert SECRET not in told
    assert SECRET[:5].upper() not in told
    assert "".join(capfd.readouterr()) == ""
    return told


@pytest.mark.parametrize("code", CODES)
def test_a_chosen_code_shows_no_text(url: str, code: str, capfd: pytest.CaptureFixture[str]) -> None:
    for value in (f"'{SECRET}'", "value"):  # folded in planning, and raised in reading
        text = f"SELECT redacted.raises('{code}', {value}) FROM (VALUES ('{SECRET}')) AS one(value)"
        told = line_of(lambda text=text: described(url, text), capfd)  # type: ignore[misc]
        assert (code in told) == (code not in ("22021", "AB123", "SECRT"))


def test_what_runs_in_parsing_shows_no_text(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    told = line_of(lambda: described(url, "SELECT '(a)'::redacted.pair"), capfd)
    assert told.endswith("says: UndefinedColumn (42703)")


@pytest.mark.parametrize("layer", [layer for layer in THERE if layer not in KEYED])
@pytest.mark.parametrize("code", ["08000", "57P01", "P0001"])
def test_no_layer_shows_a_text(url: str, layer: str, code: str, capfd: pytest.CaptureFixture[str]) -> None:
    value = f"CASE WHEN i < 50 THEN i ELSE redacted.raises('{code}', '{SECRET}' || i) END"
    text = f"SELECT {value} FROM generate_series(1, 99) AS i"
    relation = described(url, text, 10)

    def read() -> None:
        with without_values(["a"]), opened(layer, relation) as rows:
            list(rows(99))

    assert code in line_of(read, capfd)


def raised(function: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as error:  # noqa: PT011 (of whatever library)
        function()
    return error.value


def of_adbc() -> list[Exception]:
    """Return an error of ADBC's, where there is an ADBC for this Python."""
    if not find_spec("adbc_driver_manager"):
        return []
    from adbc_driver_manager import AdbcStatusCode, InternalError

    return [InternalError(SECRET, status_code=AdbcStatusCode.INTERNAL)]


class Panic(BaseException):
    """An error like polars' PanicException, which is no Exception."""


class Model(pydantic.BaseModel):
    """A model that refuses values in several ways."""

    a: dict[str, int]
    b: Annotated[Decimal, pydantic.Field(gt=5)]
    c: Literal["x"]


@pytest.mark.parametrize(
    "error",
    [
        psycopg.DataError(f"date too large: {SECRET}"),
        psycopg.InterfaceError(SECRET),
        psycopg.NotSupportedError(SECRET),
        asyncpg.DataError(SECRET),
        asyncpg.InterfaceError(SECRET),
        *of_adbc(),
        sqlalchemy.exc.StatementError(SECRET, SECRET, {"a": SECRET}, ValueError(SECRET)),
        sqlalchemy.exc.DBAPIError(SECRET, None, psycopg.DataError(SECRET)),
        sqlalchemy.exc.InvalidRequestError(SECRET),
        raised(lambda: json.loads(f'{{"{SECRET}": {SECRET}}}')),
        raised(lambda: {"": 1}[SECRET]),
        raised(lambda: bytes(f"{SECRET}\xff", "latin-1").decode()),
        raised(lambda: Decimal(SECRET)),
        raised(lambda: Model(a={SECRET: SECRET}, b=1, c="x")),  # type: ignore[dict-item, arg-type]
        raised(lambda: Model(a={}, b=Decimal(1), c="x")),
        raised(lambda: Model(a={}, b=Decimal(9), c=SECRET)),  # type: ignore[arg-type]
        Panic(SECRET),
        asyncio.CancelledError(SECRET),
        SystemExit(SECRET),
        BaseExceptionGroup(SECRET, [KeyError(SECRET)]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_library_s_text_is_shown(error: Any) -> None:
    with pytest.raises(UserError) as told, without_values(["a", "b", "c"]):
        raise error
    assert SECRET not in str(told.value)
    assert str(told.value).isprintable()
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        psycopg.OperationalError("could not receive data from server: Connection timed out"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_server_that_is_gone_is_told(error: Exception) -> None:
    with pytest.raises(UserError, match=r"^the server ended the connection at "), without_values():
        raise error


@linux
def test_network_that_is_cut_is_noticed(url: str) -> None:
    with connect(url, 1) as connection, socket.socket(fileno=os.dup(connection.fileno())) as opened:
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30


@pytest.mark.parametrize("interrupt", INTERRUPTS)
def test_an_interrupt_stays_one(interrupt: type[BaseException]) -> None:
    with pytest.raises(interrupt), without_values():
        raise interrupt


def test_what_a_library_prints_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with silent():
        os.write(2, SECRET.encode())
        print(SECRET, file=sys.__stderr__, flush=True)
    os.write(2, b"seen")
    assert capfd.readouterr().err == "seen"
