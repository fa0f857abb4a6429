"""What does a row of your own table cost in memory, in each layer? It is read, never written, and no value is shown.

RELATION is a table or a view, named as in SQL: orders, sales."Order-Lines"; or a query: "SELECT ...". The database is
that of DATABASE_URL. Each layer reads the first rows in a fresh process, twice: with tracemalloc, which counts the
bytes per row, and without, for the process's memory and the time. That takes some 30 s for 20,000 rows of 18 columns;
--layers chooses.

--with measures rows with their children, along foreign keys, in each way to read them: --with orders,addresses reads
two collections, --with orders.items what orders have, too. A column tells several keys apart: --with orders:buyer_id.
An own key's column, or the table to which it refers, means the one row there: --with reports_to.

All reading lies in read-only transactions, which are rolled back. What a query's functions do elsewhere stays done:
dblink_exec, or a foreign table over a view with nextval, writes on another server; pg_advisory_lock keeps its lock in
the session that a pooler lends.
"""

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from bench.errors import UserError, number, parser, visible
from bench.layers import graph_costs
from bench.layers.costs import KEYED, STREAMED, Subject, look_at, measure
from bench.layers.figures import ENTITY, Figure, Figures
from bench.layers.other_readers import missing
from bench.layers.readers import COUNT
from bench.look.tables import Column, Table, fenced, mib, named, print_told
from bench.progress import Bar
from bench.yours import graphs
from bench.yours.advice import ENOUGH, advice
from bench.yours.calculator import address
from bench.yours.code import sql
from bench.yours.graphs import in_all

# So many columns with other names are told one by one.
MOST_NAMED = 10
# A list of so many places, which is made first, takes 76 MiB.
MOST_ROWS = 10_000_000
# The longest statement_timeout (https://www.postgresql.org/docs/16/runtime-config-client.html).
LONGEST = (2**31 - 1) // 1000


def main() -> None:
    """Measure, and print what was found and what follows from it."""
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
    arguments = options.parse_args()
    for signalled in (signal.SIGTERM, signal.SIGHUP):  # no process outlives this one, as after Ctrl-C
        signal.signal(signalled, signal.default_int_handler)
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # an interrupt is one line, not two
    try:
        found = with_children(arguments) if arguments.children is not None else alone(arguments)
    except UserError as error:
        at_default = "DATABASE_URL" not in os.environ and "DATABASE_URL" not in str(error)
        raise UserError(f"{error}{' (DATABASE_URL names another database)' if at_default else ''}") from None
    found()


def alone(arguments: argparse.Namespace) -> Callable[[], None]:
    """Look at a relation, and return what measures and prints its rows."""
    subject = look_at(arguments.relation, arguments.timeout, arguments.count, arguments.rows)

    def run() -> None:
        figures = measure(subject, arguments.rows, arguments.timeout, chosen(subject, arguments.layers), Bar)
        if arguments.json:
            print_json(as_json(subject, figures))
        else:
            show(subject, figures, arguments)

    return run


def with_children(arguments: argparse.Namespace) -> Callable[[], None]:
    """Look at a table and its children, and return what measures and prints them."""
    subject = graph_costs.look_at(
        arguments.relation, arguments.children, arguments.timeout, arguments.count, arguments.rows
    )

    def run() -> None:
        figures = graph_costs.measure(subject, arguments.timeout, graphs.chosen(subject, arguments.layers), Bar)
        if arguments.json:
            print_json(graphs.as_json(subject, figures))
        else:
            graphs.show(subject, figures, wide=arguments.wide)

    return run


def print_json(found: dict[str, Any]) -> None:
    """Print what was found as JSON."""
    print(json.dumps(found, indent=2, allow_nan=False))


def chosen(subject: Subject, parts: str) -> list[str]:
    """Return the layers whose names have one of these parts, with commas between. Raises UserError."""
    wanted = [part.strip().casefold() for part in parts.split(",")]
    for part in wanted:
        if not any(part in layer.casefold() for layer in subject.layers):
            keyed = any(part in layer.casefold() for layer in KEYED)
            why = f"an entity needs a key, and {subject.relation.keyless}; " if keyed else ""
            there = "; ".join([*subject.layers, *filter(None, [missing()])])
            raise UserError(f"no layer's name has '{visible(part)}': {why}there are {there}")
    return [layer for layer in subject.layers if any(part in layer.casefold() for part in wanted)]


def show(subject: Subject, figures: Figures, arguments: argparse.Namespace) -> None:
    """Print the table, what is to be said of it, and the advice: for a terminal, else in Markdown."""
    total, known = all_rows(subject, figures)
    table(subject, figures, total).print(wide=arguments.wide)
    told = [*about(figures, total, known), *notes(subject, figures)]
    print_told(told, [(one.text, one.code) for one in advice(subject, figures)])
    url = address(subject, total or figures.count)
    print(
        f"\nThese columns on the calculator's page, a file on this disk:\n{url if sys.stdout.isatty() else f'<{url}>'}"
    )


def all_rows(subject: Subject, figures: Figures) -> tuple[int | None, str]:
    """Return how many rows there are in all, if that is known, and how it is known."""
    return in_all(figures.count, figures.complete, subject.total, subject.counted)


def table(subject: Subject, figures: Figures, total: int | None) -> Table[tuple[str, Figure]]:
    """Return the table of the layers, the least first."""
    columns: list[Column[tuple[str, Figure]]] = [
        Column("Layer", "", lambda row: row[0], text=True),
        Column("Bytes per row", "bytes/row", lambda row: f"{row[1].traced:,.0f}" if keeps(row[1]) else "none kept"),
        Column("Of which overhead", "overhead", lambda row: known(row[1].overhead, "{:,.0f}".format)),
        Column("Process, MiB", "MiB", lambda row: mib(row[1].kept)),
        Column("Peak, MiB", "peak", lambda row: mib(row[1].peak)),
        Column("Time, s", "s", lambda row: f"{row[1].seconds:.2f}"),
    ]
    if total is not None and total != figures.count:
        of_all = {layer: all_of(one, total) for layer, one in figures.by_layer.items()}
        columns += [
            Column("All rows, MiB", "all: MiB", lambda row: known(of_all[row[0]][0], mib)),
            Column("All rows, s", "all: s", lambda row: known(of_all[row[0]][1], "{:,.1f}".format)),
        ][: 2 * any(figure is not None for pair in of_all.values() for figure in pair)]
    note = "bytes/row: what tracemalloc counts; MiB: what the process grew by, peak: at most."
    name = visible(subject.sql_source or "the query")
    shown = name if sys.stdout.isatty() or not subject.sql_source else fenced(name, "`")
    title = f"{figures.count:,} row{'s' * (figures.count != 1)} of {shown}"
    return Table(title, columns, list(figures.by_layer.items()), note=note)


def keeps(one: Figure) -> bool:
    """Return whether a layer keeps the rows."""
    return bool(one.objects or one.native)


def all_of(one: Figure, total: int) -> tuple[float | None, float | None]:
    """Return the bytes and the seconds of all rows, each if it is known: what keeps no row takes no more for more."""
    return one.kept_of(total) if keeps(one) else None, one.seconds_of(total)


def known(figure: float | None, text: Callable[[float], str]) -> str:
    """Return a figure's text, if it is known."""
    return "" if figure is None else text(figure)


def about(figures: Figures, total: int | None, known: str) -> Iterator[str]:
    """Yield what the table does not say of the figures."""
    if figures.values is not None:
        yield f"The values take {figures.values:,.0f} bytes of each row; the overhead is what the layer adds."
    if ENTITY in figures.by_layer and STREAMED in figures.by_layer:
        yield f"{ENTITY} is what `.all()` gives; {STREAMED}, with `yield_per`, is each of them dropped after use."
    yield f"Rows in all: {known if total is None else f'{total:,}, {known}'}."
    if not figures.complete:
        which = "those of blocks chosen over the whole table" if figures.sampled else "the first ones"
        none = " All rows have no figure where less than a tenth, 0.1 s or 10 MiB of them was read." if total else ""
        yield f"The rows are {which}.{none}"
    reasons: dict[str, list[str]] = {}
    for layer, one in figures.by_layer.items():
        if one.native:
            yield f"{layer}: its bytes are those of its buffers, outside Python, where the values are no objects."
        elif one.no_overhead and one.objects:
            reasons.setdefault(one.no_overhead, []).append(layer)
    for reason, layers in reasons.items():
        yield f"{', '.join(layers)}: the overhead is not known, because {reason}."
    yield from figures.notes
    if figures.count < ENOUGH:
        yield f"From fewer than {ENOUGH:,} rows no advice follows, for what is fixed weighs in these figures."


def notes(subject: Subject, figures: Figures) -> Iterator[str]:
    """Yield what was done otherwise than one may expect."""
    relation = subject.relation
    renamed = [column for column in relation.columns if column.attribute != column.name]
    for column in renamed[:MOST_NAMED]:
        yield f"Column {named(column.name)} is {column.attribute} here."
    if others := len(renamed[MOST_NAMED:]):
        yield f"So are {others:,} other columns called otherwise: --json has all of them."
    for one in relation.left_out:
        yield f"Column {named(one.name)} is left out: {one.reason}."
    if not relation.key:
        yield f"{'; '.join(KEYED)}: left out, for an entity needs a key, and {relation.keyless}."
    elif not subject.primary:
        names = ", ".join(map(named, relation.key))
        yield f"There is no primary key: what tells the entities apart is the unique index of {names}."
    for layer, reason in figures.failures.items():
        yield f"{layer} is left out: {reason}."
    if absent := missing():
        yield f"{absent}."


def as_json(subject: Subject, figures: Figures) -> dict[str, Any]:
    """Return what was found, in bytes and seconds."""
    total, known = all_rows(subject, figures)
    return {
        "relation": subject.sql_source or None,
        "sql": sql(subject),
        "columns": [asdict(column) for column in subject.relation.columns],
        "columns_left_out": [asdict(column) for column in subject.relation.left_out],
        "key": subject.relation.key,
        "key_is_primary": subject.primary,
        "rows": figures.count,
        "all_rows": total,
        "all_rows_are": known,
        "values": figures.values,
        "layers": {layer: asdict(one) for layer, one in figures.by_layer.items()},
        "notes": figures.notes,
        "left_out": figures.failures,
        "advice": [asdict(one) for one in advice(subject, figures)],
    }


if __name__ == "__main__":
    main()
