"""The statements of asyncpg, where no library above it executes them: by a connection, a pool or a prepared statement.

It has no events that tell of rows, so that the public methods of its classes are wrapped.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Generator
from functools import partial
from types import SimpleNamespace
from typing import Any

from bench.yours.function.probe.libraries.marks import Moment
from bench.yours.function.probe.libraries.rows import given_of, in_memory, rows_of
from bench.yours.function.probe.libraries.statements import Statements
from bench.yours.function.probe.libraries.texts import text_of
from bench.yours.function.probe.libraries.wrapping import around
from bench.yours.function.probe.stacks import is_told_by_another

ASYNCPG = "asyncpg"
COPIES = ("copy_from_query", "copy_from_table", "copy_to_table", "copy_records_to_table")
MANY_GIVEN = ("executemany", "copy_records_to_table")
EXECUTES = ("execute", "executemany", "fetch", "fetchrow", "fetchval", "fetchmany", *COPIES)


class AsyncpgWatch:
    """Hears of what asyncpg executes, and of the records that it hands out."""

    def __init__(self, statements: Statements) -> None:
        """Tell these."""
        self._statements = statements
        self._of_cursor: dict[int, dict[str, Any] | None] = {}

    def listen(self) -> None:
        """Wrap the methods; asyncpg was imported."""
        asyncpg: Any = sys.modules[ASYNCPG]
        for kind in (asyncpg.Connection, asyncpg.prepared_stmt.PreparedStatement):
            for name in EXECUTES:
                self._wrap(kind, name, self._statements.now, partial(self._executed, name))
            self._wrap(kind, "cursor", self._statements.now, self._opened)
        if self._statements.rows:
            cursors = asyncpg.cursor
            self._wrap(cursors.CursorFactory, "__aiter__", _nothing, self._iterated)
            cursors.CursorFactory.__await__ = self._awaited(cursors.CursorFactory.__await__)
            for kind, names in ((cursors.CursorIterator, ["__anext__"]), (cursors.Cursor, ["fetch", "fetchrow"])):
                for name in names:
                    self._wrap(kind, name, _nothing, partial(self._fetched, name))
        self._statements.hooks.append(ASYNCPG)

    def _wrap(self, kind: Any, name: str, before: Callable[[], Any], after: Callable[..., None]) -> None:
        if hasattr(kind, name):
            setattr(kind, name, around(getattr(kind, name), before, after))

    def _executed(self, name: str, began: Moment, owner: Any, arguments: tuple[Any, ...], result: Any) -> None:
        given = arguments[0 if hasattr(owner, "get_query") else 1 :][:1] if name in MANY_GIVEN else ()
        number, of_given = given_of(given[0]) if given else (0, 0)
        many = len(given[0]) if name == "executemany" and given and type(given[0]) in (list, tuple, deque) else None
        rows = rows_of(name, result)
        if name in COPIES:
            what = str(arguments[0]) if arguments and isinstance(arguments[0], str) else ""
            arguments = (f"COPY ({what})" if name == "copy_from_query" else f"COPY {what}", *arguments[1:])
        if name.startswith("fetch"):
            columns = 1 if name == "fetchval" else len(rows[0]) if rows else 0
            cursor = SimpleNamespace(rowcount=len(rows), description=range(columns))
        else:
            count = "" if name == "executemany" else str(result).rpartition(" ")[2]  # as in INSERT 0 20
            cursor = SimpleNamespace(rowcount=int(count) if count.isdecimal() else -1, description=())
        how = {"streamed": name in COPIES, "given": number, "of_given": of_given}
        how["in_memory"] = in_memory(arguments) if name in COPIES else 0
        found = self._add(began, owner, arguments, cursor, how, many)
        if found and name.startswith("fetch"):
            self._statements.handed_out(found, rows)

    def _opened(self, began: Moment, owner: Any, arguments: tuple[Any, ...], factory: Any) -> None:
        cursor = SimpleNamespace(rowcount=-1, description=())
        self._of_cursor[id(factory)] = self._add(began, owner, arguments, cursor, {"streamed": True}, None)

    def _add(
        self,
        began: Moment,
        owner: Any,
        arguments: tuple[Any, ...],
        cursor: Any,
        how: dict[str, Any],
        many: int | None,
    ) -> dict[str, Any] | None:
        if is_told_by_another(ASYNCPG):
            return None
        query = owner.get_query() if hasattr(owner, "get_query") else arguments[0] if arguments else "?"
        # What the process grew by are the records themselves.
        how.update(grew=0, parameters=arguments)
        return self._statements.add(ASYNCPG, began, text_of(query, owner), cursor, how, many)

    def _iterated(self, _: Any, factory: Any, _arguments: Any, iterator: Any) -> None:
        self._of_cursor[id(iterator)] = self._of_cursor.get(id(factory))

    def _awaited(self, method: Callable[[Any], Generator[Any, Any, Any]]) -> Any:
        def opened(factory: Any) -> Any:
            cursor = yield from method(factory)
            self._of_cursor[id(cursor)] = self._of_cursor.get(id(factory))
            return cursor

        return opened

    def _fetched(self, name: str, _: Any, cursor: Any, _arguments: Any, result: Any) -> None:
        found = self._of_cursor.get(id(cursor))
        if found and result is not None:
            self._statements.handed_out(found, rows_of(name, result))


def _nothing() -> None: ...
