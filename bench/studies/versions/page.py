"""What the page shows of Pythons and package versions: bytes per row, traced peaks, and what the layers add."""

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.environments import LOCK
from bench.layers.names import ENTITY, MODEL, TUPLE
from bench.look.blocks import data
from bench.look.tables import Column, Table, mib, script_column, whole
from bench.results import Results
from bench.scripts import SCENARIOS, Scenario
from bench.studies.row_shape.model import RowModel, rounded
from bench.studies.row_shape.shapes import SHOWN
from bench.studies.versions.measure import LAYERS, CostOnPython

NAMES = (*(scenario.name for scenario in SCENARIOS), *LAYERS)
NO_WHEELS = "no wheels"


@dataclass(frozen=True)
class ScriptVersions:
    """One script's costs, traced, by Python and packages; and where some package has no wheel for that Python."""

    scenario: Scenario
    costs: Mapping[str, CostOnPython]
    no_wheels: Collection[str]


@dataclass(frozen=True)
class Versions:
    """The figures of scripts by name; in bytes, layers' overheads by Python and number of columns, and the values."""

    scripts: Mapping[str, ScriptVersions]
    overheads: Mapping[str, Mapping[str, Mapping[str, float]]]
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def models(self) -> dict[str, RowModel]:
        """The model of a row's cost by Python, of these layers; what a dict takes is not measured here."""
        counts = [int(count) for count in next(iter(self.overheads[TUPLE].values()))]
        return {
            python: RowModel(
                counts,
                {layer: rounded(sizes[python].values()) for layer, sizes in self.overheads.items()},
                dict(zip(values, rounded(values.values()), strict=True)),
                (),
            )
            for python, values in self.values.items()
        }

    @property
    def crossings(self) -> dict[str, int]:
        """By Python, from how many columns on a model's overhead is larger than an entity's."""
        models, entities = (self.overheads[layer] for layer in (MODEL, ENTITY))
        return {
            python: 1 + max((int(count) for count, size in sizes.items() if size <= entities[python][count]), default=0)
            for python, sizes in models.items()
        }


def figures(results: Results) -> Versions:
    layers = {name: record for name, record in results.records.items() if name in LAYERS}
    scripts = {
        name: ScriptVersions(Scenario(name), record["costs"], record["no_wheels"])
        for name, record in results.records.items()
        if name not in LAYERS
    }
    values = layers[TUPLE]["values"] if TUPLE in layers else {}
    return Versions(scripts, {name: record["overheads"] for name, record in layers.items()}, values)


def tables(versions: Versions, new: Container[str]) -> list[Table[Any]]:
    scripts = [script for name, script in versions.scripts.items() if name in new]
    layers = {name: sizes for name, sizes in versions.overheads.items() if name in new}
    return [*([costs(scripts), peaks(scripts)] if scripts else []), *([overheads(layers)] if layers else [])]


def blocks(versions: Versions) -> dict[str, str]:
    """Return the blocks' Markdown by marker; the peaks are those of the two sessions."""
    sessions = [script for name, script in versions.scripts.items() if "session" in name]
    models = {python: asdict(model) for python, model in versions.models.items()}
    return {
        "versions": costs(list(versions.scripts.values())).markdown(),
        "peaks": peaks(sessions).markdown(),
        "overheads-by-python": overheads(versions.overheads).markdown(),
        "crossings": crossings(versions.crossings),
        "row-model-by-python": data("row-model-by-python", models),
    }


def crossings(columns: Mapping[str, int]) -> str:
    pythons: dict[int, list[str]] = {}
    for python, count in columns.items():
        pythons.setdefault(count, []).append(python)
    parts = (f"from {count} columns on with Python {' and '.join(names)}" for count, names in pythons.items())
    return f"A Pydantic model's overhead is larger than an entity's {', '.join(parts)}."


def overheads(layers: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table[tuple[str, str]]:
    def on(python: str) -> Callable[[tuple[str, str]], str]:
        return lambda row: whole(layers[row[0]][python][row[1]])

    pythons = next(iter(layers.values()))
    rows = [(layer, count) for layer in layers for count in next(iter(layers[layer].values())) if int(count) in SHOWN]
    columns = [
        Column[tuple[str, str]]("Layer", "", lambda row: row[0], text=True),
        Column[tuple[str, str]]("Columns", "columns", lambda row: row[1]),
        *(Column[tuple[str, str]](python, python, on(python)) for python in pythons),
    ]
    return Table("A row's overhead by Python, bytes", columns, rows)


def costs(scripts: Sequence[ScriptVersions]) -> Table[ScriptVersions]:
    columns: list[Column[ScriptVersions]] = [
        script_column("Scenario", lambda script: script.scenario),
        *(column(name, lambda cost: whole(cost["per_row"])) for name in combinations(scripts)),
    ]
    note = (
        "With the lock's package versions; --wide prints those with the original's, too. -: some package has no wheel."
    )
    return Table("Bytes per row, traced", columns, scripts, note=note)


def peaks(scripts: Sequence[ScriptVersions]) -> Table[ScriptVersions]:
    """Return the traced peaks, which a terminal shows only in full."""
    columns = [
        Column[ScriptVersions]("Scenario", None, lambda script: script.scenario.title, text=True),
        *(column(name, lambda cost: mib(cost["peak"]), wide=True) for name in combinations(scripts)),
    ]
    return Table("Traced peak, MiB", columns, scripts)


def combinations(scripts: Sequence[ScriptVersions]) -> list[str]:
    """Return what the scripts ran with, by Python, the lock's packages last."""
    names = {name for script in scripts for name in (*script.costs, *script.no_wheels)}
    return sorted(names, key=lambda name: (name.partition(", ")[0], name.endswith(LOCK)))


def column(name: str, text: Callable[[CostOnPython], str], *, wide: bool = False) -> Column[ScriptVersions]:
    """Return the column of a Python and its packages; in a terminal, that of the lock's, unless it is for wide ones."""

    def cell(script: ScriptVersions) -> str:
        if name in script.costs:
            return text(script.costs[name])
        return NO_WHEELS if name in script.no_wheels else "not measured"

    short = name.removesuffix(f", {LOCK}") if name.endswith(LOCK) and not wide else None
    return Column(name, short, cell, lambda script: cell(script).replace(NO_WHEELS, "-"))


def charts(_: object) -> dict[str, str]:
    return {}
