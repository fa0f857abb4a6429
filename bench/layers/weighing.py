"""What each column of rows takes that are kept: they are dropped one after the other, while tracemalloc counts.

So what a column takes adds up to what the values take, whatever hangs on them. What its values would take in another
form is measured there, too: made of them, before they are dropped.
"""

import gc
import importlib
import json
import tracemalloc
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from itertools import chain
from sys import getsizeof
from typing import Any

from bench.layers.values import Weighed, of_row
from bench.relations.data import Relation

# What is counted of a value, by its class.
UNITS: dict[type, str] = {str: "characters", bytes: "bytes", list: "elements", dict: "keys"}
# Other forms of values: equal texts are one object; equal keys are, by msgspec or by a hook; numbers lie side by side.
SHARED, DECODED, HOOKED, PACKED = "shared", "decoded", "hooked", "packed"
# What an array of numbers is called by `array` and NumPy, by its elements' type.
CODES = {"real": "f", "double precision": "d", "smallint": "h", "integer": "i", "bigint": "q"}
# The largest integers of one and two digits, as CPython has them: https://docs.python.org/3/library/sys.html#sys.int_info
DIGIT = 30


def weigh(rows: list[Any], relation: Relation) -> list[list[Weighed]]:
    """Return what each column of each table takes. Nothing else may hold the rows; the list is empty then."""
    tables = columns_of(rows, relation)
    rows.clear()
    for _ in range(2):  # entities that refer to each other go first, then the states that SQLAlchemy has of them
        gc.collect()
    gc.freeze()  # what is there need not be looked through for each column
    weighed = [
        [drop(columns, place, column.stored) for place, column in enumerate(table.read)]
        for columns, table in zip(tables, distinct(relation), strict=True)
    ]
    gc.unfreeze()
    return weighed


def distinct(relation: Relation) -> list[Relation]:
    """Return each table that is read, once."""
    return list({table.oid: table for table in reversed(relation.tables)}.values())[::-1]


def columns_of(rows: Iterable[Any], relation: Relation) -> list[list[Sequence[Any]]]:
    """Return the columns of each table: of rows, or of entities and their children. Each object counts once."""
    if not relation.children:
        names, objects = [column.attribute for column in relation.read], {id(row): row for row in rows}
        return [list(zip(*(of_row(row, names) for row in objects.values()), strict=True))]
    tables = relation.tables
    entities: dict[int, dict[int, Any]] = {table.oid: {} for table in tables}
    left = [(row, 0) for row in rows]
    while left:
        entity, place = left.pop()
        entities[tables[place].oid][id(entity)] = entity
        for number, child in relation.children_of(place):
            below = getattr(entity, child.attribute)
            left += [(one, number) for one in (below if child.many else [below]) if one is not None]
    return [
        [tuple(getattr(entity, column.attribute) for entity in entities[table.oid].values()) for column in table.read]
        for table in distinct(relation)
    ]


def drop(columns: list[Sequence[Any]], place: int, stored: str) -> Weighed:
    weighed, other = described(columns[place], stored)
    count, own = len(columns[place]) or 1, getsizeof(columns[place])
    shared, form = dict[Any, Any](), list[Any]()
    change = change_to(other, stored, shared)
    before = traced()
    if change:
        with suppress(Exception):  # an array of NULLs, or of arrays, has no such form, nor has a number without end
            form = [change(value) for value in columns[place]]
    columns[place] = ()
    left = traced() - getsizeof(form) - getsizeof(shared)
    complete = bool(form)
    form, shared = [], {}
    change = None
    empty = traced() - getsizeof(form) - getsizeof(shared)
    weighed["size"] = (before - own - empty) / count
    if complete:
        weighed |= Weighed(form=other, saves=(before - own - left) / count)  # type: ignore[typeddict-item]
    return weighed


def traced() -> int:
    gc.collect()  # empties the free lists of built-in types
    return tracemalloc.get_traced_memory()[0]


def described(column: Sequence[Any], stored: str) -> tuple[Weighed, str]:
    """Return what a column's values are like, and the other form that they may have."""
    values = [value for value in column if value is not None]
    kinds = set(map(type, values))
    [kind] = kinds if len(kinds) == 1 else [type(None)]
    lengths = sorted(map(elements_of if kind is list else len, values)) if kind in UNITS else []
    parts = list(leaves(values)) if kind is list else values
    texts = [part for part in parts if type(part) in (str, bytes, dict)] if kind in UNITS else []
    weighed = Weighed(
        rows=len(column),
        size=0.0,
        nulls=1 - len(values) / (len(column) or 1),
        unit=UNITS.get(kind, ""),
        median=percentile(lengths, 0.5),
        high=percentile(lengths, 0.95),
        most=percentile(lengths, 1),
        length=mean(list(map(len, texts))),
        elements=mean(lengths) if kind is list else 0.0,
        trait=trait_of(parts),
        form="",
        saves=0.0,
    )
    if kind is str:
        return weighed, PACKED if is_vector(stored) else SHARED
    if kind in (list, dict) and stored in ("json", "jsonb"):
        return weighed, DECODED if find_spec("msgspec") else HOOKED
    return weighed, PACKED if kind is list and stored.removesuffix("[]") in CODES else ""


def is_vector(stored: str) -> bool:
    """Return whether it is a type of pgvector's, which is a text to psycopg until pgvector's adapter is registered."""
    return stored.partition("(")[0].rpartition(".")[2] in ("vector", "halfvec")


def change_to(form: str, stored: str, shared: dict[Any, Any]) -> Callable[[Any], Any] | None:
    """Return what makes that form of a value; `shared` has what there is once."""
    if form == SHARED:
        return lambda value: shared.setdefault(value, value)
    if form == DECODED:
        decode = importlib.import_module("msgspec.json").decode
        return lambda value: None if value is None else decode(json.dumps(value))
    if form == HOOKED:
        return lambda value: with_shared_keys(value, shared)
    return packing(stored) if form == PACKED else None


def with_shared_keys(value: Any, keys: dict[Any, Any]) -> Any:
    if type(value) is dict:
        return {keys.setdefault(key, key): with_shared_keys(part, keys) for key, part in value.items()}
    return [with_shared_keys(part, keys) for part in value] if type(value) is list else value


def packing(stored: str) -> Callable[[Any], Any]:
    """Return what makes NumPy's array of numbers, or the standard library's where NumPy is not here."""
    code = CODES.get(stored.removesuffix("[]"), "f")
    make: Callable[[Any], Any] = lambda numbers: numbers  # noqa: E731
    with suppress(ImportError):
        make = importlib.import_module("numpy").array

    def packed(value: Any) -> Any:
        if type(value) is str:
            value = map(float, value[1:-1].split(","))
        return None if value is None else make(array(code, value))

    return packed


def elements_of(value: Any) -> int:
    return sum(map(elements_of, value)) if has_more_dimensions(value) else len(value)


def leaves(values: Iterable[Any]) -> Iterator[Any]:
    return chain.from_iterable(leaves(value) if has_more_dimensions(value) else value for value in values)


def has_more_dimensions(value: Any) -> bool:
    return bool(value) and all(type(part) is list for part in value)


def trait_of(parts: Sequence[Any]) -> str:
    """Return what decides what most of these take: a text's letters, or an integer's size."""
    if parts and all(type(part) is str for part in parts):
        return "wide" if 2 * sum(not part.isascii() and max(part) > "\xff" for part in parts) > len(parts) else ""
    if parts and all(type(part) is int for part in parts):
        if all(-5 <= part <= 256 for part in parts):
            return "small"
        digits = sorted(-(-part.bit_length() // DIGIT) for part in parts)
        return str(digits[len(digits) // 2])
    return ""


def percentile(lengths: Sequence[int], share: float) -> int:
    """Return the length that so large a share of the values does not exceed; they are in order."""
    return lengths[max(0, -int(-share * len(lengths) // 1) - 1)] if lengths else 0


def mean(numbers: Sequence[int]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0
