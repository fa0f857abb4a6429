"""The tables of the parts of each way to load, of how well they predict, and of the objects of a collection."""

from collections.abc import Callable, Container, Mapping
from typing import Any

from bench.look.tables import Column, Table, deviation
from bench.studies.graph_shape import objects
from bench.studies.graph_shape.families import JOINED, LAZY, SELECT_IN, SMALL_FIRST
from bench.studies.graph_shape.figures import Figures
from bench.studies.graph_shape.shapes import SHAPES
from bench.studies.row_shape.objects import OTHER, Object

# What the ways are called where there is little room.
SHORT = {SELECT_IN: "selectin", SMALL_FIRST: "small", JOINED: "joined", LAZY: "lazy"}
PARTS: dict[str, Callable[[Figures], float]] = {
    "an entity, without columns and values": lambda one: one.parts.constant,
    "each column or loaded relationship": lambda one: one.parts.attribute,
    "an entity's first collection": lambda one: one.parts.first,
    "each collection, without its places": lambda one: one.parts.collection,
    "each load that finds something": lambda one: one.parts.load,
}


def tables(figures: Mapping[str, Figures], new: Container[str]) -> list[Table[Any]]:
    """Return the tables of the new ways; predictions, where these were measured in full."""
    shown = {way: one for way, one in figures.items() if way in new}
    found: list[Table[Any]] = [parts(shown)]
    if all(one.deviations for one in shown.values()):
        found.append(prediction(shown))
    return [*found, consists(shown)]


def parts(figures: Mapping[str, Figures]) -> Table[str]:
    """Return what each part takes, one column a way to load."""

    def column(way: str) -> Column[str]:
        return Column(way, SHORT[way], lambda part: f"{PARTS[part](figures[way]):.0f}")

    columns = [Column[str]("Part", "", str, text=True), *map(column, figures)]
    note = "small: selectinload, where a small family was loaded before any other entity."
    return Table("What the parts of a family take, bytes", columns, list(PARTS), note=note)


def prediction(figures: Mapping[str, Figures]) -> Table[str]:
    """Return what the model of the cost predicts of each shape, what was measured, and the deviation."""

    def column(way: str) -> Column[str]:
        def cell(shape: str) -> str:
            one = figures[way]
            deviates = deviation(one.deviations[shape])
            return f"{one.predicted(shape):,.0f}, {one.costs[shape]['per_family']:,.0f}, {deviates}"

        return Column(way, SHORT[way], cell, lambda shape: deviation(figures[way].deviations[shape]))

    columns = [Column[str]("Family", "", str, text=True), *map(column, figures)]
    note = "By how much the prediction exceeds what was measured; --wide prints both."
    return Table("Bytes per family: predicted, measured, deviation", columns, list(SHAPES), note=note)


def consists(figures: Mapping[str, Figures]) -> Table[str]:
    """Return the objects of a family of a parent and one child, with the line that made each."""
    found = {way: objects.of(one.allocations, one.versions) for way, one in figures.items()}
    every = {name: one for ones in reversed(found.values()) for name, one in ones.items()}
    names = sorted(every, key=lambda name: (name == OTHER, -max(map(size_of(name), found.values()))))

    def column(way: str) -> Column[str]:
        return Column(way, None, lambda name: f"{size:.0f}" if (size := size_of(name)(found[way])) >= 0.5 else "")

    columns = [
        Column[str]("A parent with one child", None, str, text=True),
        *map(column, figures),
        Column[str]("Made at", None, lambda name: every[name].link, text=True),
    ]
    return Table("A parent with one child: its objects, bytes", columns, names)


def size_of(name: str) -> Callable[[Mapping[str, Object]], float]:
    """Return what tells the bytes of an object of that name."""
    return lambda found: found[name].size if name in found else 0
