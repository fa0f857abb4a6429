"""The report's tables: in a terminal, and as Markdown."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table as RichTable

from common import MIB
from report.results import Figures, Spread

# From this share of the total on, a source has a place in the overview; the others are added up.
SMALLEST_SHARE = 0.05
# A median whose runs lie further apart than this is shown with their spread.
STABLE = 0.02


@dataclass(frozen=True)
class Table:
    """A table of texts."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    # How many columns, from the left, hold text; the others hold figures.
    text_columns: int = 1

    def markdown(self) -> str:
        """Return the table in Markdown, without its title."""
        rule = ["-" if index < self.text_columns else "-:" for index in range(len(self.columns))]
        return "\n".join(f"| {' | '.join(row)} |" for row in (self.columns, rule, *self.rows))

    def print(self) -> None:
        """Print the table: drawn in a terminal, else as Markdown."""
        if not sys.stdout.isatty():
            print(f"\n{self.title}\n\n{self.markdown()}")
            return
        table = RichTable(title=self.title, title_justify="left", show_lines=True)
        for index, column in enumerate(self.columns):
            table.add_column(column, justify="left" if index < self.text_columns else "right")
        for row in self.rows:
            table.add_row(*row)
        Console().print("", table)


def mib(size: float) -> str:
    """Return a size in bytes as MiB with one decimal."""
    return f"{size / MIB:.1f}"


def spread(figure: Spread, text: str) -> str:
    """Return the text of a median, with the runs' spread where that is not negligible."""
    return text if figure.spread <= STABLE else f"{text} (spread {figure.spread:.0%})"


def overview(figures: Sequence[Figures]) -> Table:
    """Return the original's table; process memory is that of the traced run, as there."""
    rows = [
        [
            one.scenario.title,
            f"{spread(one.traced_process, mib(one.traced_process.value))} MiB",
            f"{mib(one.total)} MiB",
            main_sources(one),
        ]
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
            parts(one),
            spread(one.peak, mib(one.peak.value)),
            f"{one.per_row:.0f}",
            f"{one.multiple:.1f}",
            mib(one.tracing_adds),
            spread(one.seconds, f"{one.seconds.value:.2f}"),
        ]
        for one in figures
    ]
    return Table("What a row costs (no tracing, except where it says traced)", columns, rows)


def parts(figures: Figures) -> str:
    """Return the growth's three parts in MiB: Python objects, native allocations, and the rest."""
    if figures.native is None or figures.rest is None:
        return f"{mib(figures.python)} + not measured"
    return f"{mib(figures.python)} + {mib(figures.native)} + {mib(figures.rest)}"


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


def remedies(figures: Sequence[Figures]) -> Table:
    """Return each remedy beside the scenario that it remedies, where both are among the figures."""
    by_name = {one.scenario.name: one for one in figures}
    rows = []
    for one in figures:
        fields = one.scenario.fields
        if scenario := by_name.get(fields.get("Remedies", "")):
            text, figure = COMPARED[fields["Compare"]]
            before, after = figure(scenario), figure(one)
            digits = 1 if "MiB" in text else 0
            rows.append(
                [
                    one.scenario.title,
                    scenario.scenario.title,
                    text,
                    f"{before:.{digits}f}",
                    f"{after:.{digits}f}",
                    f"{after / before:.2f}",
                    f"{one.seconds.value / scenario.seconds.value:.1f}",
                    fields["Gives up"].rstrip("."),
                ]
            )
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
