"""One run of the reader's code with one instrument: the order comes as JSON, and so goes what was found."""

from __future__ import annotations

import gc
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bench.yours.function.probe.calling.call import Call
from bench.yours.function.probe.calling.finding import found, import_ahead, is_script, script
from bench.yours.function.probe.failures import UncallableError, described
from bench.yours.function.probe.imports import ImportWatch, made
from bench.yours.function.probe.libraries.cursors import PSYCOPG, PsycopgWatch
from bench.yours.function.probe.libraries.drivers import PSYCOPG2, Psycopg2Watch
from bench.yours.function.probe.libraries.orms import OrmWatch
from bench.yours.function.probe.libraries.records import ASYNCPG, AsyncpgWatch
from bench.yours.function.probe.libraries.statements import Statements
from bench.yours.function.probe.memory import children, forget_peak, peak, rss
from bench.yours.function.probe.stacks import any_line
from bench.yours.function.probe.telling import Telling

if TYPE_CHECKING:
    from bench.yours.function.probe.tracing import Tracing

UNTRACED, TRACED, STATEMENTS, EVERYTHING = "untraced", "traced", "statements", "everything"
LIBRARIES = ("sqlalchemy", "psycopg", "psycopg2", "asyncpg", "django", "pydantic")


class ProbeRun:
    """What is known so far, so that it can be told whenever the run ends."""

    def __init__(self, order: dict[str, Any]) -> None:
        """Let the order say what to run, with which instrument, and where to tell what was found."""
        self.order = order
        self._process = os.getpid()
        self._telling = Telling(order["report"])
        self.children: list[int] = []
        self.told: dict[str, Any] = {"python": platform.python_version(), "stage": "import"}
        instrument = order["instrument"]
        self.statements = Statements(rows=instrument in (STATEMENTS, EVERYTHING))
        orms = OrmWatch(self.statements)
        after = {"sqlalchemy": orms.listen_to_sqlalchemy, "django.db": orms.listen_to_django}
        after.update({PSYCOPG: PsycopgWatch(self.statements).listen, ASYNCPG: AsyncpgWatch(self.statements).listen})
        after[PSYCOPG2] = Psycopg2Watch(self.statements).listen
        if self.statements.rows:
            after["sqlalchemy.orm"] = orms.listen_to_entities
        self.watch = ImportWatch(after)
        self.tracing: Tracing | None = None
        if instrument != UNTRACED:
            self._trace(order.get("peak"))
        self.call: Call | None = None

    def _trace(self, expected: int | None) -> Tracing:
        from bench.yours.function.probe.tracing import Tracing

        tracing = self.tracing = Tracing(deep=self.order["instrument"] != STATEMENTS, expected=expected)
        self.statements.look, self.statements.peak = tracing.look, tracing.peak
        self.statements.traced = tracing.size
        self.statements.instruments = tracing.resident
        return tracing

    def go(self) -> None:
        """Import, call, and tell; whatever happens, what is known by then is told."""
        self._telling.listen(self._stopped)
        import_ahead()
        sys.path.insert(0, os.getcwd())
        sys.meta_path.insert(0, self.watch)
        self.told["interpreter"] = rss()
        try:
            self._import_and_call()
        except UncallableError as error:
            self.told["error"] = {"kind": "", "text": str(error), "line": None}
        except BaseException as error:
            if os.getpid() != self._process:  # a fork of it, which ends as it would without this
                raise
            self.told["error"] = described(error, self.order["target"])
            self._end_early()
            error.__traceback__ = None
        self.tell("ended")

    def _stopped(self, *_: object) -> None:
        self.told["stopped_at"] = any_line()
        self.tell("stopped")

    def _import_and_call(self) -> None:
        target = self.order["target"]
        thing = script(target) if is_script(target) else found(target, self.order["requests"])
        self.imported()
        self.call = Call(thing, self.order)
        if self.call.only_import:
            return
        if not self.call.callable:
            raise UncallableError(f"{target} is no function: it is of class {type(thing).__qualname__}")
        self.call.run(self.startup, self.begin, self.end, self.released)
        gc.collect()
        self.told["left"] = rss()
        if self.tracing:
            self.tracing.after()

    def imported(self) -> None:
        """Note what the import took."""
        self.told["stage"] = "preparing"
        watch = self.watch
        self.told["imported"] = {"rss": rss(), "own": dict(watch.own), "all": dict(watch.all), "made": made()}
        self.told["imported"].update(readers=sorted(watch.readers), modules=watch.modules)

    @contextmanager
    def startup(self) -> Iterator[None]:
        """Measure an application's startup, which is none of the call's."""
        gc.collect()
        began, before = time.monotonic(), rss()
        tracing = self._trace(None) if self.order["instrument"] in (TRACED, EVERYTHING) else None
        if tracing:
            tracing.start()
        yield
        grew = rss() - before - (tracing.resident() if tracing else 0)
        self.told["startup"] = {"rss": grew, "seconds": time.monotonic() - began}
        if tracing:
            self.told["startup"].update(tracing.stays())
            self._trace(self.order.get("peak"))

    def begin(self) -> None:
        """Begin to measure: the call is next."""
        self.told["stage"] = "call"
        gc.collect()
        if self.tracing:
            self.tracing.start()
        self.watch.total = 0
        self.children = children()
        forget_peak()
        self.told["began"] = {"rss": rss(), "peak": peak(), "seconds": time.monotonic()}
        self.statements.since = time.monotonic()

    def end(self, result: Any = None) -> None:
        """Note what there is while the result is still in hand."""
        self.told["returned"] = {"rss": rss(), "peak": peak(), "seconds": time.monotonic()}
        self.told["stage"] = "closing"
        self.told["imported_in_call"] = self.watch.total
        if self.tracing:
            self.told.update(self.tracing.returned(result))

    def released(self) -> None:
        """Note what is left once the result is gone, and what the call was given is still open."""
        if self.tracing:
            self.tracing.released()

    def tell(self, how: str) -> None:
        """Write what is known, and end this process."""
        self._telling.tell(how, lambda: self._known(how))

    def _end_early(self) -> None:
        if self.told["stage"] == "call" and "returned" not in self.told:
            self.end()
            self.told["stage"] = "call"

    def _known(self, how: str) -> dict[str, Any]:
        self._end_early()
        statements = self.statements
        self.told.update(self.tracing.told() if self.tracing else {})
        self.told.update(
            how=how,
            ended={"rss": rss(), "peak": peak(), "seconds": time.monotonic()},
            marks=statements.marks.told,
            hooks=statements.hooks,
            statements=list(statements.found.values()),
            libraries=_versions(),
            items=self.call.items if self.call else 0,
            answers=self.call.answers.found if self.call else [],
            children=self.children != children(),
        )
        return self.told


def _versions() -> dict[str, str]:
    modules = {name: sys.modules[name] for name in LIBRARIES if name in sys.modules}
    return {name: str(getattr(module, "__version__", "")).partition(" ")[0] for name, module in modules.items()}
