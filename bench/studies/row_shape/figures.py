"""The model of the cost: a row takes its layer's overhead and its values. In bytes per row, made of what is stored."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from statistics import median

from bench.layers import model_readers
from bench.layers.readers import LAYERS
from bench.results import Results
from bench.studies.row_shape.measure import TUPLE, WIDEST, Allocation, Changed, Layer
from bench.studies.row_shape.model import POINTER, Column, Model, rounded
from bench.studies.row_shape.shapes import ARRAY, TABLES, Field

OTHER_MODELS = tuple(model_readers.LAYERS)
NAMES = (*LAYERS, *OTHER_MODELS)
MODEL, ENTITY, DICT = "Pydantic model", "ORM entity", "psycopg, dict"


@dataclass(frozen=True)
class Shapes:
    """What rows take in one layer, in bytes: without their values, by number of columns; and a table's, by its name."""

    layer: str
    overheads: Mapping[int, float]
    values: Mapping[str, float]
    tables: Mapping[str, float]
    allocations: Sequence[Allocation]
    experiment: "Changes | None" = None
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
        found = [(size - self.tables[name]) / len(TABLES[name]) for name, size in self.peaks.items()]
        return median(found) if found else 0.0


@dataclass(frozen=True)
class Changes:
    """What rows take in an experiment, by number of columns: overheads in bytes, and the time in that without it."""

    overheads: Mapping[int, float]
    times: Mapping[int, float]


@dataclass(frozen=True)
class Figures:
    """What rows take in every layer, by its name; the versions of the packages, the Python, and the day."""

    layers: Mapping[str, Shapes]
    versions: Mapping[str, str]
    python: str = ""
    date: str = ""

    @cached_property
    def model(self) -> Model:
        """The model of the cost, rounded to a hundredth of a byte."""
        found = {name: {**layer.overheads, **layer.wide} for name, layer in self.layers.items()}
        arrays = {name: layer.values[ARRAY.name] for name, layer in self.layers.items()}
        return Model(
            sorted(found[TUPLE]),
            {name: rounded(sizes[count] for count in sorted(sizes)) for name, sizes in found.items()},
            dict(zip(self.layers[TUPLE].values, rounded(self.layers[TUPLE].values.values()), strict=True)),
            rounded([sys.getsizeof({}), *self.layers[DICT].overheads.values()]) if DICT in self.layers else (),
            [name for name, size in arrays.items() if arrays[TUPLE] - size > POINTER],
        )

    def predicted(self, layer: str, fields: Sequence[Field]) -> float:
        """Return what a row of these columns costs in a layer, as the model of the cost has it."""
        return self.model.row(layer, [Column.of(field) for field in fields])

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
        """The models of other ORMs."""
        return [layer for layer in self.layers if layer in OTHER_MODELS]

    @property
    def crossing(self) -> int:
        """From how many columns on a model's overhead is larger than an entity's."""
        model, entity = (self.layers[layer].overheads for layer in (MODEL, ENTITY))
        return max((count for count in model if model[count] <= entity[count]), default=0) + 1


def figures(results: Results) -> Figures:
    """Return the figures of what is stored."""
    header, layers = results.header, {name: of(name, record) for name, record in results.records.items()}
    return Figures(layers, header["versions"], header["python"].rpartition(" ")[2], header["date"])


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
        {int(count): record["overheads"][WIDEST] + more for count, more in record["wide"].items()},
        record["peaks"],
    )


def changes(changed: Changed) -> Changes:
    """Return one experiment's figures: each time is the median of those with it in the median of those without."""
    times = {name: median(after) / median(before) for name, (before, after) in changed["seconds"].items()}
    return Changes(by_count(changed["overheads"]), by_count(times))


def by_count(found: Mapping[str, float]) -> dict[int, float]:
    """Return what is stored by a number of columns, which is text in JSON."""
    return {int(count): value for count, value in found.items()}
