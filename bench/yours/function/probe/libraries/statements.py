"""Which line of the reader's executes which statement, with how many rows: by the public hooks of the libraries."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from typing import Any

from bench.yours.function.probe.libraries.drivers import Executed
from bench.yours.function.probe.libraries.texts import described_text
from bench.yours.function.probe.memory import rss
from bench.yours.function.probe.stacks import own_line

# So many statements are told apart, and so many are marked in time.
MOST = 2_000


class Statements:
    """The statements of a call, each by the line that executes it and its text, which is not kept."""

    def __init__(self, *, lines: bool) -> None:
        """Look for the line of the reader's, and count what is loaded, or mark times alone."""
        self.lines = lines
        self.hooks: list[str] = []
        self.marks: list[tuple[float, float]] = []
        self.found: dict[Any, dict[str, Any]] = {}
        self.loaded: dict[str, int] = {}
        self.last: dict[str, Any] | None = None
        self._running: dict[int, tuple[float, int | None, int]] = {}
        self._of_state: dict[int, dict[str, Any]] = {}
        self._wrappers: list[Any] = []
        self.since = float("inf")  # what was executed before the call does not count

    def listen_to_sqlalchemy(self) -> None:
        """Hear of each statement of SQLAlchemy's: 1.4 or newer."""
        with suppress(Exception):
            from sqlalchemy import event
            from sqlalchemy.engine import Engine

            event.listen(Engine, "before_cursor_execute", self._before)
            event.listen(Engine, "after_cursor_execute", self._after)
            self.hooks.append("sqlalchemy")

    def listen_to_entities(self) -> None:
        """Hear of each entity of SQLAlchemy's that is loaded."""
        with suppress(Exception):
            from sqlalchemy import event
            from sqlalchemy.orm import Mapper

            event.listen(Mapper, "load", self._load)

    def listen_to_django(self) -> None:
        """Hear of each statement of Django's, in each thread."""
        with suppress(Exception):
            from django.db.backends.signals import connection_created

            connection_created.connect(self._connected, weak=False)
            self.hooks.append("django")

    def listen_to(self, driver: str) -> Executed:
        """Return what a driver's connection tells its statements."""
        self.hooks.append(driver)
        return partial(self.add, driver)

    def _connected(self, connection: Any, **_: Any) -> None:
        wrapper = connection.execute_wrapper(self._execute)
        wrapper.__enter__()
        self._wrappers.append(wrapper)  # which ends once nobody holds it

    def _execute(self, execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        began = time.monotonic()
        result = execute(sql, parameters, many, context)
        cursor = context["cursor"]
        streamed = getattr(getattr(cursor, "cursor", None), "name", None) is not None
        self.add("django", began, str(sql), cursor, {"streamed": streamed}, len(parameters) if many else None)
        return result

    def _before(self, _c: Any, cursor: Any, _s: str, parameters: Any, _x: Any, many: bool) -> None:
        # Each row's parameters are given, unless SQLAlchemy writes one statement of many rows, which the driver counts.
        each = many and isinstance(parameters, (list, tuple)) and isinstance(parameters[0], (dict, tuple))
        given = len(parameters) if each else None
        self._running[id(cursor)] = time.monotonic(), given, rss()

    def _after(self, _c: Any, cursor: Any, statement: str, _p: Any, context: Any, _m: bool) -> None:
        options = getattr(context, "execution_options", {})
        began, given, before = self._running.pop(id(cursor), (0.0, None, rss()))
        how = {
            "streamed": bool(options.get("stream_results")),
            "yield_per": options.get("yield_per"),
            "grew": rss() - before,
        }
        found = self.add("sqlalchemy", began, statement, cursor, how, given)
        state = getattr(getattr(context, "compiled", None), "compile_state", None)
        if found and state is not None:
            self._of_state[id(state)] = found

    def _load(self, entity: Any, context: Any) -> None:
        if time.monotonic() < self.since:
            return
        kind = type(entity)
        name = f"{kind.__module__}.{kind.__qualname__}"
        self.loaded[name] = self.loaded.get(name, 0) + 1
        found = self._of_state.get(id(getattr(context, "compile_state", None)), self.last)
        if found:
            found["loaded"] += 1
            if not found["loads_at"]:
                found["loads_at"] = own_line()
            by_class = found["classes"]
            by_class[name] = by_class.get(name, 0) + 1
            found["last_load"] = time.monotonic()

    def add(
        self, by: str, began: float, text: str, cursor: Any, how: dict[str, Any], many: int | None
    ) -> dict[str, Any] | None:
        """Note a statement that this library executed, and return what is known of it by now."""
        now = time.monotonic()
        if began < self.since:
            return None
        if len(self.marks) < MOST:
            self.marks.append((began, now))
        if not self.lines:
            return None
        line = own_line()
        pattern, described = described_text(text)
        key: Any = (line, pattern)
        if key not in self.found and len(self.found) >= MOST:
            key = None
        new = {
            **described,
            "grew": 0,
            "line": list(line) if line else None,
            "by": by,
            **how,
            **_nothing(),
            "began": began,
        }
        statement = self.found.setdefault(key, new)
        rows = many if many is not None else _rows(cursor)
        statement["times"] += 1
        statement["seconds"] += now - began
        statement["rows"] = None if rows is None or statement["rows"] is None else statement["rows"] + rows
        statement["columns"] = len(getattr(cursor, "description", None) or ())
        self.last = statement
        return statement


def _nothing() -> dict[str, Any]:
    return {"times": 0, "rows": 0, "seconds": 0.0, "loaded": 0, "classes": {}, "last_load": None, "loads_at": None}


def _rows(cursor: Any) -> int | None:
    with suppress(Exception):
        rows = int(cursor.rowcount)
        return rows if rows >= 0 else None
    return None
