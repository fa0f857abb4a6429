"""What the page shows of memory over time: one curve a script, with the moment of its first row."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.look.colours import INK, LINES
from bench.look.tables import Column, Table, mib, script_column
from bench.results import Results
from bench.scripts import Scenario
from common import MIB

NAMES = ("run_sync_sqlalchemy_session", "remedies.run_sync_sqlalchemy_session_yield_per", "run_sync_sqlalchemy_engine")


@dataclass(frozen=True)
class ScriptOverTime:
    """A process's samples of (seconds since its start, bytes), up to the last row."""

    scenario: Scenario
    samples: Sequence[tuple[float, int]]
    first_row: float

    @property
    def at_first_row(self) -> tuple[float, int]:
        """The sample in which the first row has been handed out."""
        later = ((seconds, rss) for seconds, rss in self.samples if seconds >= self.first_row)
        return next(later, self.samples[-1])

    @property
    def at_last_row(self) -> int:
        """The process's bytes at the last row."""
        return self.samples[-1][1]


COLUMNS: tuple[Column[ScriptOverTime], ...] = (
    script_column("Scenario", lambda script: script.scenario),
    Column("First row, s", "first row, s", lambda script: f"{script.at_first_row[0]:.2f}"),
    Column("Process then, MiB", "MiB then", lambda script: mib(script.at_first_row[1])),
    Column("At the last row, MiB", "MiB at last", lambda script: mib(script.at_last_row)),
)


def figures(results: Results) -> dict[str, ScriptOverTime]:
    return {
        name: ScriptOverTime(Scenario(name), record["samples"], record["first_row"])
        for name, record in results.records.items()
    }


def tables(scripts: Mapping[str, ScriptOverTime], new: Container[str]) -> list[Table[Any]]:
    return [Table("Over time, sampled from outside", COLUMNS, [scripts[name] for name in scripts if name in new])]


def charts(scripts: Mapping[str, ScriptOverTime]) -> dict[str, str]:
    from bench.look import charts as style  # with matplotlib, which `make bench` does without

    figure = style.new(6.6, 5)
    panels = figure.subplots(len(scripts), sharex=True, sharey=True)
    for axes, script, colour in zip(panels, scripts.values(), LINES, strict=False):
        seconds, sizes = zip(*((seconds, rss / MIB) for seconds, rss in script.samples), strict=True)
        axes.plot(seconds, sizes, color=colour, linewidth=2.5)
        first, size = script.at_first_row
        axes.plot(first, size / MIB, "o", color=colour, markersize=10)
        axes.annotate("first row", (first, size / MIB), (8, -12), textcoords="offset points", color=INK)
        axes.set_title(script.scenario.short, loc="left")
        axes.set_ylim(bottom=0)
        axes.grid(color=INK, alpha=0.25)
    panels[-1].set_xlabel("seconds since the start of the process")
    panels[len(panels) // 2].set_ylabel("process memory, MiB")
    return {"over-time.svg": style.svg(figure)}


def blocks(_: object) -> dict[str, str]:
    return {}
