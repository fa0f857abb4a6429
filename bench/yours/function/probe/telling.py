"""What is known of a run is told once, as JSON, however it ends: by itself, by an error, or when it is asked to."""

from __future__ import annotations

import _thread
import atexit
import gc
import io
import json
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bench.yours.function.probe.stacks import MAIN, SLEEP, START

# Seconds in which the main thread tells what is known, unless it waits for what answers no signal.
PATIENCE = 2.0
_FILES = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)
# What asks this process to end, and what lets the main thread tell: what nothing else sends, where there are such.
STOP = getattr(signal, "SIGRTMAX", getattr(signal, "SIGXCPU", signal.SIGTERM))
TELL = getattr(signal, "SIGRTMIN", getattr(signal, "SIGXFSZ", signal.SIGTERM))


class Telling:
    """Writes what is known into a file, once, and ends the process."""

    def __init__(self, report: str) -> None:
        """Write there."""
        self._report, self._process, self._once = report, os.getpid(), _thread.allocate_lock()

    def listen(self, stopped: Callable[..., None]) -> None:
        """Call this when the command asks to end: in another thread while the main one waits in a library.

        It is no thread of threading's: gevent wants there to be no other one when it takes these over.
        """
        if not hasattr(signal, "sigwait"):
            return

        def wait() -> None:
            signal.sigwait({STOP})
            signal.pthread_kill(MAIN, TELL)
            SLEEP(PATIENCE)
            stopped()

        signal.signal(TELL, stopped)
        signal.pthread_sigmask(signal.SIG_BLOCK, {STOP})
        START(wait, ())

    def tell(self, how: str, known: Callable[[], dict[str, Any]]) -> None:
        """Write what is known, and end this process at once; one that was forked only ends."""
        if not self._once.acquire(blocking=False):
            return
        if os.getpid() == self._process:
            told = known()
            with open(self._report + ".part", "w", encoding="utf-8") as file:
                json.dump(told, file)
            os.replace(self._report + ".part", self._report)
        if how == "ended":
            with suppress(BaseException):
                atexit._run_exitfuncs()
        _flush_all()
        os._exit(0)


def _flush_all() -> None:
    """Write what the code has written into files that are still open, as the interpreter does at its end."""
    for thing in gc.get_objects():
        if issubclass(type(thing), _FILES):
            with suppress(Exception):
                thing.flush()
