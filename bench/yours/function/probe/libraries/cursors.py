"""The statements of psycopg, where no library above it executes them.

It has no events, so that the public methods of its cursors are wrapped; nothing of it is private.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from bench.yours.function.probe.libraries.rows import rows_of
from bench.yours.function.probe.libraries.statements import Moment, Statements
from bench.yours.function.probe.libraries.texts import text_of
from bench.yours.function.probe.libraries.wrapping import around, iterated
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
        for kind in (psycopg.Cursor, psycopg.ServerCursor, psycopg.AsyncCursor, psycopg.AsyncServerCursor):
            executed = partial(self._executed, "Server" in kind.__name__)
            for name, method in list(vars(kind).items()):
                if name in ("execute", "executemany"):
                    setattr(kind, name, around(method, self._statements.now, executed))
                elif name == "stream":
                    setattr(kind, name, iterated(method, self._begin_stream, self._seen))
                elif name in ("fetchone", "fetchmany", "fetchall") and self._statements.rows:
                    setattr(kind, name, around(method, lambda: None, partial(self._fetched, name)))
                elif name in ("__iter__", "__aiter__") and self._statements.rows:
                    setattr(kind, name, iterated(method, lambda *_: None, self._seen))
        self._statements.hooks.append(PSYCOPG)

    def _executed(self, streamed: bool, began: Moment, cursor: Any, arguments: tuple[Any, ...], _: Any) -> None:
        self._of_cursor.pop(id(cursor), None)
        if not is_told_by_another(PSYCOPG):
            query = text_of(arguments[0], cursor) if arguments else "?"
            how = {"streamed": streamed, "parameters": arguments[1:2]}
            found = self._statements.add(PSYCOPG, began, query, cursor, how, None)
            if found:
                self._of_cursor[id(cursor)] = found

    def _begin_stream(self, cursor: Any, arguments: tuple[Any, ...]) -> None:
        self._executed(True, self._statements.now(), cursor, arguments, None)

    def _fetched(self, name: str, _: None, cursor: Any, _arguments: Any, result: Any) -> None:
        found = self._of_cursor.get(id(cursor))
        if found and result is not None:
            self._statements.handed_out(found, rows_of(name, result))

    def _seen(self, cursor: Any, row: Any) -> None:
        self._fetched("fetchone", None, cursor, (), row)
