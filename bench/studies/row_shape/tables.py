"""The tables of the overheads, of the values, of how well they predict, and of the objects that a row consists of."""

from collections.abc import Container, Mapping
from typing import Any

from bench.layers.model_readers import DJANGO, TORTOISE
from bench.look.tables import Column, Table, deviation
from bench.studies.row_shape import objects
from bench.studies.row_shape.figures import ENTITY, MODEL, Figures
from bench.studies.row_shape.measure import OF_EXPERIMENTS, TUPLE
from bench.studies.row_shape.objects import Object
from bench.studies.row_shape.shapes import KINDS, SHOWN, TABLES, Kind

# What the layers are called where there is little room; the others are in the wide tables.
SHORT = {
    "psycopg, tuple": "tuple",
    "psycopg, named tuple": "named",
    "psycopg, dict": "dict",
    "slots dataclass": "slots",
    "Pydantic slots dataclass": "P. slots",
    "Core row": "Core",
    "Pydantic model": "P. model",
    "ORM entity": "entity",
}
# Whose objects are told apart.
CONSISTS = (ENTITY, MODEL, DJANGO, TORTOISE)
# What is otherwise in a layer's experiment.
CHANGED = {ENTITY: "its set and its dict made later", MODEL: "one set of given fields for all"}


def tables(figures: Figures, new: Container[str]) -> list[Table[Any]]:
    """Return the tables of the new layers; the tuple's values, to predict from, are always there."""
    layers = [layer for layer in figures.layers if layer in new]
    found: list[Table[Any]] = [overheads(figures, layers), values(figures, layers)]
    if any(figures.layers[layer].tables for layer in layers):
        found.append(prediction(figures, layers))
    found += [consists(figures, layer) for layer in CONSISTS if layer in layers]
    return (
        [*found, experiments(figures, layers)] if any(figures.layers[layer].experiment for layer in layers) else found
    )


def overheads(figures: Figures, layers: list[str]) -> Table[int]:
    """Return the overheads by number of columns, one column a layer."""

    def column(layer: str) -> Column[int]:
        return Column(layer, SHORT.get(layer), lambda count: f"{figures.layers[layer].overheads[count]:.0f}")

    columns = [Column[int]("Columns", "columns", str, text=True), *map(column, layers)]
    note = "A row costs its overhead and its values. P.: Pydantic."
    return Table("A row's overhead by the number of its columns, bytes", columns, SHOWN, note=note)


def values(figures: Figures, layers: list[str]) -> Table[Kind]:
    """Return what a value of each kind takes: in tuples, and the least and the most of all layers."""

    def every(kind: Kind) -> str:
        sizes = [round(figures.layers[layer].values[kind.name]) for layer in layers]
        return f"{min(sizes)}" if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"

    columns = [
        Column[Kind]("Value", "", lambda kind: kind.name, text=True),
        Column[Kind]("In a tuple", "B", lambda kind: f"{round(figures.layers[TUPLE].values[kind.name])}"),
        Column[Kind]("In every layer", None, every),
    ]
    return Table("What a value takes, bytes", columns, KINDS)


def prediction(figures: Figures, layers: list[str]) -> Table[str]:
    """Return what the model of the cost predicts of a row of each table, what was measured, and the deviation."""

    def column(table: str) -> Column[str]:
        def cell(layer: str) -> str:
            foreseen, found = figures.predicted(layer, TABLES[table]), figures.layers[layer].tables[table]
            return f"{foreseen:.0f}, {found:.0f}, {deviation(foreseen / found - 1)}"

        return Column(f"`{table}`, {len(TABLES[table])} columns", None, cell)

    columns = [Column[str]("Layer", None, str, text=True), *map(column, TABLES)]
    return Table("Bytes per row: predicted, measured, deviation", columns, layers)


def consists(figures: Figures, layer: str) -> Table[Object]:
    """Return the objects that a row of a layer consists of, with the line that made each."""
    found = objects.of(figures.layers[layer].allocations, figures.versions)
    columns = [
        Column[Object](layer, None, lambda one: one.name, text=True),
        Column[Object]("Bytes", None, lambda one: f"{one.size:.0f}"),
        Column[Object]("Made at", None, lambda one: one.link, text=True),
    ]
    together = Object("together", sum(one.size for one in found), "", "")
    return Table(f"{layer}, three columns: its objects", columns, [*found, together])


def experiments(figures: Figures, layers: list[str]) -> Table[int]:
    """Return the overheads of the layers that have an experiment, without it and with it, by number of columns."""

    def column(title: str, overheads: Mapping[int, float]) -> Column[int]:
        return Column(title, None, lambda count: f"{overheads[count]:.0f}")

    columns = [Column[int]("Columns", None, str, text=True)]
    for layer in layers:
        if changes := figures.layers[layer].experiment:
            columns.append(column(layer, figures.layers[layer].overheads))
            columns.append(column(CHANGED[layer], changes.overheads))
    return Table("What the libraries could save: a row's overhead, bytes", columns, list(map(int, OF_EXPERIMENTS)))
