"""Make the tables in the database of DATABASE_URL, else at the default address, or take them away again.

These are `data`, a shop's (`shop_customer`, `shop_order`, `shop_address`), and an empty one, `written`. Where nothing
listens at the default address, the embedded server is started there first. What has one of these names and was not
made by this script stays as it is.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))  # where a Python with -P or PYTHONSAFEPATH does not look

from bench.errors import UserError, address, number, parser

# Any import below may be the first to fail.
# isort: split
import shlex
import signal
import socket
from argparse import ArgumentParser
from pathlib import Path

from bench import embedded_postgres
from bench.database import remove, seed
from bench.nouns import counted
from bench.own_tables import Thing
from bench.seeds import ROWS, SHOP
from common import database_url

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


def main() -> None:
    """Seed, remove what was made, or stop the embedded server, as the command line says."""
    arguments = _command_line().parse_args()
    for signalled in (signal.SIGTERM, signal.SIGHUP):  # no statement outlives this process, as after Ctrl-C
        signal.signal(signalled, signal.default_int_handler)
    directory = embedded_postgres.data_directory_of()
    if arguments.stop:
        stopped = embedded_postgres.stop(directory)
        print(_with_data("embedded server stopped" if stopped else "no embedded server runs", directory))
    elif arguments.remove:
        if "DATABASE_URL" not in os.environ and not something_listens():
            raise UserError(_with_data(f"nothing listens at {address()}", directory))
        print(f"removed at {address()}: {_listed(remove(database_url())) or 'nothing, for nothing is there'}")
    else:
        _seed(arguments.rows, arguments.replace, directory)


def _command_line() -> ArgumentParser:
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
    return command_line


def _seed(rows: int, replace: bool, directory: Path) -> None:
    """Make the tables, and the embedded server before, if need be, whose data lies in that directory."""
    at_default = "DATABASE_URL" not in os.environ
    # A server that another set-up has just started listens before it serves: `start` waits for that one, too.
    if at_default and (embedded_postgres.is_running(directory) or not something_listens()):
        embedded_postgres.start(directory)
        if not something_listens():
            raise UserError(
                f"the embedded server in {directory} runs, but nothing listens at {address()}: "
                "stop it with `python setup_db.py --stop`, then run this again; or set DATABASE_URL"
            )
    version, replaced = seed(database_url(), rows, replace)
    if replaced:
        print(f"replaced at {address()}: {_listed(replaced)}")
    where = f"embedded in {directory}" if at_default and embedded_postgres.is_running(directory) else "not embedded"
    counts = ", ".join(f"{table.count(rows):,} in {table.name}" for table in SHOP)
    print(f"{counted(rows, 'row')} in table data, {counts} at {address()} (PostgreSQL {version}, {where})")


def _with_data(state: str, directory: Path) -> str:
    """Return what is said of the embedded server, and where its data lies."""
    return f"{state}; its data stays: `rm -r {shlex.quote(str(directory))}` deletes it" if directory.exists() else state


def _listed(things: list[Thing]) -> str:
    return ", ".join(map(str, things))


if __name__ == "__main__":
    main()
