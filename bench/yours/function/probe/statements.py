"""Which line of the reader's executes which statement, with how many rows: by the public hooks of the libraries."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import Any

from bench.yours.function.probe.memory import rss
from bench.yours.function.probe.stacks import own_line

# So many statements are told apart, and so many are marked in time.
MOST = 2_000
_RELATION = re.compile(r'\b(?:FROM|INTO|UPDATE)\s+((?:"[^"]+"|[\w.])+)', re.IGNORECASE)
_LITERAL = re.compile(r"'(?:[^']|'')*'")


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
        self._began, self._rss = 0.0, 0
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

    def _connected(self, connection: Any, **_: Any) -> None:
        connection.execute_wrapper(self._execute).__enter__()

    def _execute(self, execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        began = time.monotonic()
        result = execute(sql, parameters, many, context)
        cursor = context["cursor"]
        streamed = getattr(getattr(cursor, "cursor", None), "name", None) is not None
        self.add(
            "django", began, str(sql), cursor, {"streamed": streamed, "grew": 0}, len(parameters) if many else None
        )
        return result

    def _before(self, *_: Any) -> None:
        self._began, self._rss = time.monotonic(), rss()

    def _after(self, _c: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        options = getattr(context, "execution_options", {})
        how = {
            "streamed": bool(options.get("stream_results")),
            "yield_per": options.get("yield_per"),
            "grew": rss() - self._rss,
        }
        self.add("sqlalchemy", self._began, statement, cursor, how, len(parameters) if many else None)

    def _load(self, entity: Any, _: Any) -> None:
        if time.monotonic() < self.since:
            return
        kind = type(entity)
        name = f"{kind.__module__}.{kind.__qualname__}"
        self.loaded[name] = self.loaded.get(name, 0) + 1
        if self.last:
            self.last["loaded"] += 1
            if not self.last["loads_at"]:
                self.last["loads_at"] = own_line()
            by_class = self.last["classes"]
            by_class[name] = by_class.get(name, 0) + 1
            self.last["last_load"] = time.monotonic()

    def add(self, by: str, began: float, text: str, cursor: Any, how: dict[str, Any], many: int | None) -> None:
        """Note a statement that was executed just now; `many` are the rows that it was given, if it was."""
        now = time.monotonic()
        if began < self.since:
            return
        if len(self.marks) < MOST:
            self.marks.append((began, now))
        if not self.lines:
            return
        line = own_line()
        key: Any = (line, hash(text))
        if key not in self.found and len(self.found) >= MOST:
            key = None
        statement = self.found.setdefault(
            key, {**_described(text, line), **how, **_nothing(), "by": by, "began": began}
        )
        rows = many if many is not None else _rows(cursor)
        statement["times"] += 1
        statement["seconds"] += now - began
        statement["rows"] = None if rows is None or statement["rows"] is None else statement["rows"] + rows
        statement["columns"] = len(getattr(cursor, "description", None) or ())
        self.last = statement


def _nothing() -> dict[str, Any]:
    return {"times": 0, "rows": 0, "seconds": 0.0, "loaded": 0, "classes": {}, "last_load": None, "loads_at": None}


def _described(text: str, line: tuple[str, int] | None) -> dict[str, Any]:
    """Return what may be shown of a statement: no literal, which might be a value."""
    without = _LITERAL.sub("''", text)
    relation = _RELATION.search(without)
    return {
        "verb": (without.split(None, 1) or ["?"])[0].upper()[:20] if without.lstrip()[:1].isalpha() else "?",
        "relation": relation[1] if relation else "",
        "joins": len(re.findall(r"\bJOIN\b", without, re.IGNORECASE)),
        "line": list(line) if line else None,
    }


def _rows(cursor: Any) -> int | None:
    with suppress(Exception):
        rows = int(cursor.rowcount)
        return rows if rows >= 0 else None
    return None
