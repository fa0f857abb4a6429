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


def any_line() -> tuple[str, int] | None:
    """Return the reader's line that runs in this thread, else in the main one, else in another."""
    line = own_line()
    if line is None:
        here, main = threading.get_ident(), threading.main_thread().ident
        frames = sorted(sys._current_frames().items(), key=lambda thread: thread[0] != main)
        line = next(filter(None, (nearest(frame) for thread, frame in frames if thread != here)), None)
    return line


def is_told_by_another(driver: str) -> bool:
    """Return whether what calls a driver tells of its statements by itself."""
    frame: Any = sys._getframe(1)
    while frame and package_of(frame.f_code.co_filename) in (PROBE, driver, STANDARD_LIBRARY):
        frame = frame.f_back
    return bool(frame) and package_of(frame.f_code.co_filename) in ("sqlalchemy", "django")
