"""The statements of psycopg2, where no library above it executes them: its classes' subclasses tell of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from bench.yours.function.probe.libraries.marks import Moment
from bench.yours.function.probe.libraries.rows import given_of, in_memory, rows_of
from bench.yours.function.probe.libraries.statements import Statements
from bench.yours.function.probe.libraries.texts import text_of
from bench.yours.function.probe.libraries.wrapping import around, iterated
from bench.yours.function.probe.stacks import is_told_by_another

PSYCOPG2 = "psycopg2"
# Its methods, whose C code does not say what their parameters are called:
# https://www.psycopg.org/docs/cursor.html
OF_A_CURSOR = {
    "execute": ("self", "query", "vars"),
    "executemany": ("self", "query", "vars_list"),
    "copy_expert": ("self", "sql", "file", "size"),
    "copy_from": ("self", "file", "table", "sep", "null", "size", "columns"),
    "copy_to": ("self", "file", "table", "sep", "null", "columns"),
}
FETCHES = ("fetchone", "fetchmany", "fetchall")


class Psycopg2Watch:
    """Hears of what its connections execute, and of the rows that they hand out; the driver's own classes are fixed."""

    def __init__(self, statements: Statements) -> None:
        """Tell these."""
        self._statements = statements
        self._of_cursor: dict[int, dict[str, Any]] = {}
        self._kinds: dict[type, type] = {}

    def listen(self) -> None:
        """Let `connect` make connections that tell; psycopg2 was imported."""
        psycopg2: Any = sys.modules[PSYCOPG2]
        connect, extensions = psycopg2.connect, psycopg2.extensions

        def told(dsn: Any = None, connection_factory: Any = None, *arguments: Any, **options: Any) -> Any:
            factory = connection_factory or extensions.connection
            if isinstance(factory, type) and factory.cursor is extensions.connection.cursor:  # type: ignore[attr-defined]
                factory = self._kind(factory, self._of_connection)
            elif PSYCOPG2 in self._statements.hooks:  # one that makes its cursors by itself
                self._statements.hooks.remove(PSYCOPG2)
            return connect(dsn, factory, *arguments, **options)

        psycopg2.connect = told
        self._statements.hooks.append(PSYCOPG2)

    def _kind(self, kind: type, methods: Callable[[Any], dict[str, Any]]) -> type:
        """Return a class's subclass that tells, the same each time."""
        if kind not in self._kinds:
            self._kinds[kind] = type(kind.__name__, (kind,), methods(kind))
        return self._kinds[kind]

    def _of_connection(self, kind: Any) -> dict[str, Any]:
        default = sys.modules[PSYCOPG2].extensions.cursor

        def cursor(connection: Any, name: Any = None, cursor_factory: Any = None, *args: Any, **options: Any) -> Any:
            factory = cursor_factory or connection.cursor_factory or default
            if isinstance(factory, type):  # one that the reader names, too
                factory = self._kind(factory, self._of_cursors)
            return kind.cursor(connection, name, factory, *args, **options)

        return {"cursor": cursor}

    def _of_cursors(self, kind: Any) -> dict[str, Any]:
        methods: dict[str, Any] = {
            name: around(getattr(kind, name), self._statements.now, partial(self._executed, name), names)
            for name, names in OF_A_CURSOR.items()
        }
        if self._statements.rows:
            fetched = {name: partial(self._fetched, name) for name in FETCHES}
            methods.update({name: around(getattr(kind, name), lambda: None, after) for name, after in fetched.items()})
            # A named cursor's own iteration fetches by itself.
            methods["__iter__"] = iterated(_each, lambda *_: None, lambda cursor, row: self._rows(cursor, [row]))
        return methods

    def _executed(self, name: str, began: Moment, cursor: Any, arguments: Any, _: Any) -> None:
        self._of_cursor.pop(id(cursor), None)
        if is_told_by_another(PSYCOPG2):
            return
        text = text_of(arguments[0], cursor) if arguments else "?"
        if name in ("copy_from", "copy_to"):  # a file, then the table
            table = arguments[1] if len(arguments) > 1 else ""
            text = f"COPY {table if isinstance(table, str) else ''}"
        given, of_given = given_of(arguments[1]) if name == "executemany" and len(arguments) > 1 else (0, 0)
        how = {"streamed": cursor.name is not None, "parameters": None if name.startswith("copy") else arguments[1:2]}
        how.update(given=given, of_given=of_given, in_memory=in_memory(arguments) if name.startswith("copy") else 0)
        found = self._statements.add(PSYCOPG2, began, text, cursor, how, None)
        if found:
            self._of_cursor[id(cursor)] = found

    def _fetched(self, name: str, _: Any, cursor: Any, _arguments: Any, result: Any) -> None:
        if result is not None:
            self._rows(cursor, rows_of(name, result))

    def _rows(self, cursor: Any, rows: list[Any]) -> None:
        if id(cursor) in self._of_cursor:
            self._statements.handed_out(self._of_cursor[id(cursor)], rows)


def _each(cursor: Any) -> Any:
    """Iterate as the cursor's class above this one does."""
    return super(type(cursor), cursor).__iter__()
