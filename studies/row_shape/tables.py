"""The tables of the overheads, of the values, of how well they predict, and of the objects that a row consists of."""

from report.tables import Table
from runner.results import Part, Parts
from studies.row_shape import objects
from studies.row_shape.cost_model import ENTITY, MODEL, TUPLE, overhead, predicted
from studies.row_shape.shapes import KINDS, SHOWN, TABLES

# What the layers are called where there is little room.
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


def full(new: Parts, parts: Parts) -> list[Table]:
    """Return the tables of the new parts; the tuple's, to predict from, is among all the parts."""
    found = [overheads(new), values(new, parts[TUPLE]), prediction(new, parts)]
    return found + [consists(layer, new[layer]) for layer in (ENTITY, MODEL) if layer in new]


def short(new: Parts, parts: Parts) -> list[Table]:
    """Return the overheads and the values for a terminal."""
    table = overheads(new)
    columns = ["columns", *(SHORT[layer] for layer in new)]
    rows = [row[:2] for row in values(new, parts[TUPLE]).rows]
    note = "A row costs its overhead and its values. P.: Pydantic."
    return [Table(table.title, columns, table.rows), Table("And a value, bytes", ["", "B"], rows, note=note)]


def overheads(new: Parts) -> Table:
    """Return the overheads by number of columns, one column a layer."""
    rows = [[str(count), *(f"{overhead(part, count):.0f}" for part in new.values())] for count in SHOWN]
    return Table("A row's overhead by the number of its columns, bytes", ["Columns", *new], rows)


def values(new: Parts, tuples: Part) -> Table:
    """Return what a value of each kind takes: in tuples, and the least and the most of all layers."""
    rows = []
    for kind in KINDS:
        sizes = [f"{round(part['values'][kind.name]) + 0}" for part in new.values()]
        least, most = min(sizes, key=int), max(sizes, key=int)
        every = least if least == most else f"{least} to {most}"
        rows.append([kind.name, f"{round(tuples['values'][kind.name]) + 0}", every])
    return Table("What a value takes, bytes", ["Value", "In a tuple", "In every layer"], rows)


def prediction(new: Parts, parts: Parts) -> Table:
    """Return what the model of the cost predicts of a row of each table, what was measured, and the deviation."""
    columns = [f"`{name}`, {len(fields)} columns" for name, fields in TABLES.items()]
    rows = [[layer, *(_cell(parts, layer, name) for name in TABLES)] for layer in new]
    return Table("Bytes per row: predicted, measured, deviation", ["Layer", *columns], rows)


def _cell(parts: Parts, layer: str, table: str) -> str:
    foreseen, found = predicted(parts, layer, TABLES[table]), parts[layer]["tables"][table]
    deviation = round(foreseen / found - 1, 3) + 0.0  # adding zero makes no negative zero
    return f"{foreseen:.0f}, {found:.0f}, {deviation:+.1%}"


def consists(layer: str, part: Part) -> Table:
    """Return the objects that a row of a layer consists of, with the line that made each."""
    found = objects.of(part)
    rows = [[one.name, f"{one.size:.0f}", one.link] for one in found]
    rows.append(["together", f"{sum(one.size for one in found):.0f}", ""])
    return Table(f"{layer}, three columns: its objects", [layer, "Bytes", "Made at"], rows)
