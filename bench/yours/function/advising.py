"""What to write instead, each with the line of the reader's code and what it saves, as far as the figures show it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.errors import visible
from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures, Statement, path_of
from common import MIB

# From fewer rows, or of less memory, nothing follows.
ENOUGH_ROWS, ENOUGH = 1_000, MIB
MOST = 3
BATCH = 1_000
# What a Core row takes beside its values: the row, its tuple, and a place in what keeps it
# (docs/row-shape.md); and what an attribute's place in a tuple takes.
OF_A_ROW, OF_A_PLACE = 150, 8
# From this share of an entity's values on, and so many bytes, a column is wide.
WIDE_SHARE, WIDE = 0.5, 200


@dataclass(frozen=True)
class Change:
    """What to write instead, by the name of the remedy, and how many bytes it is predicted to save."""

    name: str
    text: str
    saves: float
    code: str = ""


def advice(figures: FunctionFigures) -> list[Change]:
    """Return at most three steps, what saves most first; none where there is little to save."""
    rules: tuple[Callable[[FunctionFigures], Iterator[Change]], ...] = (
        *(joined, in_batches, columns, wide_column, models, driver, often, pending, cache),
    )
    steps = [step for rule in rules for step in rule(figures) if step.saves >= ENOUGH or step.name in ("n + 1",)]
    return sorted(steps, key=lambda step: -step.saves)[:MOST]


def at(statement: Statement) -> str:
    return visible("{}:{}".format(*statement.line)) if statement.line else "a line that is not known"


def peak_of(figures: FunctionFigures) -> int:
    return figures.traced_peak or (figures.at_peak.traced if figures.at_peak else 0)


def of_line(figures: FunctionFigures, statement: Statement) -> int:
    """Return the traced bytes at the peak that a statement's line allocated; all, where lines are not seen."""
    lines = dict(figures.at_peak.lines) if figures.at_peak else {}
    return lines.get(statement.line, 0) or lines.get(("", 0), 0) if statement.line else lines.get(("", 0), 0)


def kept(figures: FunctionFigures, statement: Statement) -> bool:
    """Return whether most entities of a statement are still there at the return, in what the function returns."""
    return any(2 * figures.at_return.get(name, 0) > number for name, number in statement.classes.items())


def multiplied(statement: Statement) -> bool:
    """Return whether joined collections multiply each other: many more rows than entities."""
    return statement.joins >= 2 and (statement.rows or 0) >= max(ENOUGH_ROWS, 2 * statement.loaded) > 0


def joined(figures: FunctionFigures) -> Iterator[Change]:
    for one in figures.statements:
        if multiplied(one) and one.loaded and one.rows:
            saves = of_line(figures, one) * (1 - one.loaded / one.rows)
            text = (
                f"selectinload instead of two joined collections, at {at(one)}: {one.rows:,} rows came for "
                f"{one.loaded:,} entities."
            )
            yield Change("selectinload", text, max(saves, ENOUGH), "options(selectinload(Parent.children), …)")


def in_batches(figures: FunctionFigures) -> Iterator[Change]:
    for one in figures.statements:
        if one.loaded < ENOUGH_ROWS * max(1, one.times) or one.yield_per or kept(figures, one) or multiplied(one):
            continue
        saves = of_line(figures, one) * (1 - BATCH / max(one.loaded, BATCH))
        text = (
            f"yield_per at {at(one)}: all {one.loaded:,} entities are built before the first one is handed out, and "
            f"few are there at the end. Saves about {mib(saves)} MiB at the peak, as predicted."
        )
        yield Change("yield_per", text, saves, "select(…).execution_options(yield_per=1000)")


def columns(figures: FunctionFigures) -> Iterator[Change]:
    for one in figures.statements:
        if one.loaded < ENOUGH_ROWS or not kept(figures, one) or multiplied(one):
            continue
        values = sum(sum(figures.attributes.get(name, {}).values()) * n for name, n in one.classes.items())
        rows = one.loaded * (OF_A_ROW + OF_A_PLACE * one.columns) + values
        saves = of_line(figures, one) - rows
        text = (
            f"Columns instead of entities at {at(one)}, if they are only read: {one.loaded:,} entities are kept. Saves "
            f"about {mib(saves)} MiB, as predicted."
        )
        kind = max(one.classes, key=lambda name: one.classes[name]).rpartition(".")[2]
        names = list(figures.attributes.get(max(one.classes, key=lambda name: one.classes[name]), {}))[:3]
        yield Change("columns", text, saves, f"select({', '.join(f'{kind}.{name}' for name in names)}, …)")


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
        yield Change("wide column", text, sizes[name] * count, f"options(defer({attribute}))")


def models(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that models can be made while entities are read, where both are there at once."""
    return iter(())


def driver(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that rows can be read by a cursor, where the driver holds all of them beside the objects."""
    process = figures.process
    for one in figures.statements:
        if one.loaded or one.streamed or not one.columns or (one.rows or 0) < ENOUGH_ROWS * max(1, one.times):
            continue
        saves = (process.peak if process else 0) - (process.imports if process else 0) - peak_of(figures)
        if saves < 0.1 * peak_of(figures) or figures.at_once:
            continue
        text = (
            f"yield_per at {at(one)}: the driver holds all {one.rows:,} rows beside the objects. Saves about "
            f"{mib(saves)} MiB at the peak, as predicted."
        )
        yield Change("yield_per", text, saves, "select(…).execution_options(yield_per=1000)")


def often(figures: FunctionFigures) -> Iterator[Change]:
    """Yield the statement that is executed once for each row of another one."""
    for one in figures.statements:
        if one.verb == "SELECT" and one.times >= ENOUGH_ROWS:
            text = (
                f"selectinload, or one statement with IN, for {at(one)}: the same {visible(one.text)} is executed "
                f"{one.times:,} times, which takes {one.seconds:.2f} s."
            )
            yield Change("n + 1", text, 0, "options(selectinload(Parent.children))")


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
            yield Change("batches", text, saves, "session.execute(insert(Entity), batch)  # a list of 1,000 dicts")


def cache(figures: FunctionFigures) -> Iterator[Change]:
    after = figures.after
    if not after or not figures.holder or after.traced < ENOUGH:
        return
    name, count = next(((n, c) for n, c in after.objects.items() if "." in n), ("", 0))
    if count >= ENOUGH_ROWS:
        text = (
            f"{visible(path_of(figures.holder))} grew: {count:,} {visible(name)} stay after the return, "
            f"{mib(after.traced)} MiB. Give it a limit, or drop what is read."
        )
        yield Change("cache", text, after.traced)
