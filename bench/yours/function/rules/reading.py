"""What to write instead where rows are read."""

import sys
from collections.abc import Iterator

from bench.errors import visible
from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures, Statement
from bench.yours.function.rules.change import (
    BATCH,
    ENOUGH,
    ENOUGH_ROWS,
    Change,
    at,
    kept,
    many,
    multiplied,
    of_connection,
    of_lines,
    transient,
    written,
)

# From this share of an entity's values on, and so many bytes, a column is wide.
WIDE_SHARE, WIDE = 0.5, 200
# With joined collections SQLAlchemy refuses yield_per, with these it does not.
SELECTIN = "select(…).options(selectinload(Parent.children), …)"
REFUSED = "; with joined collections SQLAlchemy refuses yield_per"


def joined(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that collections are not to be joined: the driver's rows, and those made of them, repeat each other."""
    for one in figures.statements:
        if not multiplied(one) or not one.rows:
            continue
        saves = one.grew + sum(one.sizes) + one.rows * of_tuple(one) - of_values(figures, one)
        text = (
            f"selectinload instead of joined collections at {at(one)}: {one.rows:,} rows came for "
            f"{one.loaded:,} entities. Saves about {mib(saves)} MiB, as predicted"
        )
        code = SELECTIN
        if not kept(figures, one):
            saved = mib(one.grew + transient(figures))
            text += f"; up to {saved} with yield_per, too, which SQLAlchemy refuses with joined collections"
            code += ".execution_options(yield_per=1000)"
        yield Change("selectinload", f"{text}.", saves, code)


def of_tuple(statement: Statement) -> int:
    return sys.getsizeof((None,) * statement.columns)


def of_values(figures: FunctionFigures, statement: Statement) -> float:
    """Return what the values of a statement's entities take."""
    return sum(sum(figures.attributes.get(name, {}).values()) * n for name, n in statement.classes.items())


def what_reads_in_chunks(statement: Statement) -> str:
    return "selectinload with yield_per" if statement.collections else "yield_per"


def in_chunks(statement: Statement) -> str:
    return f"{SELECTIN if statement.collections else 'select(…)'}.execution_options(yield_per=1000)"


def in_batches(figures: FunctionFigures) -> Iterator[Change]:
    dropped = [one for one in figures.statements if one.loaded and not one.yield_per and not kept(figures, one)]
    loaded = sum(one.loaded for one in dropped)
    for one in dropped:
        if not many(one) or multiplied(one):
            continue
        saves = transient(figures) * one.loaded / loaded * (1 - BATCH / max(one.loaded, BATCH))
        text = (
            f"{what_reads_in_chunks(one)} at {at(one)}: all {one.loaded:,} entities are built before the first one "
            f"is handed out, and few are there at the end{REFUSED * one.collections}. Saves about {mib(saves)} MiB at "
            "the peak, as predicted."
        )
        code = in_chunks(one)
        if figures.answers:  # else the answer is built of all rows at once again
            code += "  # in a StreamingResponse"
        yield Change("yield_per", text, saves, code)


def columns(figures: FunctionFigures) -> Iterator[Change]:
    of_a_row, of_a_place = figures.row_size
    for one in figures.statements:
        if not one.loaded or not many(one) or not kept(figures, one) or multiplied(one):
            continue
        of_rows = one.loaded * (of_a_row + of_a_place * one.columns)
        saves = of_lines(figures, one) - of_rows - of_values(figures, one)
        text = (
            f"Columns instead of entities at {at(one)}, if they are only read: {one.loaded:,} entities are kept. Saves "
            f"about {mib(saves)} MiB, as predicted."
        )
        kind = max(one.classes, key=lambda name: one.classes[name])
        names = list(figures.attributes.get(kind, {}))[:3]
        columns = ", ".join(f"{kind.rpartition('.')[2]}.{name}" for name in names)
        yield Change("columns", text, saves, f"select({columns}, …)")


def wide_column(figures: FunctionFigures) -> Iterator[Change]:
    for kind, sizes in figures.attributes.items():
        name = max(sizes, key=lambda name: sizes[name], default="")
        count = figures.at_peak.objects.get(kind, 0) if figures.at_peak else 0
        if not name or sizes[name] < max(WIDE, WIDE_SHARE * sum(sizes.values())):
            continue
        attribute = visible(f"{kind.rpartition('.')[2]}.{name}")
        text = (
            f"{attribute} takes {sizes[name] / sum(sizes.values()):.0%} of the values, {sizes[name]:,.0f} bytes each. "
            f"If it is not read, defer it: saves about {mib(sizes[name] * count)} MiB."
        )
        of_django = "sqlalchemy" not in figures.hooks
        code = f"Model.objects.defer({name!r})" if of_django else f"options(defer({attribute}))"
        yield Change("wide column", text, sizes[name] * count, code)


def wide_value(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that a statement reads a column which takes most of its rows, where no kept entity tells of it."""
    for one in figures.statements:
        in_batches = one.streamed or one.yield_per or any(figures.attributes.get(name) for name in one.classes)
        if in_batches or not many(one) or len(one.names) != len(one.sizes) or not one.sizes:
            continue
        size, name = max(zip(one.sizes, one.names, strict=True))
        if len(one.names) == 1 or size < max(WIDE * (one.rows or 0), WIDE_SHARE * sum(one.sizes)):
            continue
        do, code = "leave it out", ""
        if one.loaded:
            kind = max(one.classes, key=lambda name: one.classes[name]).rpartition(".")[2]
            do, code = (
                "defer it",
                visible(f"options(defer({kind}.{name}))" if len(one.classes) == 1 else "options(defer(…))"),
            )
        text = (
            f"Column {visible(name)} takes {size / sum(one.sizes):.0%} of the values at {at(one)}. If it is not read, "
            f"{do}: saves up to {mib(size / one.times)} MiB."
        )
        yield Change("wide column", text, size / one.times, code)


def models(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that kept models can do without a set of the given fields in each of them, or be slim."""
    for kind, (number, of_fields, of_values) in figures.models.items():
        sets = figures.at_return.get("set", 0)
        if number < ENOUGH_ROWS or 2 * sets < number:
            continue
        text = (
            f"A Pydantic dataclass with slots instead of {visible(kind)}: each of {number:,} kept models has a set of "
            f"its given fields ({of_fields:,.0f} bytes) and a dict ({of_values:,.0f}). Saves up to "
            f"{mib(number * (of_fields + of_values))} MiB; one set for all by model_construct saves "
            f"{mib(number * of_fields)}."
        )
        yield Change("dataclass", text, number * of_fields, "@pydantic.dataclasses.dataclass(slots=True)")


def driver(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that rows can be read by a cursor, where the driver holds all of them beside the objects."""
    for one in figures.statements:
        read_in_batches = one.yield_per or (one.streamed and not one.loaded)
        if read_in_batches or not one.columns or not many(one) or multiplied(one):
            continue
        if one.loaded and not kept(figures, one):
            continue
        by_connection = of_connection(figures, one)
        saves = one.grew + transient(figures) + by_connection
        holder = ", and by the connection until its next statement" if by_connection > ENOUGH else " beside the objects"
        text = f" at {at(one)}: all {one.rows or one.loaded:,} rows are held at once{holder}"
        text += f"{REFUSED * one.collections}. Saves up to {mib(saves)} MiB at the peak."
        code = in_chunks(one)
        name, what, code = written(one, "yield_per", what_reads_in_chunks(one), code)
        yield Change(name, f"{what}{text}", saves, code)


def often(figures: FunctionFigures) -> Iterator[Change]:
    """Yield the statement that is executed once for each row of another one."""
    for one in figures.statements:
        if one.verb == "SELECT" and one.times >= ENOUGH_ROWS:
            name, what, code = written(one, "n + 1", *loads_with(figures, one))
            text = (
                f"{what} for {at(one)}: the same {visible(one.text)} is executed "
                f"{one.times:,} times, which takes {one.seconds:.2f} s."
            )
            yield Change(name, text, None, code)


def loads_with(figures: FunctionFigures, statement: Statement) -> tuple[str, str]:
    """Return what loads the statement's rows with those of their parents, and its code, by the reader's own names."""
    read = {table_of(one) for one in figures.statements if one is not statement}
    there = [one for one in figures.relationships if one[3] == table_of(statement) and one[0] in read]
    _, kind, attribute, _, to_many = there[0] if len(there) == 1 else ("", "", "", "", True)
    if not kind and statement.rows:
        to_many = statement.rows > statement.times
    if statement.by == "django":
        method = "prefetch_related" if to_many else "select_related"
        return method, visible(f"{kind or 'Model'}.objects.{method}({repr(attribute) if kind else '…'})")
    load = "selectinload" if to_many else "joinedload"
    attribute = f"{kind}.{attribute}" if kind else "Parent.children" if to_many else "Child.parent"
    return f"{load}, or one statement with IN,", visible(f"options({load}({attribute}))")


def table_of(statement: Statement) -> str:
    return statement.text.partition(" ")[2].replace('"', "")
