"""The tables of the scenarios and of the remedies: in full, and short for a terminal."""

from collections.abc import Callable, Mapping, Sequence

from common import MIB
from report.tables import Table, mib, spread
from studies.costs.figures import Figures

# From this share of the total on, a source has a place in the overview; the others are added up.
SMALLEST_SHARE = 0.05


def overview(figures: Sequence[Figures]) -> Table:
    """Return the original's table; process memory is that of the traced run, as there."""
    rows = [
        [one.scenario.title, f"{mib(one.traced_process)} MiB", f"{mib(one.total)} MiB", main_sources(one)]
        for one in figures
    ]
    columns = ("Scenario", "Result Iteration End", "Total Allocated Size", "Main Memory Sources")
    return Table("Overview (tracemalloc running, as in the original)", columns, rows, text_columns=4)


def main_sources(figures: Figures) -> str:
    """Return the sources of the traced memory in MiB, largest first; as printed, they add up to the total."""
    shown = {
        name: round(size / MIB, 1)
        for name, size in figures.by_source.items()
        if size >= SMALLEST_SHARE * figures.total and name != "other"
    }
    rest = round(figures.total / MIB, 1) - sum(shown.values())
    parts = [f"{name} {size:.1f}" for name, size in shown.items()]
    return ", ".join([*parts, f"smaller ones {rest:.1f}"] if round(rest, 1) else parts)


def costs(figures: Sequence[Figures]) -> Table:
    """Return what the process pays for the rows without tracing, and what it pays once."""
    columns = (
        "Scenario",
        "Bytes per row",
        "Multiple of bare data",
        "Process growth, MiB",
        "Python + native + rest, MiB",
        "Peak, MiB",
        "Time, s",
        "Once: growth, MiB",
        "Once: time, s",
        "Tracing adds, MiB",
    )
    rows = [
        [
            one.scenario.title,
            f"{one.per_row:.0f}",
            f"{one.multiple:.1f}",
            spread(one.growth, mib(one.growth.value)),
            three_parts(one),
            spread(one.peak, mib(one.peak.value)),
            spread(one.seconds, f"{one.seconds.value:.2f}"),
            mib(one.once),
            f"{one.once_seconds:.2f}",
            mib(one.tracing_adds),
        ]
        for one in figures
    ]
    return Table("What the rows cost (no tracing, but for bytes per row), and what is paid once", columns, rows)


def three_parts(figures: Figures) -> str:
    """Return the growth's three parts in MiB: Python objects, native allocations, and the rest."""
    if figures.native is None or figures.rest is None:
        return f"{mib(figures.python)} + not measured"
    return f"{mib(figures.python)} + {mib(figures.native)} + {mib(figures.rest)}"


def short_costs(figures: Sequence[Figures]) -> Table:
    """Return the figures that answer the question, with the growth of each process as a bar."""
    rows = [
        [one.scenario.short, f"{one.per_row:.0f}", mib(one.growth.value), f"{one.seconds.value:.2f}"] for one in figures
    ]
    once = [one.once / MIB for one in figures]
    rest = "" if figures[0].native else " The rest is native memory and slack."
    note = (
        "B/row: live Python objects, traced. MiB: growth of the process, untraced. All for the rows alone: connecting, "
        f"with SQLAlchemy's dialect and driver, takes {min(once):.0f} to {max(once):.0f} MiB once.{rest}"
    )
    title = f"What {figures[0].rows:,} rows cost"
    return Table(title, ("", "B/row", "MiB", "s"), rows, bars=[one.parts for one in figures], note=note)


Pairs = Sequence[tuple[Figures, Figures]]
# What a remedy may change: the column's name, in full and short, the figure, and its decimals in full.
COMPARED: tuple[tuple[str, str, Callable[[Figures], float], int], ...] = (
    ("Bytes per row", "B/row", lambda one: one.per_row, 0),
    ("Peak, MiB", "peak MiB", lambda one: one.peak.value / MIB, 1),
    ("At the first row, MiB", "1st row", lambda one: one.first_row_process.value / MIB, 1),
    ("Time, s", "s", lambda one: one.seconds.value, 2),
)


def remedied(figures: Mapping[str, Figures], remedies: Sequence[Figures]) -> Pairs:
    """Return what each remedy is compared with, and the remedy, where both are among the figures."""
    pairs = [(figures.get(one.scenario.fields["Instead of"]), one) for one in remedies]
    return [(before, remedy) for before, remedy in pairs if before]


def change(before: float, after: float, digits: int) -> str:
    """Return both figures, before and after."""
    return " → ".join(f"{round(figure, digits) + 0.0:.{digits}f}" for figure in (before, after))


def remedies(pairs: Pairs) -> Table:
    """Return each remedy with what it changes, for the rows, and what one loses by it."""
    rows = [
        [
            remedy.scenario.title,
            before.scenario.title,
            *(change(figure(before), figure(remedy), digits) for _, _, figure, digits in COMPARED),
            remedy.scenario.fields["You lose"].rstrip("."),
        ]
        for before, remedy in pairs
    ]
    columns = ("Remedy", "Instead of", *(name for name, *_ in COMPARED), "You lose")
    return Table("Remedies, for the rows", columns, rows, text_columns=2)


# What is shown of each stack: the column's name, in full and short, and the text.
STACK: tuple[tuple[str, str, Callable[[Figures], str]], ...] = (
    ("Bytes per row, traced", "traced", lambda one: f"{round(one.per_row) or 0}"),
    ("Bytes per row, native", "native", lambda one: of_native(one)),
    ("For the rows: growth, MiB", "MiB", lambda one: mib(one.growth.value)),
    ("Once: imports, MiB", "imports", lambda one: mib(one.imports)),
    ("Once: the rest, MiB", "once", lambda one: mib(one.once)),
    ("Time for the rows, s", "s", lambda one: f"{one.seconds.value:.2f}"),
)


def of_native(figures: Figures) -> str:
    """Return the native bytes per row, without which traced ones say little where a library has memory of its own."""
    return "not measured" if figures.native_per_row is None else f"{round(figures.native_per_row) or 0}"


def stacks(figures: Sequence[Figures]) -> Table:
    """Return what a row costs with each stack, for the rows and once."""
    rows = [[one.scenario.title, *(text(one) for *_, text in STACK)] for one in figures]
    return Table("With another stack", ("Stack", *(name for name, *_ in STACK)), rows)


def short_stacks(figures: Sequence[Figures]) -> Table:
    """Return the same for a terminal."""
    shown = [column for column in STACK if figures[0].native is not None or column[1] != "native"]
    rows = [[one.scenario.short, *(text(one) for *_, text in shown)] for one in figures]
    note = "traced: Python objects, bytes per row. MiB: growth of the process for the rows, which counts all memory."
    return Table("With another stack", ("", *(short for _, short, _ in shown)), rows, note=note)


def short_remedies(pairs: Pairs) -> Table:
    """Return what each remedy changes."""
    rows = [
        [
            remedy.scenario.short,
            *(change(figure(before), figure(remedy), 2 if digits == 2 else 0) for _, _, figure, digits in COMPARED),
        ]
        for before, remedy in pairs
    ]
    note = "With another stack: .venv/bin/python -m studies costs --only alternatives"
    return Table("Remedies, before → after, for the rows", ("", *(short for _, short, *_ in COMPARED)), rows, note=note)
