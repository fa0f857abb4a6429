"""A cursor that tells the rows which it hands out, and what their values take."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from bench.yours.function.probe.objects import size_of

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


def sizes_of(row: Any) -> list[int]:
    """Return what each of a row's values takes, in bytes; no value is kept."""
    kind = type(row)  # which may have methods and fields of its own, of any name
    if issubclass(kind, dict):
        return [size_of(value) for value in dict.values(row)]
    plain: Any = next((plain for plain in (tuple, list, *_records()) if issubclass(kind, plain)), None)
    return [size_of(value) for value in (plain.__iter__(row) if plain else [row])]


def _records() -> tuple[type, ...]:
    asyncpg = sys.modules.get("asyncpg")
    return (asyncpg.Record,) if asyncpg and hasattr(asyncpg, "Record") else ()
