"""What to write instead, each with the line of the reader's code and what it saves, as far as the figures show it."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.errors import visible
from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures, Statement, path_of
from common import MIB

# From fewer rows, or of less memory, or a smaller share of the peak, nothing follows.
ENOUGH_ROWS, ENOUGH, ENOUGH_OF_PEAK = 1_000, MIB, 0.05
MOST = 3
BATCH = 1_000
# From this share of an entity's values on, and so many bytes, a column is wide.
WIDE_SHARE, WIDE = 0.5, 200
# What is written where not SQLAlchemy executes a statement: a step's name, what it is called, and its code.
OF_A_SERVER = ("cursor", "A server-side cursor", 'connection.cursor("rows")')
BY_OTHERS = {
    "yield_per": {
        "django": ("cursor", "iterator", "Model.objects.iterator(chunk_size=1000)"),
        "psycopg": (*OF_A_SERVER[:2], f"{OF_A_SERVER[2]}  # or stream()"),
        "psycopg2": OF_A_SERVER,
        "asyncpg": (*OF_A_SERVER[:2], "async for row in connection.cursor(…)  # in a transaction"),
    },
    "n + 1": {
        "django": ("n + 1", "select_related or prefetch_related", "Model.objects.prefetch_related(…)"),
        "psycopg": ("n + 1", "One statement", "WHERE … = ANY(%s)"),
        "psycopg2": ("n + 1", "One statement", "WHERE … = ANY(%s)"),
        "asyncpg": ("n + 1", "One statement", "WHERE … = ANY($1)"),
    },
    "batches": {"django": ("batches", "Batches of 1,000", "Model.objects.bulk_create(batch)  # a list of 1,000")},
}


@dataclass(frozen=True)
class Change:
    """What to write instead, by the name of the remedy, and how many bytes it saves; None where it saves time."""

    name: str
    text: str
    saves: float | None
    code: str = ""


def advice(figures: FunctionFigures) -> list[Change]:
    """Return at most three steps, what saves most first; none where there is little to save."""
    least = max(ENOUGH, ENOUGH_OF_PEAK * peak_of(figures))
    if peak_of(figures) < ENOUGH:
        return []
    rules: tuple[Callable[[FunctionFigures], Iterator[Change]], ...] = (
        *(joined, in_batches, columns, wide_column, models, driver, often, pending, cache),
    )
    steps = [step for rule in rules for step in rule(figures) if step.saves is None or step.saves >= least]
    names: dict[str, Change] = {}
    for step in sorted(steps, key=lambda step: -(step.saves or 0)):
        names.setdefault(f"{step.name} {step.code}", step)
    return list(names.values())[:MOST]


def at(statement: Statement) -> str:
    return visible("{}:{}".format(*statement.line)) if statement.line else "a line that is not known"


def peak_of(figures: FunctionFigures) -> int:
    """Return the largest growth of the process, without what was imported; traced, where the tracer is in it."""
    traced = figures.traced_peak or 0
    if figures.at_once or not figures.process:
        return traced
    return max(traced, figures.process.peak - figures.process.imports)


def transient(figures: FunctionFigures) -> int:
    """Return what is there at the peak, and not with the result in hand."""
    return (figures.traced_peak or 0) - (figures.traced or 0)


def of_lines(figures: FunctionFigures, statement: Statement) -> int:
    """Return what was added, up to the peak, while the lines ran that execute a statement and read its rows."""
    lines = dict(figures.at_peak.lines) if figures.at_peak else {}
    return sum(lines.get(line, 0) for line in {statement.line, statement.loads_at} if line)


def kept(figures: FunctionFigures, statement: Statement) -> bool:
    """Return whether most entities of a statement are still there at the return, in what the function returns."""
    return any(2 * figures.at_return.get(name, 0) > number for name, number in statement.classes.items())


def many(statement: Statement) -> bool:
    """Return whether one execution reads many rows."""
    return max(statement.rows or 0, statement.loaded) >= ENOUGH_ROWS * max(1, statement.times)


def multiplied(statement: Statement) -> bool:
    """Return whether joined collections multiply each other: many more rows than entities."""
    return statement.joins >= 2 and (statement.rows or 0) >= max(ENOUGH_ROWS, 2 * statement.loaded) > 0


def joined(figures: FunctionFigures) -> Iterator[Change]:
    for one in figures.statements:
        if multiplied(one) and one.loaded and one.rows:
            saves = (peak_of(figures) - (figures.traced or 0)) * (1 - one.loaded / one.rows)
            text = (
                f"selectinload instead of two joined collections, at {at(one)}: {one.rows:,} rows came for "
                f"{one.loaded:,} entities. Saves up to {mib(saves)} MiB."
            )
            yield Change("selectinload", text, saves, "options(selectinload(Parent.children), …)")


def in_batches(figures: FunctionFigures) -> Iterator[Change]:
    dropped = [one for one in figures.statements if one.loaded and not one.yield_per and not kept(figures, one)]
    loaded = sum(one.loaded for one in dropped)
    for one in dropped:
        if not many(one) or multiplied(one):
            continue
        saves = transient(figures) * one.loaded / loaded * (1 - BATCH / max(one.loaded, BATCH))
        text = (
            f"yield_per at {at(one)}: all {one.loaded:,} entities are built before the first one is handed out, and "
            f"few are there at the end. Saves about {mib(saves)} MiB at the peak, as predicted."
        )
        yield Change("yield_per", text, saves, "select(…).execution_options(yield_per=1000)")


def columns(figures: FunctionFigures) -> Iterator[Change]:
    of_a_row, of_a_place = figures.row_size
    for one in figures.statements:
        if not one.loaded or not many(one) or not kept(figures, one) or multiplied(one):
            continue
        values = sum(sum(figures.attributes.get(name, {}).values()) * n for name, n in one.classes.items())
        saves = of_lines(figures, one) - one.loaded * (of_a_row + of_a_place * one.columns) - values
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
        if read_in_batches or not one.columns or not many(one) or figures.at_once:
            continue
        if one.loaded and not kept(figures, one):
            continue
        saves = one.grew + transient(figures)
        text = f" at {at(one)}: all {one.rows or one.loaded:,} rows are held at once beside the objects. Saves up to "
        text += f"{mib(saves)} MiB at the peak."
        name, what, code = written(one, "yield_per", "yield_per", "select(…).execution_options(yield_per=1000)")
        yield Change(name, f"{what}{text}", saves, code)


def written(statement: Statement, name: str, what: str, code: str) -> tuple[str, str, str]:
    """Return a step's name, what it is called and its code, in the words of the library that executes the statement."""
    return BY_OTHERS[name].get(statement.by, (name, what, code))


def often(figures: FunctionFigures) -> Iterator[Change]:
    """Yield the statement that is executed once for each row of another one."""
    for one in figures.statements:
        if one.verb == "SELECT" and one.times >= ENOUGH_ROWS:
            name, what, code = written(
                one, "n + 1", "selectinload, or one statement with IN,", "options(selectinload(Parent.children))"
            )
            text = (
                f"{what} for {at(one)}: the same {visible(one.text)} is executed "
                f"{one.times:,} times, which takes {one.seconds:.2f} s."
            )
            yield Change(name, text, None, code)


def pending(figures: FunctionFigures) -> Iterator[Change]:
    mapped = figures.attributes.keys()
    there = {name: n for name, n in (figures.at_peak.objects if figures.at_peak else {}).items() if name in mapped}
    for one in figures.statements:
        rows = one.rows or 0
        if one.verb == "INSERT" and rows >= 2 * BATCH and sum(there.values()) >= max(ENOUGH_ROWS, rows / 2):
            saves = peak_of(figures) * (1 - BATCH / rows)
            text = (
                f"Batches of 1,000 at {at(one)}: {rows:,} entities were pending at once. Saves about {mib(saves)} MiB "
                "at the peak, as predicted."
            )
            code = "session.execute(insert(Entity), batch)  # a list of 1,000 dicts"
            name, _, code = written(one, "batches", "", code)
            yield Change(name, text, saves, code)


def is_somebodys(name: str) -> bool:
    """Return whether a class is neither Python's own nor of its standard library, whose objects any import makes."""
    return "." in name and name.partition(".")[0] not in sys.stdlib_module_names


def cache(figures: FunctionFigures) -> Iterator[Change]:
    after = figures.after
    if not after or not figures.holder or after.traced < ENOUGH:
        return
    name, count = next(((name, n) for name, n in after.objects.items() if is_somebodys(name)), ("", 0))
    if count >= ENOUGH_ROWS:
        text = (
            f"{visible(path_of(figures.holder))} grew: {count:,} {visible(name)} stay after the return, "
            f"{mib(after.traced)} MiB. Give it a limit, or drop what is read."
        )
        yield Change("cache", text, after.traced)
