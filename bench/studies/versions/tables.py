"""Traced bytes per row and traced peaks, one column a Python and set of package versions."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.environments import LOCK
from bench.look.tables import Column, Table, mib
from bench.studies.row_shape.shapes import SHOWN
from bench.studies.versions.figures import Figures, Versions
from bench.studies.versions.measure import Cost

NO_WHEELS = "no wheels"


def tables(figures: Versions, new: Container[str]) -> list[Table[Any]]:
    """Return the tables of the new ones."""
    shown = [one for name, one in figures.scenarios.items() if name in new]
    layers = {name: one for name, one in figures.overheads.items() if name in new}
    return [*([costs(shown), peaks(shown)] if shown else []), *([overheads(layers)] if layers else [])]


def overheads(layers: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table[tuple[str, str]]:
    """Return what each layer adds to the values of a row, by Python and number of columns."""

    def on(python: str) -> Callable[[tuple[str, str]], str]:
        return lambda item: f"{layers[item[0]][python][item[1]]:,.0f}"

    pythons = next(iter(layers.values()))
    items = [(layer, count) for layer in layers for count in next(iter(layers[layer].values())) if int(count) in SHOWN]
    columns = [
        Column[tuple[str, str]]("Layer", "", lambda item: item[0], text=True),
        Column[tuple[str, str]]("Columns", "columns", lambda item: item[1]),
        *(Column[tuple[str, str]](python, python, on(python)) for python in pythons),
    ]
    return Table("A row's overhead by Python, bytes", columns, items)


def costs(figures: Sequence[Figures]) -> Table[Figures]:
    """Return the traced bytes per row."""
    columns = [
        Column[Figures]("Scenario", "", lambda one: one.scenario.title, lambda one: one.scenario.short, text=True),
        *(_column(name, lambda cost: f"{cost['per_row']:.0f}") for name in _combinations(figures)),
    ]
    note = (
        "With the lock's package versions; --wide prints those with the original's, too. -: some package has no wheel."
    )
    return Table("Bytes per row, traced", columns, figures, note=note)


def peaks(figures: Sequence[Figures]) -> Table[Figures]:
    """Return the traced peaks, which a terminal shows only in full."""
    columns = [
        Column[Figures]("Scenario", None, lambda one: one.scenario.title, text=True),
        *(replace(_column(name, lambda cost: mib(cost["peak"])), short=None) for name in _combinations(figures)),
    ]
    return Table("Traced peak, MiB", columns, figures)


def _combinations(figures: Sequence[Figures]) -> list[str]:
    names = {name for one in figures for name in (*one.costs, *one.no_wheels)}
    return sorted(names, key=lambda name: (name.partition(", ")[0], name.endswith(LOCK)))


def _column(name: str, text: Callable[[Cost], str]) -> Column[Figures]:
    def cell(one: Figures) -> str:
        if name in one.costs:
            return text(one.costs[name])
        return NO_WHEELS if name in one.no_wheels else "not measured"

    short = name.removesuffix(f", {LOCK}") if name.endswith(LOCK) else None
    return Column(name, short, cell, lambda one: cell(one).replace(NO_WHEELS, "-"))
