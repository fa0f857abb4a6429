"""What each further row costs from step to step, and the growth of the process's peak at every step."""

from collections.abc import Container, Mapping
from itertools import pairwise
from typing import Any

from bench.look.tables import Column, Table, mib
from bench.studies.growth.figures import Figures
from bench.studies.growth.measure import MOST, STEPS


def tables(figures: Mapping[str, Figures], new: Container[str]) -> list[Table[Any]]:
    """Return the table of the new ones."""
    columns = [
        Column[Figures]("Scenario", "", lambda one: one.scenario.title, lambda one: one.scenario.short, text=True),
        *(further(step, f"{less:,} to {more:,}") for step, (less, more) in enumerate(pairwise(STEPS))),
        *map(peak, (*STEPS, MOST)),
    ]
    title = "Growth with the rows (bytes: traced, without the dict that keeps them; MiB: peak of the process)"
    return [Table(title, columns, [figures[name] for name in figures if name in new])]


def further(step: int, rows: str) -> Column[Figures]:
    """Return the column of what each further row costs in one step."""
    return Column(f"Bytes per further row, {rows}", None, lambda one: f"{round(one.further_rows[step]) or 0}")


def peak(rows: int) -> Column[Figures]:
    """Return the column of the peaks at so many rows."""
    return Column(
        f"Peak, MiB, {rows:,} rows", f"{rows:,}", lambda one: mib(one.peaks[rows]) if rows in one.peaks else ""
    )
