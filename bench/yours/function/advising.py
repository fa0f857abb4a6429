"""Which changes are worth to be told: what saves most, from all rules; and what is to be known where there is none."""

from collections.abc import Callable, Iterator

from bench.errors import visible
from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures, Held, line_of
from bench.yours.function.rules.batches import in_batches
from bench.yours.function.rules.change import ENOUGH, ENOUGH_ROWS, Change, at
from bench.yours.function.rules.collections import joined
from bench.yours.function.rules.columns import columns
from bench.yours.function.rules.django import tuples
from bench.yours.function.rules.keeping import cache, dumped, models, texts
from bench.yours.function.rules.loading import FEW, often
from bench.yours.function.rules.rows import driver, twice, wide_column, wide_value
from bench.yours.function.rules.sizes import peak_of
from bench.yours.function.rules.streams import gathered, in_a_buffer
from bench.yours.function.rules.writing import expressions, pending, updated

MOST = 3
# Of a smaller share of the peak, nothing follows.
ENOUGH_OF_PEAK = 0.05
RULES: tuple[Callable[[FunctionFigures], Iterator[Change]], ...] = (
    *(joined, in_batches, columns, tuples, wide_column, wide_value, models, driver),
    *(gathered, in_a_buffer, twice, often, pending, expressions, updated, cache, texts, dumped),
)
DRIVERS = ("psycopg", "psycopg2", "asyncpg")


def advice(figures: FunctionFigures) -> list[Change]:
    """Return at most three steps: what saves time, then what saves most."""
    least = max(ENOUGH, ENOUGH_OF_PEAK * peak_of(figures))
    steps = [step for rule in RULES for step in rule(figures) if step.saves is None or step.saves >= least]
    names: dict[str, Change] = {}
    for step in sorted(steps, key=_order):
        names.setdefault(f"{step.name} {step.code}", step)
    return list(names.values())[:MOST]


def _order(step: Change) -> tuple[bool, float]:
    return step.saves is not None, -(step.saves or 0)


def unknown_drivers(figures: FunctionFigures) -> list[str]:
    """Return the drivers of which it is not known what they execute alone."""
    return [name for name in DRIVERS if name in figures.libraries and name not in figures.hooks]


def unadvised(figures: FunctionFigures) -> Iterator[str]:
    """Yield, where nothing is to be changed, from what that follows, and what is there nevertheless."""
    where = " of this process alone" if figures.process and figures.process.children else ""
    rows = max((max(one.rows or 0, one.loaded) for one in figures.statements), default=0)
    why = "of less than 1 MiB none does"
    if peak_of(figures) >= ENOUGH:
        few, unruled = "no statement is known to have 1,000 rows", "no rule applies to what these statements read"
        why = few if rows < ENOUGH_ROWS else unruled
    yield f"No change follows from these figures{where}: {why}."
    if not figures.statements and (drivers := unknown_drivers(figures)):
        yield f"What {' or '.join(drivers)} executes alone is not known, and nothing follows from its rows."
    if figures.at_peak:
        yield from of_the_peak(figures.at_peak)
    for one in figures.statements:
        if one.verb == "SELECT" and one.times >= FEW and (one.rows or 0) < FEW * one.times:
            yield f"The same {visible(one.text)} was executed {one.times:,} times at {at(one)}."


def of_the_peak(peak: Held) -> Iterator[str]:
    """Yield which lines of the reader's added most of what is traced at the peak."""
    lines = [(line_of(line), size) for line, size in peak.lines if line[0] and size >= ENOUGH]
    if not lines:
        return
    line, size = lines[0]
    if 2 * size > peak.traced:
        yield f"Most of the peak, {mib(size)} MiB, was added while {line} ran."
        return
    others = "".join(f", {line} {mib(size)}" for line, size in lines[1:MOST])
    yield f"Of the {mib(peak.traced)} MiB at the peak {line} added {mib(size)}{others}."
