"""What a row takes in each layer, in bytes and seconds: its values, and what the layer adds to them."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from bench.errors import visible
from bench.layers.names import RECORD, TUPLE
from bench.layers.values import ALIKE, Kept
from bench.layers.weights import TableWeights, WideColumn
from bench.nouns import counted
from bench.relations.data import Relation

# So many columns are told one by one.
MOST_TOLD = 10
OTHER_VALUES = "its values are not psycopg's: "
# Nothing is told of all rows that is known of a smaller share of them; nor what took less time or memory, for then what
# is fixed, and the pieces of 1 MiB in which Python gets its memory, weigh as much as a tenth.
SHARE, SECONDS, BYTES = 0.1, 0.1, 10 * 2**20


@dataclass(frozen=True)
class Figure:
    """What so many rows take in one layer, or so many parents with their children: `rows` means either here."""

    count: int
    # Bytes of Python's memory per object that holds a row; with those outside, where columns are kept: `native`.
    traced: float
    # Bytes by which the process grew for all of the rows, and by how many at most while it read them.
    kept: int
    peak: int
    # For all of the rows.
    seconds: float
    # What the layer adds to the values, in bytes per row; or why that is not known.
    overhead: float | None = None
    no_overhead: str = ""
    # How many objects hold the rows: none where they are dropped; fewer than rows where those share a key.
    objects: int = 0
    native: bool = False
    # At the peak; and how many rows came over the wire, in how many statements, where libpq can count that.
    traced_peak: float = 0
    rows: int | None = None
    statements: int | None = None
    # Of how many the figures are, where they were multiplied; without children, of how many rows the bytes are.
    sample: int = 0

    @property
    def weighed(self) -> int:
        """How many rows were traced."""
        return self.sample or self.count

    @property
    def keeps(self) -> bool:
        return bool(self.objects or self.native)

    def kept_of(self, rows: int) -> float | None:
        """Return by how many bytes the process would grow for so many rows; None where that is not known to 10 %."""
        known = rows == self.count or (rows * SHARE <= self.count and self.kept >= BYTES)
        return self.kept * rows / self.count if known else None

    def seconds_of(self, rows: int) -> float | None:
        """Return how many seconds so many rows would take, on a machine as busy; None of too few or too short."""
        known = rows == self.count or (rows * SHARE <= self.count and self.seconds >= SECONDS)
        return self.seconds * rows / self.count if known else None


@dataclass(frozen=True)
class Figures:
    """What every layer takes, the least first; or why that is not known."""

    by_layer: Mapping[str, Figure]
    failures: Mapping[str, str] = field(default_factory=dict)
    columns: int = 0
    # Sentences on what the figures do not show.
    notes: tuple[str, ...] = ()
    # What the columns take, table by table; the one that takes half; and what layers take without it.
    weights: tuple[TableWeights, ...] = ()
    wide: WideColumn | None = None
    without: Mapping[str, Figure] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return max(figure.count for figure in self.by_layer.values())

    @property
    def values(self) -> float | None:
        """Bytes per row of the values themselves: what a plain tuple takes without the tuple."""
        if plain := self.by_layer.get(TUPLE):
            return plain.traced - sys.getsizeof((None,) * self.columns)
        return None


@dataclass(frozen=True)
class AgainstTuples:
    """The layers beside psycopg's tuples, whose values are psycopg's own: what each of them keeps of each column."""

    relation: Relation
    by_layer: Mapping[str, Figure]
    kept: Mapping[str, list[Kept]]

    def with_overhead(self, layer: str, values: float | None) -> Figure:
        """Return a layer's figure with its overhead, or with the reason why there is none.

        Where the classes of the values are psycopg's, so are they; but there may be fewer objects of them, or copies.
        """
        figure, mine, plain = self.by_layer[layer], self.kept[layer], self.kept.get(TUPLE)
        if figure.native:
            reason = "it keeps columns, and no rows"
        elif not figure.objects:
            reason = "it keeps no row"
        elif figure.objects < figure.weighed:
            reason = "its rows share objects"
        elif values is None or not plain or not mine:
            reason = f"there is no {TUPLE} to compare it with"
        elif others := list(self.other_classes(layer)):
            more = f", and {counted(len(others) - MOST_TOLD, 'column')} more" if len(others) > MOST_TOLD else ""
            reason = f"{OTHER_VALUES}{', '.join(others[:MOST_TOLD])}{more}"
        else:
            return replace(figure, overhead=figure.traced - values - self.size_of(layer) + self.size_of(TUPLE))
        return replace(figure, no_overhead=reason)

    def size_of(self, layer: str) -> float:
        """Return the mean bytes of a row's values in a layer."""
        return sum(column["size"] for column in self.kept[layer]) / self.by_layer[layer].weighed

    def other_classes(self, layer: str) -> Iterator[str]:
        """Yield each column whose values have other classes than psycopg's."""
        for column, mine, plain in zip(self.relation.read, self.kept[layer], self.kept[TUPLE], strict=True):
            if mine["classes"] != plain["classes"]:
                own = [name for name in mine["classes"] if name not in plain["classes"]]
                yield f"{visible(column.name)} is {' or '.join(own or mine['classes'])}"

    def others(self) -> dict[str, list[str]]:
        """Return the layers that read other values than the tuples, each with the columns, as far as they compare."""
        differing = {layer: self.differing(layer) for layer in self.kept if TUPLE in self.kept}
        return {layer: columns for layer, columns in differing.items() if columns}

    def differing(self, layer: str) -> list[str]:
        """Return the columns in which a layer kept other values, of those where that can be compared."""
        if self.by_layer[layer].objects < self.by_layer[layer].weighed:
            return []
        return [
            visible(column.name)
            for column, mine, plain in zip(self.relation.read, self.kept[layer], self.kept[TUPLE], strict=False)
            if mine["classes"] == plain["classes"] and (layer != RECORD or ALIKE.issuperset(mine["classes"]))
            if mine["checksum"] != plain["checksum"]
        ]


def shared_objects(by_layer: Mapping[str, Figure], row: str = "row") -> Iterator[str]:
    """Yield in which layers rows share objects, because they have the same key."""
    for layer, figure in by_layer.items():
        count, objects = figure.weighed, figure.objects
        if 0 < objects < count:
            yield (
                f"{layer}: {count:,} {row}s are {counted(objects, 'object')}, for {row}s with the same key share one: "
                f"{figure.traced:,.0f} bytes per object, {figure.traced * objects / count:,.0f} per {row}."
            )
