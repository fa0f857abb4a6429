"""Connections of psycopg2 and asyncpg for a parameter: their classes' subclasses tell of what is executed and read."""

from __future__ import annotations

import sys
from functools import partial
from types import SimpleNamespace
from typing import Any

from bench.yours.function.probe.libraries.statements import Moment, Statements
from bench.yours.function.probe.libraries.texts import text_of
from bench.yours.function.probe.libraries.wrapping import around, iterated

OF_A_CURSOR = ("execute", "executemany", "copy_expert")
FETCHES = ("fetchone", "fetchmany", "fetchall")
OF_ASYNCPG = ("execute", "executemany", "fetch", "fetchrow", "fetchval")


class DriverWatch:
    """Hears of what a driver's connection executes, and of the rows that it hands out."""

    def __init__(self, driver: str, statements: Statements) -> None:
        """Tell these, by the driver's name."""
        self._driver, self._statements = driver, statements
        self._of_cursor: dict[int, dict[str, Any]] = {}
        statements.hooks.append(driver)

    def psycopg2(self, url: str) -> Any:
        """Return a connection of psycopg2's; a class of cursors that the reader names tells, too."""
        psycopg2: Any = sys.modules["psycopg2"]
        kind = psycopg2.extensions.connection

        def cursor(connection: Any, name: Any = None, cursor_factory: Any = None, *args: Any, **options: Any) -> Any:
            factory = cursor_factory or connection.cursor_factory or psycopg2.extensions.cursor
            if isinstance(factory, type):
                factory = self._cursors(factory)
            return kind.cursor(connection, name, factory, *args, **options)

        return psycopg2.connect(url, connection_factory=type("connection", (kind,), {"cursor": cursor}))

    def _cursors(self, kind: Any) -> Any:
        methods: dict[str, Any] = {name: self._around(kind, name, self._executed) for name in OF_A_CURSOR}
        if self._statements.lines:
            methods.update({name: self._around(kind, name, self._fetched) for name in FETCHES})
            # A named cursor's own iteration fetches by itself.
            methods["__iter__"] = iterated(_each, lambda *_: None, lambda cursor, row: self._rows(cursor, [row]))
        return type(kind.__name__, (kind,), methods)

    def asyncpg(self, url: str) -> Any:
        """Return what is awaited for a connection of asyncpg's."""
        asyncpg: Any = sys.modules["asyncpg"]
        kind = asyncpg.Connection
        methods = {name: self._around(kind, name, partial(self._of_asyncpg, name)) for name in (*OF_ASYNCPG, "cursor")}
        return asyncpg.connect(url, connection_class=type("Connection", (kind,), methods))

    def _around(self, kind: Any, name: str, after: Any) -> Any:
        return around(getattr(kind, name), self._statements.now, after)

    def _executed(self, began: Moment, cursor: Any, arguments: Any, _: Any) -> None:
        text, streamed = text_of(arguments[0], cursor), cursor.name is not None
        found = self._statements.add(self._driver, began, text, cursor, {"streamed": streamed}, None)
        if found:
            self._of_cursor[id(cursor)] = found

    def _fetched(self, _: Any, cursor: Any, _arguments: Any, result: Any) -> None:
        if result is not None:
            self._rows(cursor, result if isinstance(result, list) else [result])

    def _rows(self, cursor: Any, rows: list[Any]) -> None:
        if id(cursor) in self._of_cursor:
            self._statements.handed_out(self._of_cursor[id(cursor)], rows)

    def _of_asyncpg(self, name: str, began: Moment, connection: Any, arguments: Any, result: Any) -> None:
        many = len(arguments[1]) if name == "executemany" and hasattr(arguments[-1], "__len__") else None
        rows = [] if result is None else result if name == "fetch" else [result]
        if name.startswith("fetch"):
            columns = 1 if name == "fetchval" else len(rows[0]) if rows else 0
            cursor = SimpleNamespace(rowcount=len(rows), description=range(columns))
        else:
            count = str(result).rpartition(" ")[2] if name == "execute" else ""  # as in INSERT 0 20
            cursor = SimpleNamespace(rowcount=int(count) if count.isdecimal() else -1, description=())
        # What the process grew by are the records themselves.
        how = {"streamed": name == "cursor", "grew": 0}
        found = self._statements.add(self._driver, began, text_of(arguments[0], connection), cursor, how, many)
        if found and name.startswith("fetch"):
            self._statements.handed_out(found, rows)


def _each(cursor: Any) -> Any:
    """Iterate as the cursor's class above this one does."""
    return super(type(cursor), cursor).__iter__()
