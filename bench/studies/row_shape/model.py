"""The model of the cost: what a row of any columns takes in each layer. `docs/index.html` does the same arithmetic.

A row takes its layer's overhead, which depends on the number of columns, and its values. Both are sums of what was
measured; what lies between two measured numbers of columns, or lengths, lies on the line between them.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.studies.row_shape import shapes
from bench.studies.row_shape.shapes import ARRAY, CHARACTER, JSON, TEXT, Kind, ShapeField

POINTER = 8
# What the array that was measured has: so many texts of so many characters. And the members of the object.
ELEMENTS, CHARACTERS, MEMBERS = 2, 6, 2
# What a vector has where its type does not say it: as many as common models of texts give.
EMBEDDING = 1536


@dataclass(frozen=True)
class Rule:
    """Values whose cost follows from what was measured: of one kind, or of two lengths."""

    measured: Kind
    longer: Kind | None = None
    # What their length is counted in; nothing, where all cost the same.
    unit: str = ""
    # What length they have where nobody says it.
    usual: int = 0


RULES = {
    "boolean": Rule(shapes.BOOLEAN),
    "integer from -5 to 256": Rule(shapes.SMALL),
    "integer of up to 9 digits": Rule(shapes.INTEGER),
    "integer of 10 to 18 digits": Rule(shapes.BIGINT),
    "integer of 19 digits": Rule(shapes.LARGE),
    "double precision": Rule(shapes.DOUBLE),
    "numeric": Rule(shapes.NUMERIC),
    "text": Rule(TEXT, shapes.LONG_TEXT, "characters", TEXT.length),
    "text beyond Latin-1": Rule(shapes.CYRILLIC_TEXT, shapes.LONG_CYRILLIC_TEXT, "characters", TEXT.length),
    "bytea": Rule(shapes.BYTES, shapes.LONG_BYTES, "bytes", shapes.BYTES.length),
    "timestamptz": Rule(shapes.TIME),
    "timestamp": Rule(shapes.TIMESTAMP),
    "date": Rule(shapes.DATE),
    "time": Rule(shapes.CLOCK),
    "interval": Rule(shapes.INTERVAL),
    "uuid": Rule(shapes.UUID),
    "inet": Rule(shapes.INET),
    "jsonb": Rule(JSON, None, "members", MEMBERS),
    "numpy array of 4-byte numbers": Rule(shapes.VECTOR, shapes.LONG_VECTOR, "numbers", EMBEDDING),
}
NAMES = {rule.measured: name for name, rule in RULES.items()}


@dataclass(frozen=True)
class CountedColumn:
    """A column: its values' rule by name, their mean length, and the share of NULLs; of arrays, how many elements."""

    rule: str
    length: float = 0
    elements: int | None = None
    nulls: float = 0

    @classmethod
    def of(cls, field: ShapeField) -> "CountedColumn":
        if field.kind == ARRAY:
            return cls(NAMES[TEXT], CHARACTERS, ELEMENTS, field.nulls / 10)
        length = sum(field.lengths) / 2 if field.kind == TEXT else RULES[NAMES[field.kind]].usual
        return cls(NAMES[field.kind], length, None, field.nulls / 10)


@dataclass(frozen=True)
class RowModel:
    """What was measured on one Python, in bytes: each layer's overheads by these numbers of columns, and the values."""

    columns: Sequence[int]
    overheads: Mapping[str, Sequence[float]]
    values: Mapping[str, float]
    # What a dict takes by the number of its keys, from none on; as large on every Python.
    dicts: Sequence[float]
    # The layers that copy lists, so that these have no room to grow.
    copying: Sequence[str] = ()

    def row(self, layer: str, columns: Sequence[CountedColumn]) -> float:
        size = self.overhead(layer, len(columns))
        for column in columns:  # not `sum`, which rounds otherwise from Python 3.12 on than a script of a page does
            size += self.value(column, layer)
        return size

    def overhead(self, layer: str, count: int) -> float:
        sizes, place = self.overheads[layer], bisect_left(self.columns, count)
        if place == len(sizes):
            return sizes[-1] + (count - self.columns[-1]) * POINTER
        if self.columns[place] == count:
            return sizes[place]
        less, more = self.columns[place - 1], self.columns[place]
        return sizes[place - 1] + (count - less) * ((sizes[place] - sizes[place - 1]) / (more - less))

    def value(self, column: CountedColumn, layer: str) -> float:
        """Return what a column's value takes in a layer on average; NULL takes nothing."""
        size = self.scalar(column.rule, column.length)
        if column.elements is not None:
            places = column.elements if layer in self.copying else room(column.elements)
            size = self.list_of(places) + column.elements * size
        return size * (1 - column.nulls)

    def scalar(self, name: str, length: float) -> float:
        """Return what a value of such a length takes that is no array."""
        rule = RULES[name]
        size = self.values[rule.measured.name]
        if rule.measured == JSON:
            return self.dict_of(length) + length * ((size - self.dict_of(MEMBERS)) / MEMBERS)
        if not rule.longer:
            return size
        if length <= CHARACTER.length and rule.measured not in shapes.VECTORS:
            return self.values[CHARACTER.name]
        each = (self.values[rule.longer.name] - size) / (rule.longer.length - rule.measured.length)
        return size + (length - rule.measured.length) * each

    def dict_of(self, members: float) -> float:
        """Return what a dict of so many keys takes, without these; of more than were measured, as much a key."""
        place = round(members)
        last = len(self.dicts) - 1
        return self.dicts[place] if place <= last else self.dicts[last] / last * place

    def list_of(self, places: int) -> float:
        """Return what a list takes that has room for so many elements, without these."""
        measured = self.values[ARRAY.name] - ELEMENTS * self.scalar(NAMES[TEXT], CHARACTERS)
        return measured + (places - room(ELEMENTS)) * POINTER


def room(elements: int) -> int:
    """Return how many elements a list has room for that grew to so many, one by one.

    https://github.com/python/cpython/blob/v3.12.1/Objects/listobject.c (`list_resize`)
    """
    places = 0
    while places < elements:
        grown = places + 1
        places = (grown + (grown >> 3) + 6) & ~3
    return places


def rounded(sizes: Iterable[float]) -> list[float]:
    return [round(size, 2) for size in sizes]
