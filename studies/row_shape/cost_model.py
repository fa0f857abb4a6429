"""The model of the cost: a row takes its layer's overhead and its values. In bytes per row, made of what is stored."""

from collections.abc import Sequence
from itertools import pairwise

from runner.results import Part, Parts
from studies.row_shape.shapes import LONG_TEXT, TABLES, TEXT, Field

# Its rows are a tuple and the values: what these cost is known from it.
TUPLE = "psycopg, tuple"
MODEL, ENTITY = "Pydantic model", "ORM entity"


def overhead(part: Part, columns: int) -> float:
    """Return what a layer's row takes without its values."""
    return float(part["overheads"][str(columns)])


def value(parts: Parts, field: Field) -> float:
    """Return what a column's value takes on average, where NULL takes nothing; the tuple's do, so all layers' do."""
    values = parts[TUPLE]["values"]
    size = values[field.kind.name]
    if field.kind == TEXT:
        further = (values[LONG_TEXT.name] - size) / (LONG_TEXT.length - TEXT.length)  # bytes per further character
        size += (sum(field.lengths) / 2 - TEXT.length) * further
    return float(size * (1 - field.nulls / 10))


def predicted(parts: Parts, layer: str, fields: Sequence[Field]) -> float:
    """Return what a row of these columns costs in a layer, as the model of the cost has it."""
    return overhead(parts[layer], len(fields)) + sum(value(parts, field) for field in fields)


def deviations(parts: Parts) -> dict[tuple[str, str], float]:
    """Return by layer and table by what share the prediction exceeds what was measured."""
    return {
        (layer, table): predicted(parts, layer, fields) / parts[layer]["tables"][table] - 1
        for layer in parts
        for table, fields in TABLES.items()
    }


def crossing(parts: Parts) -> int:
    """Return from how many columns on a model's overhead is larger than an entity's."""
    counts = sorted(map(int, parts[MODEL]["overheads"]))
    smaller = [count for count in counts if overhead(parts[MODEL], count) <= overhead(parts[ENTITY], count)]
    return max(smaller, default=0) + 1


def steps(part: Part) -> dict[int, float]:
    """Return by how many bytes a layer's overhead grows with each further column."""
    counts = sorted(map(int, part["overheads"]))
    return {more: overhead(part, more) - overhead(part, less) for less, more in pairwise(counts)}
