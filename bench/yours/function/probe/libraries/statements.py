"""The statements of a call, each by the reader's line that executes it, with the rows that it gave."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from operator import add
from typing import Any

from bench.yours.function.probe.libraries.marks import Marks, Moment
from bench.yours.function.probe.libraries.rows import sizes_of
from bench.yours.function.probe.libraries.texts import asked_of, described_text
from bench.yours.function.probe.memory import peak, rss
from bench.yours.function.probe.objects import class_name
from bench.yours.function.probe.stacks import called, own_line

# So many statements are told apart.
MOST = 2_000
# What reads frames by another library, which is to be told how.
FRAMES = ("pandas", "polars")


class Statements:
    """The statements of a call, each by the line that executes it and its text, which is not kept."""

    def __init__(self, *, rows: bool) -> None:
        """Tell when each is executed, and with `rows` what it gave."""
        self.rows = rows
        self.hooks: list[str] = []
        self.marks = Marks()
        self.found: dict[Any, dict[str, Any]] = {}
        self._asked: dict[int, int] = {}
        self.last: dict[str, Any] | None = None
        self._first: list[weakref.ref[Any]] = []
        self.since = float("inf")  # what was executed before the call does not count
        # What is called at each statement, what knows the largest memory so far, what is traced, and what instruments
        # take of the memory.
        self.look: Callable[[], object] = lambda: None
        self.peak: Callable[[], int] = peak
        self.traced: Callable[[], int] = lambda: 0
        self.instruments: Callable[[], int] = lambda: 0

    def now(self) -> Moment:
        """Return what is known before a statement is executed, or after."""
        self.look()
        return Moment(time.monotonic(), rss() - self.instruments(), self.peak(), self.traced())

    def add(
        self, by: str, began: Moment, text: str, cursor: Any, how: dict[str, Any], many: int | None
    ) -> dict[str, Any] | None:
        """Note a statement that this library executed, and return what its rows are to be noted in, if they are."""
        if began.seconds < self.since:
            return None
        now, given = self.now(), how.pop("given", many)
        parameters, of_given, in_memory = how.pop("parameters", None), how.pop("of_given", 0), how.pop("in_memory", 0)
        statement = self._statement(by, began, now, text, parameters, how)
        statement["at_once"] = max(statement["at_once"], self.marks.add(began, now, statement["number"]))
        statement["traced"] = max(statement["traced"], began.traced, now.traced)
        statement["before_rows"] = now.traced
        statement["times"] += 1
        statement["seconds"] += now.seconds - began.seconds
        statement["given"] = max(statement["given"], given or 0)
        statement["of_given"] = max(statement["of_given"], of_given)
        statement["in_memory"] = max(statement["in_memory"], in_memory)
        if not self.rows:
            return None
        rows = many if many is not None else _rows(cursor)
        statement["rows"] = None if rows is None or statement["rows"] is None else statement["rows"] + rows
        columns = getattr(cursor, "description", None) or ()
        statement["columns"] = len(columns)
        statement["names"] = [column[0] for column in columns if hasattr(column, "__getitem__")]
        self.last = statement
        return statement

    def _number(self, text: str, parameters: Any) -> int | None:
        """Return a number that another statement with this text and these parameters has, too."""
        asked = asked_of(text, parameters) if self.rows else None
        return None if asked is None else self._asked.setdefault(asked, len(self._asked))

    def _statement(
        self, by: str, began: Moment, now: Moment, text: str, parameters: Any, how: dict[str, Any]
    ) -> dict[str, Any]:
        line, call = own_line(), called()
        by = call.package if call.package in FRAMES else by
        library = call.line if call.package and call.package != by else None
        pattern, described = described_text(text)
        key: Any = (line, pattern)
        if key not in self.found and len(self.found) >= MOST:
            key = None
        if key not in self.found:
            self.found[key] = {
                **described,
                **{"number": len(self.found), "by": by, "line": list(line) if line else None, "began": began.seconds},
                **{"texts": 0, "times": 0, "rows": 0 if self.rows else None, "columns": 0, "names": []},
                **{"seconds": 0.0, "grew": now.rss - began.rss},
                **{"handed_out": 0, "widest": 0, "sizes": [], "loaded": 0, "classes": {}, "loads_at": None},
                **{"gone_at": None, "given": 0, "of_given": 0, "in_memory": 0, "asked": self._number(text, parameters)},
                **{"last_row": None, "peak": 0, "streamed": False, "yield_per": None, "collections": False},
                **{"buffered": False, "at_once": 1, "traced": 0, "before_rows": 0, "held": 0},
                **{"loads": "", "lazily": False, "parent": None, "called": call.name, "library_line": library},
                "driver": "",
                "values": "",
                **how,
            }
        return self.found[key]

    def handed_out(self, statement: dict[str, Any], rows: Sequence[Any]) -> None:
        """Note rows that a cursor handed out."""
        if statement["loads_at"] is None and statement["by"] != "sqlalchemy":  # whose entities tell it
            statement["loads_at"] = own_line()
        members: dict[int, list[Any]] = {}
        for row in rows:
            sizes = sizes_of(row, members)
            statement["widest"] = max(statement["widest"], sum(sizes))
            statement["sizes"] = list(map(add, statement["sizes"], sizes)) or sizes
        statement["handed_out"] += len(rows)
        self.read(statement)

    def loaded(self, statement: dict[str, Any], entity: Any) -> None:
        """Note that an entity was loaded; of the first one, at which line it went."""
        name = class_name(type(entity))
        if not statement["loaded"]:
            self._first.append(weakref.ref(entity, lambda _: statement.update(gone_at=own_line())))
        statement["loaded"] += 1
        statement["loads_at"] = statement["loads_at"] or own_line()
        statement["classes"][name] = statement["classes"].get(name, 0) + 1
        self.read(statement)

    def read(self, statement: dict[str, Any]) -> None:
        """Note that a row was read: it may be the last one."""
        statement["last_row"], statement["peak"] = time.monotonic(), self.peak()
        statement["held"] = max(statement["held"], self.traced() - statement["before_rows"])


def _rows(cursor: Any) -> int | None:
    with suppress(Exception):
        rows = int(cursor.rowcount)
        return rows if rows >= 0 else None
    return None
