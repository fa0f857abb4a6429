"""What does a row of your own table cost in memory, in each layer? It is read, never written, and no value is shown.

RELATION is a table or a view, named as in SQL: orders, sales."Order-Lines"; or a query: "SELECT ...". The database is
that of DATABASE_URL. Each layer reads the same rows in a fresh process, twice: with tracemalloc, which counts the
bytes per row, and without, for the process's memory and the time. They are the first rows, or those of blocks chosen
over the whole table where that is large; of large arrays and documents, fewer are counted. That takes some 30 s for
20,000 rows of 18 columns; --layers chooses. What each column takes is told beside it, and what to write, which begins
with the column that takes half of the values.

--with measures rows with their children, along foreign keys, in each way to read them: --with orders,addresses reads
two collections, --with orders.items what orders have, too. A column tells several keys apart: --with orders:buyer_id.
An own key's column, or the table to which it refers, means the one row there: --with reports_to.

All reading lies in read-only transactions, which are rolled back. What a query's functions do elsewhere stays done:
dblink_exec, or a foreign table over a view with nextval, writes on another server; pg_advisory_lock keeps its lock in
the session that a pooler lends.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))  # where a Python with -P or PYTHONSAFEPATH does not look

from bench.errors import UserError, note, number, parser

# Any import below may be the first to fail, or to be interrupted.
# isort: split
import argparse
import json
import logging
import signal

from bench.layers.costs import measure
from bench.layers.reading import COUNT
from bench.layers.subject import look_at
from bench.progress import Bar
from bench.yours.show import as_json, show
from bench.yours.told import slow
from bench.yours.words import chosen

# A list of so many places, which is made first, takes 76 MiB.
MOST_ROWS = 10_000_000
# The longest statement_timeout (https://www.postgresql.org/docs/16/runtime-config-client.html).
LONGEST = (2**31 - 1) // 1000


def main() -> None:
    """Measure what the command line names."""
    arguments = options().parse_args()
    for signalled in (signal.SIGTERM, signal.SIGHUP):  # no process outlives this one, as after Ctrl-C
        signal.signal(signalled, signal.default_int_handler)
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # an interrupt is one line, not two
    answer(arguments)


def answer(arguments: argparse.Namespace) -> None:
    """Look at a relation, measure it, and print what was found and what follows from it."""
    try:
        subject = look_at(arguments.relation, arguments.timeout, arguments.count, arguments.rows, arguments.children)
    except UserError as error:
        at_default = "DATABASE_URL" not in os.environ and "DATABASE_URL" not in str(error)
        raise UserError(f"{error}{' (DATABASE_URL names another database)' if at_default else ''}") from None
    for line in slow(subject):  # before the many minutes that it may take
        note(line)
    figures = measure(subject, arguments.timeout, chosen(subject, arguments.layers), Bar)
    if arguments.json:
        print(json.dumps(as_json(subject, figures), indent=2, allow_nan=False))
    else:
        show(subject, figures, wide=arguments.wide)


def options() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    options = parser(__doc__, prog="python your_table.py")
    options.add_argument("relation", metavar="RELATION", help="a table's or view's name, or a query")
    options.add_argument(
        "--with", metavar="CHILDREN", dest="children", help="read them with their children: orders[,addresses][.items]"
    )
    options.add_argument("--rows", metavar="N", type=number(MOST_ROWS), default=COUNT, help="how many (20000)")
    options.add_argument(
        "--layers", metavar="PARTS", default="", help="only those whose names have one of these parts: orm,core"
    )
    options.add_argument(
        "--timeout", metavar="S", type=number(LONGEST), default=60, help="seconds a statement may take (60)"
    )
    options.add_argument("--count", action="store_true", help="count all rows, for the server may not know how many")
    options.add_argument("--json", action="store_true", help="print what was found as JSON, in bytes and seconds")
    options.add_argument("--wide", action="store_true", help="in a terminal: print every column of the table")
    return options


if __name__ == "__main__":
    main()
