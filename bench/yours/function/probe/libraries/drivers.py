"""Connections of psycopg2 and asyncpg for a parameter: their classes' subclasses tell of what is executed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from bench.yours.function.probe.libraries.texts import text_of

# Told: when it began, the text, what knows of rows and columns, how it was executed, and how many were given.
Executed = Callable[[float, str, Any, dict[str, Any], "int | None"], Any]
OF_A_CURSOR = ("execute", "executemany", "copy_expert")
OF_ASYNCPG = ("execute", "executemany", "fetch", "fetchrow", "fetchval", "cursor")


def of_psycopg2(url: str, executed: Executed) -> Any:
    """Return a connection of psycopg2's; a class of cursors that the reader names tells, too."""
    psycopg2: Any = sys.modules["psycopg2"]
    kind = psycopg2.extensions.connection

    def cursor(self: Any, name: Any = None, cursor_factory: Any = None, *args: Any, **options: Any) -> Any:
        factory = cursor_factory or self.cursor_factory or psycopg2.extensions.cursor
        if isinstance(factory, type):
            factory = telling(factory, OF_A_CURSOR, executed)
        return kind.cursor(self, name, factory, *args, **options)

    return psycopg2.connect(url, connection_factory=type("connection", (kind,), {"cursor": cursor}))


def of_asyncpg(url: str, executed: Executed) -> Any:
    """Return what is awaited for a connection of asyncpg's."""
    asyncpg: Any = sys.modules["asyncpg"]
    return asyncpg.connect(url, connection_class=telling(asyncpg.Connection, OF_ASYNCPG, executed))


def telling(kind: Any, methods: tuple[str, ...], executed: Executed) -> Any:
    """Return a subclass whose methods tell of what they executed."""
    there = [name for name in methods if hasattr(kind, name)]
    return type(kind.__name__, (kind,), {name: _telling(kind, name, executed) for name in there})


def _telling(kind: Any, name: str, executed: Executed) -> Callable[..., Any]:
    import inspect

    method = getattr(kind, name)

    def tell(owner: Any, began: float, query: Any, args: tuple[Any, ...], result: Any) -> None:
        many = len(args[0]) if name == "executemany" and args and hasattr(args[0], "__len__") else None
        streamed = name == "cursor" or getattr(owner, "name", None) is not None
        seen = owner if hasattr(owner, "rowcount") else _seen_by_asyncpg(name, result)
        executed(began, text_of(query, owner), seen, {"streamed": streamed, "yield_per": None}, many)

    async def later(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        began = time.monotonic()
        result = await method(self, query, *args, **options)
        tell(self, began, query, args, result)
        return result

    def at_once(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        began = time.monotonic()
        result = method(self, query, *args, **options)
        tell(self, began, query, args, result)
        return result

    return later if inspect.iscoroutinefunction(method) else at_once


def _seen_by_asyncpg(name: str, result: Any) -> Any:
    """Return the rows and the columns as a cursor has them."""
    if name.startswith("fetch"):
        records = result if name == "fetch" else [] if result is None else [result]
        columns = len(records[0]) if records and name != "fetchval" else bool(records)
        return SimpleNamespace(rowcount=len(records), description=range(columns))
    count = str(result).rpartition(" ")[2]  # as in INSERT 0 20
    return SimpleNamespace(rowcount=int(count) if name == "execute" and count.isdecimal() else -1, description=())
