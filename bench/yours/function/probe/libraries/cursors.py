"""The statements of psycopg, where no library above it executes them.

It has no events, so that the public methods of its cursors are wrapped; nothing of it is private.
"""

from __future__ import annotations

import sys
from functools import partial
from types import SimpleNamespace
from typing import Any

from bench.yours.function.probe.libraries.marks import Moment
from bench.yours.function.probe.libraries.rows import given_of, rows_of
from bench.yours.function.probe.libraries.statements import Statements
from bench.yours.function.probe.libraries.texts import text_of
from bench.yours.function.probe.libraries.wrapping import around, entered, iterated
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
                    setattr(kind, name, entered(method, self._statements.now, self._begin_copy, self._end_copy))
                elif name == "stream":
                    setattr(kind, name, iterated(method, self._begin_stream, self._seen))
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

    def _begin_stream(self, cursor: Any, arguments: tuple[Any, ...]) -> None:
        """Note what is about to be executed: the cursor itself tells of the statement before."""
        told = SimpleNamespace(rowcount=-1, description=())
        self._add({"streamed": True}, self._statements.now(), cursor, told, arguments)

    def _add(self, how: dict[str, Any], began: Moment, cursor: Any, told: Any, arguments: tuple[Any, ...]) -> None:
        self._of_cursor.pop(id(cursor), None)
        if is_told_by_another(PSYCOPG):
            return
        query, how["parameters"] = text_of(arguments[0], cursor) if arguments else "?", arguments[1:2]
        found = self._statements.add(PSYCOPG, began, query, told, how, None)
        if found:
            self._of_cursor[id(cursor)] = found

    def _begin_copy(self, began: Moment, copy: Any, arguments: tuple[Any, ...]) -> int:
        """Note a COPY, and return how many rows earlier ones of it gave."""
        told = SimpleNamespace(rowcount=0, description=())
        self._add({"streamed": True}, began, copy.cursor, told, arguments)
        found = self._of_cursor.get(id(copy.cursor))
        return found["handed_out"] if found else 0

    def _end_copy(self, before: int, copy: Any) -> None:
        """Count the rows that a COPY wrote, or gave: where it was left before its end, those that were read."""
        found, rows = self._of_cursor.get(id(copy.cursor)), copy.cursor.rowcount
        if found and self._statements.rows:
            found["rows"] = (found["rows"] or 0) + (rows if rows >= 0 else found["handed_out"] - before)

    def _copied(self, _: None, copy: Any, _arguments: Any, row: Any) -> None:
        if row:  # else it was the last one
            self._fetched("fetchone", None, copy.cursor, (), row)

    def _fetched(self, name: str, _: None, cursor: Any, _arguments: Any, result: Any) -> None:
        found = self._of_cursor.get(id(cursor))
        if found and result is not None:
            self._statements.handed_out(found, rows_of(name, result))

    def _seen(self, cursor: Any, row: Any) -> None:
        self._fetched("fetchone", None, cursor, (), row)
