"""The tables of the overheads, of the values, of how well they predict, and of the objects that a row consists of."""

from collections.abc import Mapping

from bench.layers.names import CORE, DICT, DJANGO, ENTITY, MODEL, SLOTS, TORTOISE, TUPLE, VALIDATED
from bench.look.tables import Column, Table, deviation, whole
from bench.studies.row_shape import objects
from bench.studies.row_shape.measure import OF_EXPERIMENTS
from bench.studies.row_shape.model import NAMES
from bench.studies.row_shape.objects import Object
from bench.studies.row_shape.overheads import RowShapes
from bench.studies.row_shape.shapes import BIGINT, INTEGER, KINDS, LARGE, SHOWN, TABLES, Kind

# What the layers are called where there is little room; the others are in the wide tables.
SHORT = {
    TUPLE: "tuple",
    "psycopg, named tuple": "named",
    DICT: "dict",
    SLOTS: "slots",
    VALIDATED: "P. slots",
    CORE: "Core",
    MODEL: "P. model",
    ENTITY: "entity",
}
# Whose digits decide, as psycopg reads them; the names that are stored tell of the bits.
INTEGERS = (INTEGER, BIGINT, LARGE)
# Whose objects are told apart.
CONSISTS = (ENTITY, MODEL, DJANGO, TORTOISE)
# What is otherwise in a layer's experiment.
CHANGED = {ENTITY: "its set and its dict made later", MODEL: "one set of given fields for all"}


def overheads(shapes: RowShapes, layers: list[str]) -> Table[int]:
    def column(layer: str) -> Column[int]:
        return Column(layer, SHORT.get(layer), lambda count: whole(shapes.layers[layer].overheads[count]))

    columns = [Column[int]("Columns", "columns", str, text=True), *map(column, layers)]
    note = "A row costs its overhead and its values. P.: Pydantic."
    return Table("A row's overhead by the number of its columns, bytes", columns, SHOWN, note=note)


def values(shapes: RowShapes, layers: list[str]) -> Table[Kind]:
    """Return what a value of each kind takes: in tuples, and the least and the most of all layers."""

    def every(kind: Kind) -> str:
        sizes = [shapes.layers[layer].values[kind.name] for layer in layers]
        return " to ".join(dict.fromkeys(map(whole, (min(sizes), max(sizes)))))

    columns = [
        Column[Kind]("Value", "", lambda kind: NAMES[kind] if kind in INTEGERS else kind.name, text=True),
        Column[Kind]("In a tuple", "B", lambda kind: whole(shapes.layers[TUPLE].values[kind.name])),
        Column[Kind]("In every layer", None, every),
    ]
    return Table("What a value takes, bytes", columns, KINDS)


def prediction(shapes: RowShapes, layers: list[str]) -> Table[str]:
    def column(table: str) -> Column[str]:
        def cell(layer: str) -> str:
            foreseen, measured = shapes.predicted(layer, TABLES[table]), shapes.layers[layer].tables[table]
            return f"{whole(foreseen)}; {whole(measured)}; {deviation(foreseen / measured - 1)}"

        return Column(f"`{table}`, {len(TABLES[table])} columns", None, cell)

    columns = [Column[str]("Layer", None, str, text=True), *map(column, TABLES)]
    return Table("Bytes per row: predicted; measured; deviation", columns, layers)


def consists(shapes: RowShapes, layer: str) -> Table[Object]:
    parts = objects.of(shapes.layers[layer].allocations, shapes.versions)
    columns = [
        Column[Object](layer, None, lambda part: part.name, text=True),
        Column[Object]("Bytes", None, lambda part: whole(part.size)),
        Column[Object]("Made at", None, lambda part: part.link, text=True),
    ]
    together = Object("together", sum(part.size for part in parts), "", "")
    return Table(f"{layer}, three columns: its objects", columns, [*parts, together])


def experiments(shapes: RowShapes, layers: list[str]) -> Table[int]:
    def column(title: str, overheads: Mapping[int, float]) -> Column[int]:
        return Column(title, None, lambda count: whole(overheads[count]))

    columns = [Column[int]("Columns", None, str, text=True)]
    for layer in layers:
        if changes := shapes.layers[layer].experiment:
            columns.append(column(layer, shapes.layers[layer].overheads))
            columns.append(column(CHANGED[layer], changes.overheads))
    return Table("What the libraries could save: a row's overhead, bytes", columns, list(map(int, OF_EXPERIMENTS)))
