"""When the first row came, and the process's memory then and at the last row."""

from collections.abc import Container, Mapping
from typing import Any

from bench.look.tables import Column, Table, mib
from bench.studies.over_time.figures import Figures

COLUMNS: tuple[Column[Figures], ...] = (
    Column("Scenario", "", lambda one: one.scenario.title, lambda one: one.scenario.short, text=True),
    Column("First row, s", "first row, s", lambda one: f"{one.at_first_row[0]:.2f}"),
    Column("Process then, MiB", "MiB then", lambda one: mib(one.at_first_row[1])),
    Column("At the last row, MiB", "MiB at last", lambda one: mib(one.at_last_row)),
)


def tables(figures: Mapping[str, Figures], new: Container[str]) -> list[Table[Any]]:
    """Return the table of the new ones."""
    return [Table("Over time, sampled from outside", COLUMNS, [figures[name] for name in figures if name in new])]
