"""The reader's line that runs: in this thread or in another one, through greenlets, too."""

from __future__ import annotations

import _thread
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from bench.yours.function.probe.memory import PROBE, STANDARD_LIBRARY, package_of, shown

# What executes statements, and what it does so by.
EXECUTE = (
    PROBE,
    STANDARD_LIBRARY,
    "sqlalchemy",
    "django",
    "psycopg",
    "psycopg2",
    "asyncpg",
    "greenlet",
    "sqlmodel",
    "flask_sqlalchemy",
)
# As they are before the reader's code is imported: gevent gives threads other numbers, and starts none.
_this_thread, START, SLEEP = _thread.get_ident, _thread.start_new_thread, time.sleep
MAIN = _this_thread()


def nearest(outwards: Iterable[Any]) -> tuple[str, int] | None:
    """Return the innermost line of the reader's in these frames."""
    for frame in outwards:
        if package_of(frame.f_code.co_filename) == "":
            return shown(frame.f_code.co_filename), frame.f_lineno
    return None


def own_line() -> tuple[str, int] | None:
    """Return the reader's line that runs in this thread."""
    return nearest(frames())


class CallOf(NamedTuple):
    """A line that calls what executes statements, whose it is, if a library's, and what it calls, as `module:name`."""

    line: tuple[str, int] | None
    package: str
    name: str


def called() -> CallOf:
    """Return the line that calls what executes a statement now: the reader's, or that of a library in between."""
    name = ""
    for frame in frames():
        package = package_of(frame.f_code.co_filename)
        if package not in EXECUTE:
            return CallOf((shown(frame.f_code.co_filename), frame.f_lineno), package, name)
        name = f"{frame.f_globals.get('__name__')}:{frame.f_code.co_name}"
    return CallOf(None, "", "")


def frames() -> Iterator[Any]:
    """Yield the frames of this thread, the innermost first, through greenlets."""
    greenlet = sys.modules.get("greenlet")
    current = greenlet.getcurrent().parent if greenlet else None
    yield from _outwards(sys._getframe(1))  # no name for it here: who iterates would be held by what he iterates
    while current is not None:
        yield from _outwards(current.gr_frame)
        current = current.parent


def _outwards(frame: Any) -> Iterator[Any]:
    while frame:
        yield frame
        frame = frame.f_back


def any_line(last: tuple[str, int] | None = None) -> tuple[str, int] | None:
    """Return the reader's line that runs in this thread, else in the main one, else in another.

    Where this one waits for others, it is theirs first. Where the event loop waits, or calls back a driver that reads,
    it is the last line, which awaits that.
    """
    loops, own = _loops(), own_line()
    if own and not loops and not _waits():
        return own
    threads = sys._current_frames()
    del threads[_this_thread()]  # this frame would hold itself, and what runs below it beyond its end
    others = (nearest(_outwards(threads[thread])) for thread in sorted(threads, key=lambda one: one != MAIN))
    return next(filter(None, others), None) or (last or own if loops else own)


def _waits() -> bool:
    """Return whether this thread waits for another one: for its end, its result, or what it puts into a queue."""
    outwards = (frame for frame in _outwards(sys._getframe(1)) if package_of(frame.f_code.co_filename) != PROBE)
    frame = next(outwards, None)
    return frame is not None and frame.f_globals.get("__name__") == "threading"


def _loops() -> bool:
    """Return whether an event loop runs in this thread, and neither a task nor a line of the reader's in it."""
    frame: Any = sys._getframe(1)
    while frame and package_of(frame.f_code.co_filename) != "":
        if frame.f_code.co_name == "_run_once" and frame.f_globals.get("__name__") == "asyncio.base_events":
            return sys.modules["asyncio"].current_task() is None
        frame = frame.f_back
    return False


def is_told_by_another(driver: str) -> bool:
    """Return whether what calls a driver tells of its statements by itself."""
    frame: Any = sys._getframe(1)
    while frame and package_of(frame.f_code.co_filename) in (PROBE, driver, STANDARD_LIBRARY):
        frame = frame.f_back
    return bool(frame) and package_of(frame.f_code.co_filename) in ("sqlalchemy", "django")
