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
    """Return what the process pays without tracing, per row and in parts."""
    columns = (
        "Scenario",
        "Process growth, MiB",
        "Python + native + rest, MiB",
        "Peak of the process, MiB",
        "Bytes per row, traced",
        "Multiple of bare data",
        "Tracing adds, MiB",
        "Time, s",
    )
    rows = [
        [
            one.scenario.title,
            spread(one.growth, mib(one.growth.value)),
            three_parts(one),
            spread(one.peak, mib(one.peak.value)),
            f"{one.per_row:.0f}",
            f"{one.multiple:.1f}",
            mib(one.tracing_adds),
            spread(one.seconds, f"{one.seconds.value:.2f}"),
        ]
        for one in figures
    ]
    return Table("What a row costs (no tracing, except where it says traced)", columns, rows)


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
    note = "B/row: live Python objects, traced. MiB: growth of the process, untraced."
    title = f"What {figures[0].rows:,} rows cost"
    return Table(title, ("", "B/row", "MiB", "s"), rows, bars=[one.parts for one in figures], note=note)


# What a remedy's `Compare:` line names: the column's text, and the figure.
COMPARED: dict[str, tuple[str, Callable[[Figures], float]]] = {
    "bytes per row": ("bytes per row, traced", lambda figures: figures.per_row),
    "process growth": ("process growth, MiB", lambda figures: figures.growth.value / MIB),
    "process at the first row": (
        "process at the first row, MiB",
        lambda figures: figures.first_row_process.value / MIB,
    ),
    "peak of the process": ("peak of the process, MiB", lambda figures: figures.peak.value / MIB),
    "process after use": (
        "process with the rows held / given back, MiB",
        lambda figures: figures.after_use.value / MIB,
    ),
}


def remedied(figures: Mapping[str, Figures], remedies: Sequence[Figures]) -> list[tuple[Figures, Figures]]:
    """Return each remedy with the scenario that it remedies, where that is among the figures."""
    pairs = [(figures.get(one.scenario.fields["Remedies"]), one) for one in remedies]
    return [(scenario, remedy) for scenario, remedy in pairs if scenario]


def remedies(pairs: Sequence[tuple[Figures, Figures]]) -> Table:
    """Return each remedy beside the scenario that it remedies."""
    rows = [
        [
            remedy.scenario.title,
            scenario.scenario.title,
            COMPARED[remedy.scenario.fields["Compare"]][0],
            *compared(scenario, remedy),
            remedy.scenario.fields["Gives up"].rstrip("."),
        ]
        for scenario, remedy in pairs
    ]
    columns = (
        "Remedy",
        "Instead of",
        "Compared",
        "Before",
        "After",
        "After / before",
        "Time, after / before",
        "What it costs",
    )
    return Table("Remedies", columns, rows, text_columns=3)


def short_remedies(pairs: Sequence[tuple[Figures, Figures]]) -> Table:
    """Return what each remedy changes."""
    rows = []
    for scenario, remedy in pairs:
        before, after, _, time = compared(scenario, remedy)
        rows.append([remedy.scenario.short, f"{before} → {after}", remedy.scenario.fields["Compare"], time])
    return Table("Remedies", ("", "before → after", "compared (B or MiB)", "time x"), rows)


def compared(scenario: Figures, remedy: Figures) -> list[str]:
    """Return before, after, and their ratio, of what the remedy's `Compare:` line names; and the ratio of the times."""
    text, figure = COMPARED[remedy.scenario.fields["Compare"]]
    before, after = figure(scenario), figure(remedy)
    digits = 1 if "MiB" in text else 0
    time = remedy.seconds.value / scenario.seconds.value
    return [f"{before:.{digits}f}", f"{after:.{digits}f}", f"{after / before:.2f}", f"{time:.1f}"]
