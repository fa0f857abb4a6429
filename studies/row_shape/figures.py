"""The model of the cost: a row takes its layer's overhead and its values. In bytes per row, made of what is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from layers.readers import LAYERS
from runner.results import Results
from studies.row_shape.measure import TUPLE, Allocation, Changed, Layer
from studies.row_shape.shapes import LONG_TEXT, TABLES, TEXT, Field

NAMES = tuple(LAYERS)
MODEL, ENTITY = "Pydantic model", "ORM entity"


@dataclass(frozen=True)
class Shapes:
    """What rows take in one layer, in bytes: without their values, by number of columns; and a table's, by its name."""

    layer: str
    overheads: Mapping[int, float]
    values: Mapping[str, float]
    tables: Mapping[str, float]
    allocations: Sequence[Allocation]
    experiment: "Changes | None" = None

    @property
    def steps(self) -> dict[int, float]:
        """By how many bytes the overhead grows with each further column."""
        return {more: self.overheads[more] - self.overheads[less] for less, more in pairwise(sorted(self.overheads))}


@dataclass(frozen=True)
class Changes:
    """What rows take in an experiment, by number of columns: overheads in bytes, and the time in that without it."""

    overheads: Mapping[int, float]
    times: Mapping[int, float]


@dataclass(frozen=True)
class Figures:
    """What rows take in every layer, by its name, and the versions of the packages."""

    layers: Mapping[str, Shapes]
    versions: Mapping[str, str]

    def value(self, field: Field) -> float:
        """Return what a column's value takes on average, where NULL takes nothing, in tuples, and so in every layer."""
        values = self.layers[TUPLE].values
        size = values[field.kind.name]
        if field.kind == TEXT:
            further = (values[LONG_TEXT.name] - size) / (LONG_TEXT.length - TEXT.length)  # bytes per further character
            size += (sum(field.lengths) / 2 - TEXT.length) * further
        return size * (1 - field.nulls / 10)

    def predicted(self, layer: str, fields: Sequence[Field]) -> float:
        """Return what a row of these columns costs in a layer, as the model of the cost has it."""
        return self.layers[layer].overheads[len(fields)] + sum(map(self.value, fields))

    @property
    def deviations(self) -> dict[tuple[str, str], float]:
        """By layer and table, by what share the prediction exceeds what was measured."""
        return {
            (name, table): self.predicted(name, TABLES[table]) / size - 1
            for name, layer in self.layers.items()
            for table, size in layer.tables.items()
        }

    @property
    def crossing(self) -> int:
        """From how many columns on a model's overhead is larger than an entity's."""
        model, entity = (self.layers[layer].overheads for layer in (MODEL, ENTITY))
        return max((count for count in model if model[count] <= entity[count]), default=0) + 1


def figures(results: Results) -> Figures:
    """Return the figures of what is stored."""
    return Figures({name: of(name, record) for name, record in results.records.items()}, results.header["versions"])


def of(name: str, record: Layer) -> Shapes:
    """Return one layer's figures."""
    changed = record.get("experiment")
    return Shapes(
        name,
        by_count(record["overheads"]),
        record["values"],
        record["tables"],
        record["allocations"],
        changes(changed) if changed else None,
    )


def changes(changed: Changed) -> Changes:
    """Return one experiment's figures: each time is the median of those with it in the median of those without."""
    times = {name: median(after) / median(before) for name, (before, after) in changed["seconds"].items()}
    return Changes(by_count(changed["overheads"]), by_count(times))


def by_count(found: Mapping[str, float]) -> dict[int, float]:
    """Return what is stored by a number of columns, which is text in JSON."""
    return {int(count): value for count, value in found.items()}
