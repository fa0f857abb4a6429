"""The statements of psycopg, where no library above it executes them.

It has no events, so that the public methods of its cursors are wrapped; nothing of it is private.
"""

from __future__ import annotations

import sys
from functools import partial
from types import SimpleNamespace
from typing import Any

from bench.yours.function.probe.libraries.rows import given_of, rows_of
from bench.yours.function.probe.libraries.statements import Moment, Statements
from bench.yours.function.probe.libraries.texts import text_of
from bench.yours.function.probe.libraries.wrapping import Copying, Wrapped, around, iterated
from bench.yours.function.probe.stacks import is_told_by_another

PSYCOPG = "psycopg"


class PsycopgWatch:
    """Hears of what the cursors execute, unless SQLAlchemy or Django lets them: each would count twice."""

    def __init__(self, statements: Statements) -> None:
        """Tell these."""
        self._statements = statements
        self._of_cursor: dict[int, dict[str, Any]] = {}

    def listen(self) -> None:
        """Wrap the methods; psycopg was imported."""
        psycopg: Any = sys.modules[PSYCOPG]
        if self._statements.rows:
            for kind in (psycopg.Copy, psycopg.AsyncCopy):
                for name in ("read", "read_row"):
                    setattr(kind, name, around(getattr(kind, name), lambda: None, self._copied))
        for kind in (psycopg.Cursor, psycopg.ServerCursor, psycopg.AsyncCursor, psycopg.AsyncServerCursor):
            for name, method in list(vars(kind).items()):
                if name in ("execute", "executemany"):
                    executed = partial(self._executed, "Server" in kind.__name__, name == "executemany")
                    setattr(kind, name, around(method, self._statements.now, executed))
                elif name == "copy":
                    setattr(kind, name, self._copying(method))
                elif name == "stream":
                    setattr(kind, name, iterated(method, partial(self._begin_stream, -1), self._seen))
                elif name in ("fetchone", "fetchmany", "fetchall") and self._statements.rows:
                    setattr(kind, name, around(method, lambda: None, partial(self._fetched, name)))
                elif name in ("__iter__", "__aiter__") and self._statements.rows:
                    setattr(kind, name, iterated(method, lambda *_: None, self._seen))
        self._statements.hooks.append(PSYCOPG)

    def _executed(
        self, streamed: bool, many: bool, began: Moment, cursor: Any, arguments: tuple[Any, ...], _: Any
    ) -> None:
        given, of_given = given_of(arguments[1]) if many and len(arguments) > 1 else (0, 0)
        how = {"streamed": streamed, "given": given, "of_given": of_given}
        self._add(how, began, cursor, cursor, arguments)

    def _begin_stream(self, rows: int, cursor: Any, arguments: tuple[Any, ...]) -> None:
        """Note what is about to be executed: the cursor itself tells of the statement before."""
        told = SimpleNamespace(rowcount=rows, description=())
        self._add({"streamed": True}, self._statements.now(), cursor, told, arguments)

    def _add(self, how: dict[str, Any], began: Moment, cursor: Any, told: Any, arguments: tuple[Any, ...]) -> None:
        self._of_cursor.pop(id(cursor), None)
        if is_told_by_another(PSYCOPG):
            return
        query, how["parameters"] = text_of(arguments[0], cursor) if arguments else "?", arguments[1:2]
        found = self._statements.add(PSYCOPG, began, query, told, how, None)
        if found:
            self._of_cursor[id(cursor)] = found

    def _copying(self, method: Wrapped) -> Wrapped:
        def copy(cursor: Any, *arguments: Any, **options: Any) -> Any:
            began = partial(self._begin_stream, 0, cursor, (*arguments, *options.values()))
            return Copying(method(cursor, *arguments, **options), began, partial(self._ended, cursor))

        return copy

    def _copied(self, _: None, copy: Any, _arguments: Any, row: Any) -> None:
        if row:  # else it was the last one
            self._fetched("fetchone", None, copy.cursor, (), row)

    def _ended(self, cursor: Any) -> None:
        """Count the rows that a COPY wrote, or read."""
        found = self._of_cursor.get(id(cursor))
        if found and self._statements.rows and cursor.rowcount >= 0:
            found["rows"] = (found["rows"] or 0) + cursor.rowcount

    def _fetched(self, name: str, _: None, cursor: Any, _arguments: Any, result: Any) -> None:
        found = self._of_cursor.get(id(cursor))
        if found and result is not None:
            self._statements.handed_out(found, rows_of(name, result))

    def _seen(self, cursor: Any, row: Any) -> None:
        self._fetched("fetchone", None, cursor, (), row)
