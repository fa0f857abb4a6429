"""The reader's line that runs: in this thread or in another one, through greenlets, too."""

from __future__ import annotations

import sys
import threading
from typing import Any

from bench.yours.function.probe.memory import PROBE, STANDARD_LIBRARY, package_of, shown


def nearest(frame: Any) -> tuple[str, int] | None:
    """Return the innermost line of the reader's, from a frame on outwards."""
    while frame:
        if package_of(frame.f_code.co_filename) == "":
            return shown(frame.f_code.co_filename), frame.f_lineno
        frame = frame.f_back
    return None


def own_line() -> tuple[str, int] | None:
    """Return the reader's line that runs in this thread."""
    line = nearest(sys._getframe(1))
    greenlet = sys.modules.get("greenlet")
    current = greenlet.getcurrent().parent if greenlet else None
    while line is None and current is not None:
        line, current = nearest(current.gr_frame), current.parent
    return line


def reading_package(names: tuple[str, ...]) -> str:
    """Return which of these packages the reader's line calls to read what is executed now, if one of them."""
    frame: Any = sys._getframe(1) if any(name in sys.modules for name in names) else None
    while frame and (package := package_of(frame.f_code.co_filename)):
        if package in names:
            return package
        frame = frame.f_back
    return ""


def any_line() -> tuple[str, int] | None:
    """Return the reader's line that runs in this thread, else in the main one, else in another."""
    if line := own_line():
        return line
    main, frames = threading.main_thread().ident, sys._current_frames()
    del frames[threading.get_ident()]  # this frame would hold itself, and what runs below it beyond its end
    return next(filter(None, (nearest(frames[thread]) for thread in sorted(frames, key=lambda one: one != main))), None)


def is_told_by_another(driver: str) -> bool:
    """Return whether what calls a driver tells of its statements by itself."""
    frame: Any = sys._getframe(1)
    while frame and package_of(frame.f_code.co_filename) in (PROBE, driver, STANDARD_LIBRARY):
        frame = frame.f_back
    return bool(frame) and package_of(frame.f_code.co_filename) in ("sqlalchemy", "django")
