"""Make the tables in the database of DATABASE_URL, else at the default address, or take them away again.

These are `data`, and a shop's: `shop_customer`, `shop_order`, `shop_address`. Where nothing listens at the default
address, the embedded server is started there first. What has one of these names and was not made by this script stays
as it is.
"""

from bench.errors import UserError, address, number, parser

# Any import below may be the first to fail.
# isort: split
import os
import shlex
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from psycopg import Connection, sql

from bench import embedded_postgres, own_tables
from bench.own_tables import MARK, Thing
from common import database_url

ROWS = 92_000
MAXIMUM_ROWS = 2**31  # an integer key, counted from 0


class Table(NamedTuple):
    """A table to make: its columns, of which `id` is the key, and row `i`, counted from 0; both in SQL.

    It has `each` rows for a customer, or, if that is 0, all rows. Column `customer_id` refers to the `parent`.
    """

    name: str
    columns: str
    row: str
    each: int = 0
    parent: str = ""

    def count(self, rows: int) -> int:
        """Return how many rows this table has, where `data` has so many: so have customers and orders together."""
        return self.each * max(rows // 5, 1) if self.each else rows


DATA = Table("data", "id serial, num integer, data text", "i, 5 * i % 200, 'hello-' || i")
# A parent stands before what refers to it.
TABLES = (
    DATA,
    Table(
        "shop_customer",
        "id integer, name text NOT NULL, email text NOT NULL",
        "i, 'customer ' || i, 'customer-' || i || '@example.org'",
        each=1,
    ),
    Table(
        "shop_order",
        "id integer, customer_id integer NOT NULL, placed_on date NOT NULL, total numeric NOT NULL",
        "i, i / 4, date '2025-01-01' + (i % 365)::integer, (i % 9973 + 1) / 100.0",
        each=4,
        parent="shop_customer",
    ),
    Table(
        "shop_address",
        "id integer, customer_id integer NOT NULL, city text NOT NULL",
        "i, i / 2, 'city ' || i % 1000",
        each=2,
        parent="shop_customer",
    ),
)


# Where a table is made, and the encoding that a session begins with.
_SESSION = "SELECT current_schema, reset_val FROM pg_settings WHERE name = 'client_encoding'"


def something_listens() -> bool:
    """Return whether anything accepts connections at the default address."""
    try:
        socket.create_connection(("localhost", embedded_postgres.PORT), timeout=5, all_errors=True).close()
    except ExceptionGroup as failures:  # one for each address of localhost
        return any(isinstance(failure, TimeoutError) for failure in failures.exceptions)
    except OSError:
        pass  # connecting properly will name it
    return True


def seed(url: str, rows: int, replace: bool = False, tables: Sequence[Table] = TABLES) -> tuple[str, list[Thing]]:
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
        for table in tables:
            _make(connection, schema, table, rows)
        return connection.info.parameter_status("server_version") or "of unknown version", others


def _make(connection: Connection, schema: str, table: Table, rows: int) -> None:
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


def _with_data(state: str, directory: Path) -> str:
    """Return what is said of the embedded server, and where its data lies."""
    return f"{state}; its data stays: `rm -r {shlex.quote(str(directory))}` deletes it" if directory.exists() else state


def _listed(things: list[Thing]) -> str:
    return ", ".join(map(str, things))


def main() -> None:
    """Seed, remove what was made, or stop the embedded server, as the command line says."""
    command_line = parser(__doc__, prog="python setup_db.py")
    command_line.add_argument(
        "--rows",
        type=number(MAXIMUM_ROWS),
        default=ROWS,
        help="how many in table data, and in customers and orders together (default: 92000)",
    )
    actions = command_line.add_mutually_exclusive_group()
    actions.add_argument("--replace", action="store_true", help="drop what else has such a name, then make it")
    actions.add_argument("--remove", action="store_true", help="remove all that this script has made there")
    actions.add_argument("--stop", action="store_true", help="stop the embedded server instead")
    arguments = command_line.parse_args()
    directory = embedded_postgres.data_directory_of()
    if arguments.stop:
        stopped = embedded_postgres.stop(directory)
        print(_with_data("embedded server stopped" if stopped else "no embedded server runs", directory))
        return
    at_default = "DATABASE_URL" not in os.environ
    if arguments.remove:
        if at_default and not something_listens():
            raise UserError(_with_data(f"nothing listens at {address()}", directory))
        print(f"removed at {address()}: {_listed(remove(database_url())) or 'nothing, for nothing is there'}")
        return
    # A server that another set-up has just started listens before it serves: `start` waits for that one, too.
    if at_default and (embedded_postgres.is_running(directory) or not something_listens()):
        embedded_postgres.start(directory)
        if not something_listens():
            raise UserError(
                f"the embedded server in {directory} runs, but nothing listens at {address()}: "
                "stop it with `python setup_db.py --stop`, then run this again; or set DATABASE_URL"
            )
    version, replaced = seed(database_url(), arguments.rows, arguments.replace)
    if replaced:
        print(f"replaced at {address()}: {_listed(replaced)}")
    where = f"embedded in {directory}" if at_default and embedded_postgres.is_running(directory) else "not embedded"
    counts = ", ".join(f"{table.count(arguments.rows):,} in {table.name}" for table in TABLES if table != DATA)
    print(f"{arguments.rows:,} rows in table data, {counts} at {address()} (PostgreSQL {version}, {where})")


if __name__ == "__main__":
    main()
