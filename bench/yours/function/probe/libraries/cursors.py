"""The statements of psycopg, where no library above it executes them.

It has no events, so that the public methods of its cursors are wrapped; nothing of it is private.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from bench.yours.function.probe.libraries.statements import Statements
from bench.yours.function.probe.libraries.texts import text_of
from bench.yours.function.probe.memory import PROBE, STANDARD_LIBRARY, package_of, rss

PSYCOPG = "psycopg"


class PsycopgWatch:
    """Hears of what the cursors execute, unless SQLAlchemy or Django lets them: each would count twice."""

    def __init__(self, statements: Statements) -> None:
        """Tell these."""
        self._statements = statements

    def listen(self) -> None:
        """Wrap the methods; psycopg was imported."""
        psycopg: Any = sys.modules[PSYCOPG]
        for kind, streamed in ((psycopg.Cursor, False), (psycopg.ServerCursor, True)):
            kind.execute = self._execute(kind.execute, streamed)
            kind.executemany = self._execute(kind.executemany, streamed)
        for kind, streamed in ((psycopg.AsyncCursor, False), (psycopg.AsyncServerCursor, True)):
            kind.execute = self._execute_async(kind.execute, streamed)
            kind.executemany = self._execute_async(kind.executemany, streamed)
        psycopg.Cursor.stream = self._stream(psycopg.Cursor.stream)
        psycopg.AsyncCursor.stream = self._stream(psycopg.AsyncCursor.stream)
        self._statements.hooks.append(PSYCOPG)

    def _tell(self, began: float, before: int, query: Any, cursor: Any, streamed: bool) -> None:
        if not _is_told_by_another():
            how = {"streamed": streamed, "grew": rss() - before}
            self._statements.add(PSYCOPG, began, text_of(query, cursor), cursor, how, None)

    def _execute(self, execute: Callable[..., Any], streamed: bool) -> Callable[..., Any]:
        @wraps(execute)
        def wrapped(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
            began, before = time.monotonic(), rss()
            result = execute(cursor, query, *arguments, **options)
            self._tell(began, before, query, cursor, streamed)
            return result

        return wrapped

    def _execute_async(self, execute: Callable[..., Any], streamed: bool) -> Callable[..., Any]:
        @wraps(execute)
        async def wrapped(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
            began, before = time.monotonic(), rss()
            result = await execute(cursor, query, *arguments, **options)
            self._tell(began, before, query, cursor, streamed)
            return result

        return wrapped

    def _stream(self, stream: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(stream)
        def wrapped(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
            self._tell(time.monotonic(), rss(), query, cursor, streamed=True)
            return stream(cursor, query, *arguments, **options)

        return wrapped


def _is_told_by_another() -> bool:
    """Return whether what called the driver tells of the statement by itself."""
    frame: Any = sys._getframe(1)
    while frame and package_of(frame.f_code.co_filename) in (PROBE, PSYCOPG, STANDARD_LIBRARY):
        frame = frame.f_back
    return bool(frame) and package_of(frame.f_code.co_filename) in ("sqlalchemy", "django")
