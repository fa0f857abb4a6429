"""The tables of the scenarios, of the remedies and of the alternatives."""

from collections.abc import Callable, Container, Sequence
from typing import Any

from bench.figures import Figures
from bench.look.tables import Column, Table, mib, spread, time
from bench.scenarios import ALTERNATIVES, REMEDIES, SCENARIOS
from bench.studies.costs.figures import Costs, Pair
from common import MIB

# From this share of the total on, a holder has a place in the overview; the others are added up.
SMALLEST_SHARE = 0.05
SCENARIO = Column[Figures]("Scenario", "", lambda one: one.scenario.title, lambda one: one.scenario.short, text=True)


def tables(figures: Costs, new: Container[str]) -> list[Table[Any]]:
    """Return the tables of what is new."""
    originals, remedied, alternatives = (
        figures.of(one for one in group if one.name in new) for group in (SCENARIOS, REMEDIES, ALTERNATIVES)
    )
    after_use = [one for one in remedied if one.goes_on]
    pairs = figures.pairs(one.scenario for one in remedied if one not in after_use)
    # Where that was not measured which it is compared with, it stands by itself.
    alone = [one for one in remedied if one not in [*after_use, *(pair.after for pair in pairs)]]
    return [
        *([overview([*originals, *alone]), costs([*originals, *alone])] if originals or alone else []),
        *([remedies(helpful)] if (helpful := [pair for pair in pairs if pair.loss]) else []),
        *([useless(others)] if (others := [pair for pair in pairs if not pair.loss]) else []),
        *([given_back(after_use)] if after_use else []),
        *([stacks(alternatives)] if alternatives else []),
    ]


def overview(figures: Sequence[Figures]) -> Table[Figures]:
    """Return the original's table; process memory is that of the traced run, as there."""
    columns = [
        Column[Figures]("Scenario", None, lambda one: one.scenario.title, text=True),
        Column[Figures]("Result Iteration End", None, lambda one: f"{mib(one.process_while_traced)} MiB", text=True),
        Column[Figures]("Total Allocated Size", None, lambda one: f"{mib(one.total)} MiB", text=True),
        Column[Figures]("Main Memory Sources", None, main_holders, text=True),
    ]
    return Table("Overview (tracemalloc running, as in the original)", columns, figures)


def main_holders(figures: Figures) -> str:
    """Return who holds the traced memory, in MiB, largest first; as printed, they add up to the total."""
    shown = {
        name: round(size / MIB, 1)
        for name, size in figures.by_holder.items()
        if size >= SMALLEST_SHARE * figures.total and name != "other"
    }
    rest = round(figures.total / MIB, 1) - sum(shown.values())
    texts = [f"{name} {size:.1f}" for name, size in shown.items()]
    return ", ".join([*texts, f"smaller ones {rest:.1f}"] if round(rest, 1) else texts)


def costs(figures: Sequence[Figures]) -> Table[Figures]:
    """Return the growth of the process without tracing, the bytes of a row, and the fixed cost."""
    sizes = [one.fixed for one in figures]
    fixed = " to ".join(dict.fromkeys(f"{size / MIB:.0f}" for size in (min(sizes), max(sizes))))
    rest = "" if figures[0].native else " The rest is native memory and slack."
    note = (
        "B/row: live Python objects, traced. MiB: growth of the process, untraced. The fixed cost is subtracted: "
        f"connecting, with SQLAlchemy's dialect and driver, takes {fixed} MiB.{rest} "
        f"{of_times(figures)}"
    )
    columns = [*COSTS, *COMPOSITION[1:]]
    return Table(f"What {figures[0].rows:,} rows cost", columns, figures, bar=lambda one: one.holders, note=note)


def composition(figures: Figures) -> str:
    """Return of what the growth consists, in MiB: Python objects, native allocations, and the rest."""
    if figures.native is None or figures.rest is None:
        return f"{mib(figures.python)} + not measured"
    return f"{mib(figures.python)} + {mib(figures.native)} + {mib(figures.rest)}"


COSTS = (
    SCENARIO,
    Column[Figures]("Bytes per row", "B/row", lambda one: f"{one.per_row:.0f}"),
    Column[Figures]("Multiple of bare data", None, lambda one: f"{one.multiple:.1f}"),
    Column[Figures](
        "Process growth, MiB",
        "MiB",
        lambda one: spread(one.growth, mib(one.growth.value)),
        lambda one: mib(one.growth.value),
    ),
    Column[Figures]("Peak, MiB", None, lambda one: spread(one.peak, mib(one.peak.value))),
    Column[Figures]("Time, s", "s", lambda one: time(one.seconds)),
)
COMPOSITION = (
    SCENARIO,
    Column[Figures]("Python + native + rest, MiB", None, composition),
    Column[Figures]("Fixed: growth, MiB", None, lambda one: mib(one.fixed)),
    Column[Figures]("Fixed: time, s", None, lambda one: f"{one.fixed_seconds:.2f}"),
    Column[Figures]("Tracing adds, MiB", None, lambda one: mib(one.tracing_adds)),
)


def of_times(figures: Sequence[Figures]) -> str:
    """Return what there is to know of the times."""
    if all(one.seconds.runs == 1 for one in figures):
        return "Each time is of one run."
    return "±: the runs lie more than 10 % apart."


def change(before: float, after: float, digits: int) -> str:
    """Return both figures, before and after."""
    return " → ".join(f"{round(figure, digits) + 0.0:.{digits}f}" for figure in (before, after))


def changed(figure: Callable[[Figures], float], digits: int) -> Callable[[Pair], str]:
    """Return the text of what a remedy changes a figure from and to."""
    return lambda pair: change(figure(pair.before), figure(pair.after), digits)


def changed_time(pair: Pair) -> str:
    """Return the seconds before and after, of the same turns."""
    return f"{time(pair.seconds_before)} → {time(pair.after.seconds)}"


def peak(figures: Figures) -> float:
    """Return the growth of the process's peak, in MiB."""
    return figures.peak.value / MIB


def first_row(figures: Figures) -> float:
    """Return the growth of the process up to the first row, in MiB."""
    return figures.first_row_process.value / MIB


INSTEAD_OF = Column[Pair]("Instead of", None, lambda pair: pair.before.scenario.short, text=True)
CHANGES = (
    Column[Pair]("Bytes per row", "B/row", changed(lambda one: one.per_row, 0)),
    Column[Pair]("Peak, MiB", "peak MiB", changed(peak, 1), changed(peak, 0)),
    Column[Pair]("At the first row, MiB", "1st row", changed(first_row, 1), changed(first_row, 0)),
    Column[Pair]("Time, s", "s", changed_time),
)


def named(title: str) -> Column[Pair]:
    """Return the column that names what stands after the arrow."""
    return Column(title, "", lambda pair: pair.after.scenario.title, lambda pair: pair.after.scenario.short, text=True)


def remedies(pairs: Sequence[Pair]) -> Table[Pair]:
    """Return each remedy with what it changes, and what one loses by it."""
    loss = Column[Pair]("You lose", None, lambda pair: pair.loss, text=True)
    others = "With another stack: .venv/bin/python -m bench costs --only alternatives"
    note = f"{of_times([pair.after for pair in pairs])} {others}"
    return Table("Remedies, before → after", [named("Remedy"), INSTEAD_OF, *CHANGES, loss], pairs, note=note)


def useless(pairs: Sequence[Pair]) -> Table[Pair]:
    """Return each attempt that does not help with what it changes, and why not."""
    why_not = Column[Pair]("Why not", None, lambda pair: pair.why_not, text=True)
    return Table("What does not help, before → after", [named("Attempt"), INSTEAD_OF, *CHANGES, why_not], pairs)


def given_back(figures: Sequence[Figures]) -> Table[Figures]:
    """Return how much of the process's growth is left, step by step, after the rows' use."""

    def column(step: int, label: str) -> Column[Figures]:
        return Column(label, label.rpartition(" ")[2], lambda one: mib(one.after_use[step].growth))

    columns = [Column[Figures]("Script", "", lambda one: one.scenario.title, lambda one: one.scenario.short, text=True)]
    columns += [column(step, after.label) for step, after in enumerate(figures[0].after_use)]
    return Table("Is memory given back? Process growth, MiB", columns, figures)


def of_native(figures: Figures) -> str:
    """Return the native bytes per row, without which traced ones say little where a library has memory of its own."""
    return "not measured" if figures.native_per_row is None else f"{round(figures.native_per_row) or 0}"


STACK = (
    Column[Figures]("Stack", "", lambda one: one.scenario.title, lambda one: one.scenario.short, text=True),
    Column[Figures]("Bytes per row, traced", "traced", lambda one: f"{round(one.per_row) or 0}"),
    Column[Figures]("Bytes per row, native", "native", of_native),
    Column[Figures]("Process growth, MiB", "MiB", lambda one: mib(one.growth.value)),
    Column[Figures]("At the first row, MiB", "1st row", lambda one: mib(one.first_row_process.value)),
    Column[Figures]("Fixed: imports, MiB", "imports", lambda one: mib(one.imports)),
    Column[Figures]("Fixed: the rest, MiB", "fixed", lambda one: mib(one.fixed)),
)


def stacks(figures: Sequence[Figures]) -> Table[Figures]:
    """Return what a row costs with each stack, and the fixed cost."""
    columns = [one for one in STACK if figures[0].native is not None or one.short != "native"]
    columns.append(Column[Figures]("Time, s", "s", lambda one: time(one.seconds)))
    sizes = "traced: Python objects, bytes per row. MiB: growth of the process, which counts all memory."
    note = f"{sizes} {of_times(figures)}"
    return Table("With another stack", columns, figures, note=note)
