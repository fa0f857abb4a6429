"""The tables that are measured: on a server of its own, or of one row beside the reader's."""

import os
import re
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import parse_qsl, quote, urlencode

import psycopg
from psycopg import sql

from bench import embedded_postgres, own_tables
from bench.errors import UserError, address, visible
from common import database_url
from setup_db import DATA
from setup_db import seed as seed_at


@contextmanager
def private_server(rows: int) -> Iterator[None]:
    """Let DATABASE_URL name a server of its own whose table `data` has so many rows. Raises UserError."""
    former = os.environ.get("DATABASE_URL")
    with embedded_postgres.temporary_server() as url:
        os.environ["DATABASE_URL"] = url
        try:
            seed(rows)
            yield
        finally:
            del os.environ["DATABASE_URL"]
            if former is not None:
                os.environ["DATABASE_URL"] = former


def seed(rows: int) -> None:
    """Make table `data` anew with so many rows. Raises psycopg.Error."""
    seed_at(database_url(), rows, tables=[DATA])


@contextmanager
def one_row_table() -> Iterator[str]:
    """Yield a URL at which a script finds a table of one row, or one customer: what it takes there, it takes once.

    The tables lie in a schema of their own in the same database, which is dropped afterwards. Raises UserError.
    """
    url, schema = database_url(), f"one_row_{secrets.token_hex(4)}"
    name = sql.Identifier(schema)
    try:
        with own_tables.changing(url) as connection:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
            connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, own_tables.MARK))
    except psycopg.errors.InsufficientPrivilege:
        raise UserError(
            f"no right to create a schema at {address()}, for a table of one row beside table data: "
            "GRANT CREATE ON DATABASE to that role, or name another database in DATABASE_URL"
        ) from None
    try:
        seen = with_search_path(url, schema)
        if not _is_searched(seen, schema):  # else the reader's own table would be made anew, with one row
            raise UserError(
                f"{address()} ignores options=-csearch_path: name the server, not a pooler, in DATABASE_URL"
            )
        seed_at(seen, 1)
        yield seen
    finally:
        try:
            with own_tables.changing(url) as connection:
                own_tables.drop(connection, own_tables.everywhere(connection, schema))
        except (psycopg.Error, UserError) as error:
            reason = visible(str(error).splitlines()[0])
            print(f"schema {schema} is left at {address()}: {reason}: `python setup_db.py --remove`", file=sys.stderr)


def _is_searched(url: str, schema: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            return connection.execute("SELECT current_schema = %s", [schema]).fetchone() == (True,)
    except psycopg.OperationalError as error:
        if "unsupported startup parameter" in str(error):  # PgBouncer's
            return False
        raise


def with_search_path(url: str, schema: str) -> str:
    """Return the URL whose connections find their tables in that schema alone; its other options stay.

    libpq takes the last of several `-c` for one setting, but of several `options` only one, and where the URL has one,
    none from PGOPTIONS (https://www.postgresql.org/docs/16/libpq-connect.html#LIBPQ-CONNECT-OPTIONS).
    """
    base, parameters = parted(url)
    before = parameters.get("options", os.environ.get("PGOPTIONS", ""))
    return joined(base, parameters | {"options": f"{before} -csearch_path={schema}".strip()})


def parted(url: str) -> tuple[str, dict[str, str]]:
    """Return a URL without its parameters, and the parameters."""
    # A password may have a question mark.
    [(base, query)] = re.findall(r"^([\w+]+://(?:[^@/]*@)?[^?]*)\??(.*)$", url)
    return base, dict(parse_qsl(query.replace("+", "%2B"), keep_blank_values=True))


def joined(base: str, parameters: Mapping[str, str]) -> str:
    """Return a URL with these parameters."""
    return f"{base}?{urlencode(parameters, quote_via=quote)}"  # %20 and not +, which libpq does not decode
