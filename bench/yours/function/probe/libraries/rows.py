"""A cursor that tells the rows which it hands out, and what their values take."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import MemberDescriptorType
from typing import Any

from bench.yours.function.probe.objects import sample, size_of

OWN = ("counted", "_told")
# The methods that give a list of rows.
MANY = ("fetch", "fetchmany", "fetchall")
# The slots of each class of rows, by the class's number: its own hash may be the reader's.
_SLOTS: dict[int, tuple[type, list[Any]]] = {}


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
    some = sample(rows)
    return len(rows), sum(map(size_of, some)) * len(rows) // len(some)


def sizes_of(row: Any) -> list[int]:
    """Return what each of a row's values takes, in bytes; no value is kept."""
    kind = type(row)  # which may have methods and fields of its own, of any name
    if issubclass(kind, dict):
        return [size_of(value) for value in dict.values(row)]
    plain: Any = next((plain for plain in (tuple, list, *_records()) if issubclass(kind, plain)), None)
    if plain:
        return [size_of(value) for value in plain.__iter__(row)]
    return [sum(map(size_of, _fields(row) or [row]))]  # which come in an order of their own


def _fields(row: Any) -> list[Any]:
    """Return what an object's dict and slots have, without a method of its own."""
    kind: Any = type(row)
    fields: list[Any] = []
    if id(kind) not in _SLOTS:
        members = [
            member for base in type.mro(kind)[:-1] for member in type.__dict__["__dict__"].__get__(base).values()
        ]
        _SLOTS[id(kind)] = kind, [member for member in members if type(member) is MemberDescriptorType]
    for slot in _SLOTS[id(kind)][1]:
        with suppress(AttributeError):  # one that has no value
            fields.append(slot.__get__(row))
    with suppress(AttributeError):
        fields += dict.values(object.__getattribute__(row, "__dict__"))
    return fields


def _records() -> tuple[type, ...]:
    asyncpg = sys.modules.get("asyncpg")
    return (asyncpg.Record,) if asyncpg and hasattr(asyncpg, "Record") else ()
