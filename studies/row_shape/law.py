"""The law: a row's cost is its layer's frame and its values. All in bytes per row, made of what is stored."""

from collections.abc import Sequence
from itertools import pairwise

from runner.results import Part, Parts
from studies.row_shape.shapes import LONG_TEXT, TABLES, TEXT, Field

# Its rows are a tuple and the values: what these cost is known from it.
TUPLE = "psycopg, tuple"
MODEL, ENTITY = "Pydantic model", "ORM entity"


def frame(part: Part, columns: int) -> float:
    """Return what a layer's row takes without its values."""
    return float(part["frames"][str(columns)])


def value(parts: Parts, field: Field) -> float:
    """Return what a column's value takes on average, where NULL takes nothing; the tuple's do, so all layers' do."""
    values = parts[TUPLE]["values"]
    size = values[field.kind.name]
    if field.kind == TEXT:
        further = (values[LONG_TEXT.name] - size) / (LONG_TEXT.length - TEXT.length)  # bytes per further character
        size += (sum(field.lengths) / 2 - TEXT.length) * further
    return float(size * (1 - field.nulls / 10))


def predicted(parts: Parts, layer: str, fields: Sequence[Field]) -> float:
    """Return what a row of these columns costs in a layer, as the law has it."""
    return frame(parts[layer], len(fields)) + sum(value(parts, field) for field in fields)


def deviations(parts: Parts) -> dict[tuple[str, str], float]:
    """Return by layer and table by what share the prediction exceeds what was measured."""
    return {
        (layer, table): predicted(parts, layer, fields) / parts[layer]["tables"][table] - 1
        for layer in parts
        for table, fields in TABLES.items()
    }


def crossing(parts: Parts) -> int:
    """Return from how many columns on a model's frame is larger than an entity's."""
    counts = sorted(map(int, parts[MODEL]["frames"]))
    smaller = [count for count in counts if frame(parts[MODEL], count) <= frame(parts[ENTITY], count)]
    return max(smaller, default=0) + 1


def steps(part: Part) -> dict[int, float]:
    """Return by how many bytes a layer's frame grows with each further column."""
    counts = sorted(map(int, part["frames"]))
    return {more: frame(part, more) - frame(part, less) for less, more in pairwise(counts)}
