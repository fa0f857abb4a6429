"""A cursor that tells the rows which it hands out, and what their values take."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

from bench.yours.function.probe.objects import sample, size_of

OWN = ("counted", "_told")
# The methods that give a list of rows.
MANY = ("fetch", "fetchmany", "fetchall")


class CountedCursor:
    """A cursor whose rows are told; in all else it is the cursor that it has."""

    def __init__(self, cursor: Any, told: Callable[[list[Any]], None]) -> None:
        """Let this cursor's rows be told."""
        self.counted, self._told = cursor, told

    def __getattr__(self, name: str) -> Any:
        return getattr(self.counted, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in OWN:
            object.__setattr__(self, name, value)
        else:
            setattr(self.counted, name, value)

    # Who asks whether it is a cursor is told so.
    __class__ = property(lambda self: type(self.counted))

    def __next__(self) -> Any:
        row = next(self.counted)
        self._told([row])
        return row

    def __iter__(self) -> Iterator[Any]:
        for row in self.counted:
            self._told([row])
            yield row

    def fetchone(self, *args: Any, **options: Any) -> Any:
        """Tell the row, if there is one."""
        row = self.counted.fetchone(*args, **options)
        if row is not None:
            self._told([row])
        return row

    def fetchmany(self, *args: Any, **options: Any) -> Any:
        """Tell these rows."""
        rows = self.counted.fetchmany(*args, **options)
        self._told(rows)
        return rows

    def fetchall(self, *args: Any, **options: Any) -> Any:
        """Tell the rest."""
        rows = self.counted.fetchall(*args, **options)
        self._told(rows)
        return rows


def rows_of(name: str, result: Any) -> Any:
    """Return the rows that a method of this name gave; a row may be a list itself."""
    return [] if result is None else result if name in MANY else [result]


def in_memory(arguments: Any) -> int:
    """Return how much was written by then into buffers that are among the arguments."""
    return sum(one.tell() for one in arguments if type(one) in (io.StringIO, io.BytesIO) and not one.closed)


def given_of(rows: Any) -> tuple[int, int]:
    """Return how many rows a list has that is to be written, and what they take, by some of them, in bytes."""
    if type(rows) not in (list, tuple) or not rows:
        return 0, 0
    some, seen = sample(rows), set[int]()
    return len(rows), sum(size_of(row, seen) for row in some) * len(rows) // len(some)


def sizes_of(row: Any, members: dict[int, list[Any]]) -> list[int]:
    """Return what each of a row's values takes, in bytes; no value is kept, and what a class has, in `members`."""
    kind = type(row)  # which may have methods and fields of its own, of any name
    if issubclass(kind, dict):
        return [size_of(value) for value in dict.values(row)]
    plain: Any = next((plain for plain in (tuple, list, *_records()) if issubclass(kind, plain)), None)
    if plain:
        return [size_of(value) for value in plain.__iter__(row)]
    return [sum(map(size_of, _fields(row, members) or [row]))]  # which come in an order of their own


def _fields(row: Any, members: dict[int, list[Any]]) -> list[Any]:
    """Return what an object's dict and slots have, without a method of its own."""
    kind: Any = type(row)
    if issubclass(kind, type):  # a class is one value
        return []
    if id(kind) not in members:
        names = map(type.__dict__["__dict__"].__get__, type.mro(kind)[:-1])
        named = [one for of_base in names for one in of_base.items()]
        slots = [one for _, one in named if type(one) is MemberDescriptorType]
        dicts = [one for name, one in named if name == "__dict__" and type(one) is GetSetDescriptorType]
        members[id(kind)] = [*slots, *dicts]
    fields: list[Any] = []
    for member in members[id(kind)]:
        with suppress(AttributeError):  # a slot that has no value
            value = member.__get__(row)
            fields += dict.values(value) if type(member) is GetSetDescriptorType and type(value) is dict else [value]
    return fields


def _records() -> tuple[type, ...]:
    asyncpg = sys.modules.get("asyncpg")
    return (asyncpg.Record,) if asyncpg and hasattr(asyncpg, "Record") else ()
