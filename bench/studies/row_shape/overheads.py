"""What rows of many shapes take in each layer, in bytes per row, and the model of the cost that follows."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from statistics import median

from bench.layers.names import DICT, ENTITY, MODEL, MODELS, TUPLE
from bench.studies.row_shape.measure import WIDEST, ExperimentRecord, LayerRecord, TracedAllocation
from bench.studies.row_shape.model import POINTER, CountedColumn, RowModel, rounded
from bench.studies.row_shape.shapes import ARRAY, TABLES, ShapeField

OTHER_MODELS = tuple(MODELS)


@dataclass(frozen=True)
class LayerShapes:
    """What rows take in one layer, in bytes: without their values, by number of columns; and a table's, by its name."""

    layer: str
    overheads: Mapping[int, float]
    values: Mapping[str, float]
    tables: Mapping[str, float]
    allocations: Sequence[TracedAllocation]
    experiment: "Experimental | None" = None
    # Overheads of some numbers of more columns.
    wide: Mapping[int, float] = field(default_factory=dict)
    # By how much the process grew at most for a row of a table.
    peaks: Mapping[str, float] = field(default_factory=dict)

    @property
    def steps(self) -> dict[int, float]:
        """By how many bytes the overhead grows with each further column."""
        return {more: self.overheads[more] - self.overheads[less] for less, more in pairwise(sorted(self.overheads))}

    @property
    def beyond(self) -> float:
        """What the process takes at most beyond a row's objects, in bytes per column: the median of the tables."""
        sizes = [(size - self.tables[name]) / len(TABLES[name]) for name, size in self.peaks.items()]
        return median(sizes) if sizes else 0.0


@dataclass(frozen=True)
class Experimental:
    """What rows take in an experiment, by number of columns: overheads in bytes, and the time in that without it."""

    overheads: Mapping[int, float]
    times: Mapping[int, float]


@dataclass(frozen=True)
class RowShapes:
    """What rows take in every layer, by its name; the versions of the packages, the Python, and the day."""

    layers: Mapping[str, LayerShapes]
    versions: Mapping[str, str]
    python: str = ""
    date: str = ""

    @cached_property
    def model(self) -> RowModel:
        """The model of the cost, rounded to a hundredth of a byte."""
        overheads = {name: {**layer.overheads, **layer.wide} for name, layer in self.layers.items()}
        arrays = {name: layer.values[ARRAY.name] for name, layer in self.layers.items()}
        return RowModel(
            sorted(overheads[TUPLE]),
            {name: rounded(sizes[count] for count in sorted(sizes)) for name, sizes in overheads.items()},
            dict(zip(self.layers[TUPLE].values, rounded(self.layers[TUPLE].values.values()), strict=True)),
            rounded([sys.getsizeof({}), *self.layers[DICT].overheads.values()]) if DICT in self.layers else (),
            [name for name, size in arrays.items() if arrays[TUPLE] - size > POINTER],
        )

    def predicted(self, layer: str, fields: Sequence[ShapeField]) -> float:
        return self.model.row(layer, [CountedColumn.of(field) for field in fields])

    @property
    def deviations(self) -> dict[tuple[str, str], float]:
        """By layer and table, by what share the prediction exceeds what was measured."""
        return {
            (name, table): self.predicted(name, TABLES[table]) / size - 1
            for name, layer in self.layers.items()
            for table, size in layer.tables.items()
        }

    @property
    def own(self) -> list[str]:
        """The layers that are psycopg's, SQLAlchemy's, Pydantic's and the standard library's."""
        return [layer for layer in self.layers if layer not in OTHER_MODELS]

    @property
    def others(self) -> list[str]:
        return [layer for layer in self.layers if layer in OTHER_MODELS]

    @property
    def crossing(self) -> int:
        """From how many columns on a model's overhead is larger than an entity's."""
        model, entity = (self.layers[layer].overheads for layer in (MODEL, ENTITY))
        return max((count for count in model if model[count] <= entity[count]), default=0) + 1


def shapes_of_layer(name: str, record: LayerRecord) -> LayerShapes:
    changed = record.get("experiment")
    return LayerShapes(
        name,
        by_count(record["overheads"]),
        record["values"],
        record["tables"],
        record["allocations"],
        changes(changed) if changed else None,
        {int(count): record["overheads"][WIDEST] + more for count, more in record["wide"].items()},
        record["peaks"],
    )


def changes(changed: ExperimentRecord) -> Experimental:
    """Return one experiment's figures: each time is the median of those with it in the median of those without."""
    times = {name: median(after) / median(before) for name, (before, after) in changed["seconds"].items()}
    return Experimental(by_count(changed["overheads"]), by_count(times))


def by_count(stored: Mapping[str, float]) -> dict[int, float]:
    """Return what is stored by a number of columns, which is text in JSON."""
    return {int(count): value for count, value in stored.items()}
