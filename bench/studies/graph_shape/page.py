"""What the page shows of families: the parts of each way to load, how well they predict, and a collection's objects."""

from collections.abc import Callable, Container, Mapping
from dataclasses import asdict, replace
from typing import Any

from bench.look.blocks import data
from bench.look.tables import Column, Table, deviation, whole
from bench.results import Results
from bench.studies.graph_shape import objects
from bench.studies.graph_shape.families import JOINED, LATE, LAZY, SELECT_IN, SMALL_FIRST, WAYS
from bench.studies.graph_shape.model import Parts
from bench.studies.graph_shape.parts import LoadedFamilies, parts_of
from bench.studies.graph_shape.shapes import SHAPES
from bench.studies.row_shape.objects import OTHER, Object

NAMES = tuple(WAYS)
# What the ways are called where there is little room.
SHORT = {SELECT_IN: "selectin", SMALL_FIRST: "small", JOINED: "joined", LAZY: "lazy"}
PARTS: dict[str, Callable[[Parts], float]] = {
    "an entity, without columns and values": lambda parts: parts.constant,
    "each column or loaded relationship": lambda parts: parts.attribute,
    "an entity's first collection": lambda parts: parts.first,
    "each collection, without its places": lambda parts: parts.collection,
    "each load that finds something": lambda parts: parts.load,
}


def figures(results: Results) -> dict[str, LoadedFamilies]:
    inline = results.header["python"].removeprefix("CPython ") >= "3.13"
    return {
        way: LoadedFamilies(
            way,
            parts_of(record["costs"], way in LATE, inline),
            record["costs"],
            record["allocations"],
            results.header["versions"],
        )
        for way, record in results.records.items()
    }


def tables(ways: Mapping[str, LoadedFamilies], new: Container[str]) -> list[Table[Any]]:
    """Return the tables of the new ways; predictions, where these were measured in full."""
    shown = {way: families for way, families in ways.items() if way in new}
    predicted = all(families.deviations for families in shown.values())
    return [parts_table(shown), *([prediction(shown)] if predicted else []), consists(shown)]


def blocks(ways: Mapping[str, LoadedFamilies]) -> dict[str, str]:
    published = {way: asdict(published_parts(families.parts)) for way, families in ways.items()}
    return {
        "graph-parts": parts_table(ways).markdown(),
        "graph-prediction": f"{worst(ways)}\n\n{prediction(ways).markdown()}",
        "graph-objects": consists(ways).markdown(),
        "graph-model": data("graph-model", published),
    }


def published_parts(parts: Parts) -> Parts:
    """Return the parts of a way to load, rounded to a thousandth of a byte."""
    sizes = {name: size for name, size in asdict(parts).items() if not isinstance(size, bool)}
    return replace(parts, **{name: round(size, 3) for name, size in sizes.items()})


def worst(ways: Mapping[str, LoadedFamilies]) -> str:
    off = max(abs(share) for families in ways.values() for share in families.deviations.values())
    return f"The prediction is off by {off:.1%} at most. Bytes per family: predicted; measured; deviation."


def parts_table(ways: Mapping[str, LoadedFamilies]) -> Table[str]:
    def column(way: str) -> Column[str]:
        return Column(way, SHORT[way], lambda part: whole(PARTS[part](ways[way].parts)))

    columns = [Column[str]("Part", "", str, text=True), *map(column, ways)]
    note = "small: selectinload, where a small family was loaded before any other entity."
    return Table("What the parts of a family take, bytes", columns, list(PARTS), note=note)


def prediction(ways: Mapping[str, LoadedFamilies]) -> Table[str]:
    def column(way: str) -> Column[str]:
        families = ways[way]

        def short(shape: str) -> str:
            return deviation(families.deviations[shape])

        def cell(shape: str) -> str:
            measured = families.costs[shape]["per_family"]
            return f"{whole(families.predicted(shape))}; {whole(measured)}; {short(shape)}"

        return Column(way, SHORT[way], cell, short)

    columns = [Column[str]("Family", "", str, text=True), *map(column, ways)]
    note = "By how much the prediction exceeds what was measured; --wide prints both."
    return Table("Bytes per family: predicted; measured; deviation", columns, list(SHAPES), note=note)


def consists(ways: Mapping[str, LoadedFamilies]) -> Table[str]:
    parts = {way: objects.of(families.allocations, families.versions) for way, families in ways.items()}
    every = {name: part for named in reversed(parts.values()) for name, part in named.items()}
    names = sorted(every, key=lambda name: (name == OTHER, -max(size(named, name) for named in parts.values())))

    def column(way: str) -> Column[str]:
        return Column(way, None, lambda name: whole(size(parts[way], name)) if size(parts[way], name) >= 0.5 else "")

    columns = [
        Column[str]("A parent with one child", None, str, text=True),
        *map(column, ways),
        Column[str]("Made at", None, lambda name: every[name].link, text=True),
    ]
    return Table("A parent with one child: its objects, bytes", columns, names)


def size(parts: Mapping[str, Object], name: str) -> float:
    return parts[name].size if name in parts else 0


def charts(_: object) -> dict[str, str]:
    return {}
