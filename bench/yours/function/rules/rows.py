"""What to write instead where the driver has all rows, or values that nobody reads."""

import sys
from collections.abc import Iterator

from bench.errors import visible
from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures
from bench.yours.function.rules.batches import (
    DROPPED,
    IF_DROPPED,
    code_in_chunks,
    refused,
    what_reads_in_chunks,
    with_made,
)
from bench.yours.function.rules.change import (
    ENOUGH,
    Change,
    as_code,
    at,
    attribute_of,
    class_of,
    table_of,
    written,
)
from bench.yours.function.rules.django import DJANGO, MODEL, as_chained, models_kept, others_of, without
from bench.yours.function.rules.held import beyond_a_batch, kept, many, multiplied, of_class, read_again, with_it
from bench.yours.function.rules.sizes import ASYNCPG, of_connection, of_driver, of_rows, peak_of, transient
from bench.yours.function.statement import Statement

CONDITIONS = {"sqlalchemy": IF_DROPPED, DJANGO: f"{DROPPED}: without list() or len(), and no collection of them"}
# From this share of an entity's values on, and so many bytes, a column is wide.
WIDE_SHARE, WIDE = 0.5, 200
# https://github.com/sqlalchemy/sqlalchemy/blob/rel_2_1_9/lib/sqlalchemy/orm/state.py#L726
MAP, LESS = "map it as deferred", ", and less by an option, which gives each entity a dict of what it left out"


def driver(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that rows can be read by a cursor, where the driver holds all of them beside the objects."""
    for one in figures.statements:
        read_in_batches = one.yield_per or (one.streamed and not one.loaded)
        if read_in_batches or not one.columns or not many(one) or multiplied(one):
            continue
        if one.parent is not None or (one.loaded and not kept(figures, one)):
            continue
        if one.loaded and one.driver == ASYNCPG:  # its records have the entities' own values
            continue
        by_connection = of_connection(figures, one)
        rows = one.rows or one.loaded
        spared = beyond_a_batch(one, rows) * one.times / (rows * one.at_once)
        same = read_again(figures, one)
        size = of_driver(figures, one) + of_tuples(figures, one) if one.loaded else of_rows(figures, one)
        saves = min(peak_of(figures), size + by_connection) * spared / len(same)
        with_all = transient(figures) + of_driver(figures, one) + by_connection
        stay = one.loaded or 2 * models_kept(figures, one) > rows
        most = saves if stay else min(peak_of(figures), with_all) * spared
        holder = " beside the objects" * bool(one.loaded)
        holder = ", and by the connection until its next statement" if by_connection > ENOUGH else holder
        several = f" of each of {one.at_once} executions" if one.at_once > 1 else ""
        prefetched = sum(child.rows or 0 for child in with_it(figures, one) if child is not one)
        others = f", and {prefetched:,} that come with them," if one.by == DJANGO and prefetched else ""
        text = f" at {at(one)}: all {rows // one.times:,} rows{several}{others} are held at once{holder}"
        condition = ", though these are kept" if stay else CONDITIONS.get(one.by, DROPPED)
        text += f"{refused(one)}. Saves up to {mib(saves)} MiB at the peak{condition}{with_made(saves, most)}."
        code = code_in_chunks(figures, one)
        name, what, code = written(figures, one, "yield_per", what_reads_in_chunks(one), code)
        if one.by == DJANGO:
            code = as_chained(figures, one, code)
        yield Change(name, f"{what}{text}", saves, code)


def of_tuples(figures: FunctionFigures, statement: Statement) -> int:
    """Return what the rows that entities are made of take at most, with the lists that they are in.

    Their values are the entities' own.
    """
    return min(transient(figures), 2 * (statement.rows or 0) * sys.getsizeof((None,) * statement.columns))


def twice(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that several statements read the same rows."""
    for one in figures.statements:
        same = read_again(figures, one)
        if same[0] is not one or len(same) == 1:
            continue
        places = " and ".join(map(at, same))
        text = (
            f"Execute {visible(one.text)} once: {len(same)} statements, at {places}, read the same {one.rows:,} rows, "
            f"and the others take {sum(other.seconds for other in same[1:]):.2f} s."
        )
        yield Change("once", text, None)


def wide_column(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that a column takes most of the entities that are kept."""
    for kind, sizes in figures.attributes.items():
        name = max(sizes, key=lambda name: sizes[name], default="")
        count = figures.objects_at_peak.get(kind, 0)
        if not name or sizes[name] < max(WIDE, WIDE_SHARE * sum(sizes.values())):
            continue
        attribute = visible(f"{kind.rpartition('.')[2]}.{name}")
        read = max((of_column(figures, one, name) for one in figures.statements if kind in one.classes), default=0)
        saves = min(peak_of(figures), sizes[name] * count + read)
        if "sqlalchemy" in figures.hooks:
            do, code = MAP, deferred(figures, attribute)
        else:
            do, code = "defer it", without(figures, attribute.partition(".")[0], name)
        text = (
            f"{attribute} takes {sizes[name] / sum(sizes.values()):.0%} of the values, {sizes[name]:,.0f} bytes each. "
            f"If it is not read, {do}: saves about {mib(saves)} MiB{LESS * (do == MAP)}."
        )
        yield Change("wide column", text, saves, as_code(code))


def deferred(figures: FunctionFigures, attribute: str) -> str:
    """Return how an attribute of SQLAlchemy's is deferred: by its class, and by a statement alone."""
    by_class = "mapped_column(…, deferred=True)"
    if figures.libraries.get("sqlalchemy", "").startswith("1."):
        by_class = "deferred(Column(…))"
    return f"{by_class}  # {attribute}\noptions(defer({attribute}))  # for one statement"


def of_column(figures: FunctionFigures, statement: Statement, name: str) -> float:
    """Return what the driver held of a column at the peak, beside the objects made of it."""
    if multiplied(statement):  # which is not the column's
        return 0
    sizes = dict(zip(statement.names, statement.sizes, strict=False))
    size = sizes.get(name, 0)  # in all executions, while it grew in the first one, perhaps by more than rows
    of_all = of_driver(figures, statement)
    return min(of_all * size / (sum(statement.sizes) or 1), 2 * size / statement.times)


def wide_value(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that a statement reads a column which takes most of its rows, where no kept entity tells of it."""
    for one in figures.statements:
        # Where no line has half as much as its values at the peak, a cursor's rows are dropped.
        most = max((size for line, size in figures.at_peak.lines if line[0]), default=0) if figures.at_peak else 0
        in_batches = (one.streamed or one.yield_per) and 2 * most < sum(one.sizes)
        if in_batches or not many(one) or any(figures.attributes.get(name) for name in one.classes):
            continue
        if len(one.names) != len(one.sizes) or not one.sizes:
            continue
        size, name = max(zip(one.sizes, one.names, strict=True))
        if len(one.names) == 1 or size < max(WIDE * (one.rows or 0), WIDE_SHARE * sum(one.sizes)):
            continue
        do, code, attribute = "leave it out", "", ""
        if one.loaded:
            attribute = attribute_of(figures, one, name)
            do, code = MAP, deferred(figures, attribute) if attribute else ""
        elif one.by == DJANGO and one.values:
            do, code = "name the others", f"{class_of(figures, one, MODEL)}.objects{others_of(one, name)}"
        elif one.by == DJANGO and table_of(one) in figures.tables:
            do, code = "defer it", without(figures, class_of(figures, one, MODEL), name)
        number = of_class(one.classes, attribute.partition(".")[0])
        # A joined entity has it once, however many rows come with it.
        each = min(1.0, number / (one.rows or 1)) if number else 1.0
        saves = min(peak_of(figures), each * size / one.times + of_column(figures, one, name))
        text = (
            f"Column {visible(attribute or name)} takes {size / sum(one.sizes):.0%} of the values at {at(one)}. "
            f"If it is not read, {do}: saves up to {mib(saves)} MiB{LESS * (do == MAP)}."
        )
        yield Change("wide column", text, saves, as_code(code))
