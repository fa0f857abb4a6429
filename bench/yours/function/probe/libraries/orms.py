"""The statements of SQLAlchemy and Django, by their events and wrappers."""

from __future__ import annotations

import threading
import time
import weakref
from contextlib import suppress
from functools import partial
from typing import Any

from bench.yours.function.probe.libraries.marks import Moment
from bench.yours.function.probe.libraries.records import ASYNCPG
from bench.yours.function.probe.libraries.rows import CountedCursor
from bench.yours.function.probe.libraries.statements import Statements
from bench.yours.function.probe.memory import package_of
from bench.yours.function.probe.stacks import frames


class OrmWatch:
    """Hears of each statement, of each row that its cursor hands out, and of each entity that is loaded."""

    def __init__(self, statements: Statements) -> None:
        """Tell these."""
        self._statements = statements
        self._running: dict[int, tuple[Moment, int | None]] = {}
        self._of_state: dict[int, dict[str, Any]] = {}
        # Of each thread the last statement that loads no relationship with other entities.
        self._roots: dict[int, int] = {}
        self._wrappers: list[Any] = []
        self._context: weakref.ref[Any] | None = None

    def listen_to_sqlalchemy(self) -> None:
        """Hear of each statement of SQLAlchemy's: 1.4 or newer."""
        with suppress(Exception):
            from sqlalchemy import event
            from sqlalchemy.engine import Engine

            event.listen(Engine, "before_cursor_execute", self._before)
            event.listen(Engine, "after_cursor_execute", self._after)
            self._statements.hooks.append("sqlalchemy")

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
            self._statements.hooks.append("django")

    def _before(self, _c: Any, cursor: Any, _s: str, parameters: Any, _x: Any, many: bool) -> None:
        # Each row's parameters are given, unless SQLAlchemy writes one statement of many rows, which the driver counts.
        each = many and isinstance(parameters, (list, tuple)) and isinstance(parameters[0], (dict, tuple))
        self._running[id(cursor)] = self._statements.now(), len(parameters) if each else None

    def _after(self, _c: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        options = getattr(context, "execution_options", {})
        began, given = self._running.pop(id(cursor), (Moment(0.0, 0, 0, 0), None))
        how = {"streamed": bool(options.get("stream_results")), "yield_per": options.get("yield_per")}
        how["parameters"] = parameters
        how["driver"] = getattr(getattr(context, "dialect", None), "driver", "")
        if how["driver"] == ASYNCPG:  # what the process grew by are the records themselves, which are traced
            how["grew"] = 0
        # Of a list that SQLAlchemy writes in statements of 1,000 rows, too.
        how["given"] = len(getattr(context, "compiled_parameters", None) or ())
        found = self._statements.add("sqlalchemy", began, statement, cursor, how, given)
        if not found:
            return
        if self._context is None or self._context() is not context:  # which executes again, with more rows
            found["texts"] += getattr(getattr(context, "cache_hit", None), "name", "") == "CACHE_MISS"
        self._context = weakref.ref(context)
        if not many and context.cursor is cursor:  # which the result will read
            context.cursor = CountedCursor(cursor, partial(self._statements.handed_out, found))
        state = getattr(getattr(context, "compiled", None), "compile_state", None)
        if state is not None:
            self._of_state[id(state)] = found
            found["collections"] = bool(getattr(state, "multi_row_eager_loaders", False))
            self._note_relationship(found, getattr(getattr(state, "current_path", None), "path", ()), options)

    def _note_relationship(self, found: dict[str, Any], path: tuple[Any, ...], options: Any) -> None:
        """Note which relationship a statement loads, if one: when it is asked for, or with the entities it is of."""
        lazily = getattr(options.get("_sa_orm_load_options"), "_lazy_loaded_from", None) is not None
        if path and hasattr(path[-1], "parent"):
            found["loads"], found["lazily"] = f"{path[-1].parent.class_.__name__}.{path[-1].key}", lazily
        if not path or lazily:
            self._roots[threading.get_ident()] = found["number"]
        else:
            found["parent"] = self._roots.get(threading.get_ident())

    def _load(self, entity: Any, context: Any) -> None:
        if time.monotonic() < self._statements.since:
            return
        found = self._of_state.get(id(getattr(context, "compile_state", None)), self._statements.last)
        if found:
            if not found["loaded"]:
                found["buffered"] = bool(getattr(context, "loaders_require_buffering", False))
            self._statements.loaded(found, entity)

    def _connected(self, connection: Any, **_: Any) -> None:
        wrapper = connection.execute_wrapper(self._execute)
        wrapper.__enter__()
        self._wrappers.append(wrapper)  # which ends once nobody holds it

    def _execute(self, execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        began = self._statements.now()
        result = execute(sql, parameters, many, context)
        cursor = context["cursor"]
        inner = getattr(cursor, "cursor", None)
        prefetches, values = _asked_by_django()
        how: dict[str, Any] = {"streamed": getattr(inner, "name", None) is not None, "values": values}
        how["parameters"] = parameters
        how["parent"] = self._roots.get(threading.get_ident()) if prefetches else None
        found = self._statements.add("django", began, str(sql), cursor, how, len(parameters) if many else None)
        if found and not prefetches:
            self._roots[threading.get_ident()] = found["number"]
        if found and inner is not None:
            inner = inner.counted if type(inner) is CountedCursor else inner
            cursor.cursor = CountedCursor(inner, partial(self._statements.handed_out, found))
        return result


def _asked_by_django() -> tuple[bool, str]:
    """Return whether Django prefetches now, and the class that makes dicts or tuples of the rows, if no models."""
    prefetches, values = False, ""
    for frame in frames():
        if not package_of(frame.f_code.co_filename):  # the reader's own
            break
        if frame.f_globals.get("__name__") != "django.db.models.query":
            continue
        name = type(frame.f_locals.get("self")).__name__
        prefetches |= frame.f_code.co_name == "prefetch_related_objects"
        values = name if "Values" in name and name.endswith("Iterable") else values
    return prefetches, values
