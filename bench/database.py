"""The tables that are measured: made, and removed; on a server of its own, or of one row beside the reader's."""

import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import parse_qsl, quote, urlencode

import psycopg
from psycopg import Connection, sql

from bench import embedded_postgres, own_tables
from bench.digests import SERVER
from bench.errors import UserError, address, note, visible
from bench.own_tables import MARK, Thing
from bench.seeds import DATA, TABLES, SeededTable
from common import database_url


@contextmanager
def private_server(rows: int) -> Iterator[dict[str, str]]:
    """Let DATABASE_URL name a server of its own whose table `data` has so many rows; yield its version, by its name.

    Raises UserError.
    """
    former = os.environ.get("DATABASE_URL")
    with embedded_postgres.temporary_server() as url:
        os.environ["DATABASE_URL"] = url
        try:
            seed(url, rows, tables=[DATA])
            yield server_version(url)
        finally:
            del os.environ["DATABASE_URL"]
            if former is not None:
                os.environ["DATABASE_URL"] = former


def server_version(url: str) -> dict[str, str]:
    """Return the version of the server at this URL, by its name. Raises psycopg.Error."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        return {SERVER: (connection.info.parameter_status("server_version") or "unknown").partition(" ")[0]}


# Where a table is made, and the encoding that a session begins with.
_SESSION = "SELECT current_schema, reset_val FROM pg_catalog.pg_settings WHERE name = 'client_encoding'"


def seed(url: str, rows: int, replace: bool = False, tables: Sequence[SeededTable] = TABLES) -> tuple[str, list[Thing]]:
    """Make the tables anew with `rows` rows, in one transaction; return the server's version, and what was replaced.

    The server makes the rows, so the client's memory does not grow with their number. What is not set-up's own is
    dropped only if it is to `replace` that. Raises psycopg.Error and UserError.
    """
    with own_tables.changing(url) as connection:
        [(schema, encoding)] = connection.execute(_SESSION).fetchall()
        if encoding == "SQL_ASCII":
            raise UserError(
                f"{address()} sends text as bytes, for its encoding is SQL_ASCII: "
                f"add parameter client_encoding=utf8 to DATABASE_URL, or {own_tables.ANOTHER}"
            )
        if schema is None:
            raise UserError(f"no schema of search_path can be used at {address()}: create one, or {own_tables.ANOTHER}")
        things = own_tables.named(connection, [table.name for table in tables])
        others = [thing for thing in things if not thing.own]
        for thing in others:
            if thing.schema != schema:
                way_out, fate = own_tables.ANOTHER, f"would be hidden by one in schema {schema}"
            elif not replace:
                way_out, fate = f"{own_tables.ANOTHER}, or let `python setup_db.py --replace` drop it", "stays as it is"
            else:
                continue
            raise UserError(f"{thing} at {address()} was not made by setup_db.py and {fate}: {way_out}")
        own_tables.drop(connection, [thing for thing in things if thing.schema == schema])
        connection.execute("SET LOCAL search_path = pg_catalog, pg_temp")  # a type `text` may be somebody's own, too
        for table in tables:
            _make(connection, schema, table, rows)
        return connection.info.parameter_status("server_version") or "of unknown version", others


def _make(connection: Connection, schema: str, table: SeededTable, rows: int) -> None:
    name, columns, row = sql.Identifier(schema, table.name), sql.SQL(table.columns), sql.SQL(table.row)
    numbers = sql.SQL("generate_series(0, {}::bigint - 1) AS i").format(table.count(rows))
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(name, columns))
    connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(name, MARK))
    connection.execute(sql.SQL("INSERT INTO {} SELECT {} FROM {}").format(name, row, numbers))
    connection.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY (id)").format(name))
    if table.parent:
        parent = sql.Identifier(schema, table.parent)
        connection.execute(sql.SQL("CREATE INDEX ON {} (customer_id)").format(name))
        connection.execute(sql.SQL("ALTER TABLE {} ADD FOREIGN KEY (customer_id) REFERENCES {}").format(name, parent))


def remove(url: str) -> list[Thing]:
    """Drop all that set-up has made in this database; return what it was. Raises psycopg.Error and UserError."""
    with own_tables.changing(url) as connection:
        things = own_tables.everywhere(connection)
        own_tables.drop(connection, things)
        return things


@contextmanager
def one_row_table(tables: Sequence[SeededTable] = TABLES) -> Iterator[str]:
    """Yield a URL at which a script finds each table with one row: what it takes there, it takes once.

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
        seed(seen, 1, tables=tables)
        yield seen
    finally:
        try:
            with own_tables.changing(url) as connection:
                own_tables.drop(connection, own_tables.everywhere(connection, schema))
        except (psycopg.Error, UserError) as error:
            reason = visible(str(error).splitlines()[0])
            note(f"schema {schema} is left at {address()}: {reason}: `python setup_db.py --remove`")


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
    return f"{base}?{urlencode(parameters, quote_via=quote)}"  # %20 and not +, which libpq does not decode
