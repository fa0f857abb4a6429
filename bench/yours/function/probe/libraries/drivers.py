"""A connection of psycopg2 for a parameter: its classes' subclasses tell of what is executed and read."""

from __future__ import annotations

import sys
from typing import Any

from bench.yours.function.probe.libraries.statements import Moment, Statements
from bench.yours.function.probe.libraries.texts import text_of
from bench.yours.function.probe.libraries.wrapping import around, iterated

PSYCOPG2 = "psycopg2"
OF_A_CURSOR = ("execute", "executemany", "copy_expert")
FETCHES = ("fetchone", "fetchmany", "fetchall")


class Psycopg2Watch:
    """Hears of what a connection executes, and of the rows that it hands out; the driver's own classes are fixed."""

    def __init__(self, statements: Statements) -> None:
        """Tell these."""
        self._statements = statements
        self._of_cursor: dict[int, dict[str, Any]] = {}
        statements.hooks.append(PSYCOPG2)

    def connection(self, url: str) -> Any:
        """Return a connection; a class of cursors that the reader names tells, too."""
        psycopg2: Any = sys.modules[PSYCOPG2]
        kind = psycopg2.extensions.connection

        def cursor(connection: Any, name: Any = None, cursor_factory: Any = None, *args: Any, **options: Any) -> Any:
            factory = cursor_factory or connection.cursor_factory or psycopg2.extensions.cursor
            if isinstance(factory, type):
                factory = self._cursors(factory)
            return kind.cursor(connection, name, factory, *args, **options)

        return psycopg2.connect(url, connection_factory=type("connection", (kind,), {"cursor": cursor}))

    def _cursors(self, kind: Any) -> Any:
        methods: dict[str, Any] = {name: self._around(kind, name, self._executed) for name in OF_A_CURSOR}
        if self._statements.rows:
            methods.update({name: self._around(kind, name, self._fetched) for name in FETCHES})
            # A named cursor's own iteration fetches by itself.
            methods["__iter__"] = iterated(_each, lambda *_: None, lambda cursor, row: self._rows(cursor, [row]))
        return type(kind.__name__, (kind,), methods)

    def _around(self, kind: Any, name: str, after: Any) -> Any:
        return around(getattr(kind, name), self._statements.now, after)

    def _executed(self, began: Moment, cursor: Any, arguments: Any, _: Any) -> None:
        text, streamed = text_of(arguments[0], cursor) if arguments else "?", cursor.name is not None
        found = self._statements.add(PSYCOPG2, began, text, cursor, {"streamed": streamed}, None)
        if found:
            self._of_cursor[id(cursor)] = found

    def _fetched(self, _: Any, cursor: Any, _arguments: Any, result: Any) -> None:
        if result is not None:
            self._rows(cursor, result if isinstance(result, list) else [result])

    def _rows(self, cursor: Any, rows: list[Any]) -> None:
        if id(cursor) in self._of_cursor:
            self._statements.handed_out(self._of_cursor[id(cursor)], rows)


def _each(cursor: Any) -> Any:
    """Iterate as the cursor's class above this one does."""
    return super(type(cursor), cursor).__iter__()
