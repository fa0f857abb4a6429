"""What a layer keeps of each column: whether its values are psycopg's own, and whether all read the same rows."""

import sys
import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from operator import attrgetter
from typing import Any, TypedDict

# What is looked into: what it contains may be a layer's own where it is not.
CONTAINERS = (list, tuple, dict, set, frozenset)
# The classes whose values every driver reads alike; others differ in a float's last digits, or in a year's days.
ALIKE = frozenset(
    ("int", "str", "bool", "bytes", "datetime.date", "datetime.datetime", "decimal.Decimal", "list", "NoneType")
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Rounds nothing: https://docs.python.org/3/library/decimal.html#decimal.MAX_PREC
EXACTLY = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX)


class Kept(TypedDict):
    """What is kept of one column: the classes, those in containers included; the objects' bytes; and a checksum.

    Each object counts once: one layer keeps a text for each row, another the same one for all. And a list that grew has
    room to spare, which its copy has not.
    """

    classes: list[str]
    size: int
    checksum: int


def of_rows(rows: Iterable[object], attributes: Sequence[str]) -> list[Kept]:
    return [of_column(column) for column in zip(*(of_row(row, attributes) for row in rows), strict=True)]


def of_row(row: Any, attributes: Sequence[str]) -> Sequence[object]:
    if isinstance(row, dict):
        return tuple(row.values())
    if hasattr(row, "__getitem__") and hasattr(row, "__iter__"):  # tuples of all kinds, and asyncpg's records
        return tuple(row)
    return tuple(attrgetter(name)(row) for name in attributes)


def of_column(column: Sequence[object]) -> Kept:
    checksum = 0
    for value in column:
        checksum = zlib.crc32(repr(plain(value)).encode(), checksum)
    objects = {id(value): value for value in column}
    left: list[Any] = [value for value in objects.values() if type(value) in CONTAINERS]
    while left:
        container = left.pop()
        inside = [*container, *container.values()] if isinstance(container, dict) else container
        new = {id(value): value for value in inside if id(value) not in objects}
        objects |= new
        left += [value for value in new.values() if type(value) in CONTAINERS]
    classes = sorted(map(name_of, set(map(type, objects.values()))))
    return Kept(classes=classes, size=sum(map(sys.getsizeof, objects.values())), checksum=checksum)


def plain(value: Any) -> object:
    """Return what equal values have in common, however each is spelled: `1E+4` and `10000`, or two zones' same moment.

    What says only where it lies in memory is told by its class alone.
    """
    kind: Any = type(value)
    if kind is Decimal:
        return EXACTLY.normalize(value) if value else 0
    if kind is float:
        return value or 0.0
    if kind is datetime and value.tzinfo:
        return value - EPOCH
    if kind in (list, tuple):
        return [plain(part) for part in value]
    if kind is dict:
        return sorted((repr(plain(key)), plain(part)) for key, part in value.items())
    if kind in (set, frozenset):
        return sorted(repr(plain(part)) for part in value)
    return name_of(kind) if kind.__repr__ is object.__repr__ else value


def name_of(kind: type) -> str:
    """Return a class's name, with that of its module where it is not built in."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


class Weighed(TypedDict):
    """What one column takes: bytes in each of so many rows, the share of NULLs, and how long its other values are.

    `unit` is what lengths count, if these values have one. `length` is the mean (of arrays, that of their elements),
    `elements` the mean number of them. `form` is another one of the values, and `saves` what that saves, in bytes in
    each row. `trait` is what decides what most of its texts or integers take.
    """

    rows: int
    size: float
    nulls: float
    unit: str
    median: int
    high: int
    most: int
    length: float
    elements: float
    trait: str
    form: str
    saves: float


class Taken(TypedDict, total=False):
    """What rows take in one process: how many they are, how many objects hold them, and all of their bytes and seconds.

    `kept` and `peak` are the process's: by how much it grew, and by how much at most while it read. `traced`, and
    what is kept of each column, are there with tracemalloc alone, as is `traced_peak`; `native` lies outside Python.
    `weighed` is what each column takes, table by table, where that is asked for. `statements`, and the `wire_rows` that
    the server sent, are there where libpq counted them.
    """

    count: int
    objects: int
    seconds: float
    kept: int
    peak: int
    traced: int
    traced_peak: int
    statements: int
    wire_rows: int
    native: int
    columns: list[Kept]
    weighed: list[list[Weighed]]
