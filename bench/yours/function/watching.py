"""A process that runs the reader's code: its memory over time, and its end, whatever it does."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from math import inf

import psutil

from common import MIB

# Seconds between two looks at the memory at first, and how many are kept: the time doubles when there are more.
INTERVAL, MOST_SAMPLES = 0.01, 2_000
# Seconds in which a process that is asked to end tells what it knows.
PATIENCE = 20.0
# How often it is looked for what a process that was ended had started.
MOST_GENERATIONS = 20
# What asks a process to end: one that nothing else sends, where there are such; the probe has the same.
STOP = getattr(signal, "SIGRTMAX", getattr(signal, "SIGXCPU", signal.SIGTERM))
PRCTL = getattr(ctypes.CDLL(None), "prctl", None) if sys.platform == "linux" else None
# https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
SET_SUBREAPER, GET_SUBREAPER = 36, 37


@contextmanager
def adopting() -> Iterator[set[psutil.Process]]:
    """Let what is below this process become its child once its own parent ends, which only Linux does.

    Yields the children that it has already.
    """
    before = ctypes.c_int()
    if PRCTL:
        PRCTL(GET_SUBREAPER, ctypes.byref(before))
        PRCTL(SET_SUBREAPER, 1)
    try:
        yield set(psutil.Process().children())
    finally:
        if PRCTL:
            PRCTL(SET_SUBREAPER, before.value)


class ProcessWatch:
    """Looks at a process's memory until it ends, and ends it where it takes too long or too much, or at Ctrl-C."""

    def __init__(
        self, process: subprocess.Popen[bytes], timeout: int, limit: int | None, others: set[psutil.Process]
    ) -> None:
        """Watch this process; the others were the command's children before."""
        self._process, self._timeout, self._limit, self._others = process, timeout, limit, others
        self._seen = psutil.Process(process.pid)
        self._interval, self._began, self._asked = INTERVAL, time.monotonic(), inf
        self.samples: list[tuple[float, int]] = []
        self.why = ""
        # When each process below this one was seen first, and the most that it was seen with.
        self._below: dict[psutil.Process, tuple[float, int]] = {}

    @property
    def children(self) -> Sequence[tuple[float, int]]:
        return [*self._below.values()]

    def until_its_end(self) -> None:
        while self._process.poll() is None and time.monotonic() - self._asked < PATIENCE:
            try:
                self._look()
            except KeyboardInterrupt:
                if self.why:
                    raise
                self._ask("it was interrupted")

    def _look(self) -> None:
        with suppress(psutil.Error):
            self.samples.append((time.monotonic(), self._seen.memory_info().rss))
            self._look_below()
        if len(self.samples) > MOST_SAMPLES:
            self._interval, self.samples = 2 * self._interval, self.samples[::2]
        if not self.why and (why := self._too_much(time.monotonic() - self._began)):
            self._ask(why)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(self._interval)

    def _look_below(self) -> None:
        self._note({*self._below, *(self._all_below() if len(self.samples) % 20 == 0 else ())})

    def _note(self, children: set[psutil.Process]) -> None:
        for child in children:
            with suppress(psutil.Error):
                if child not in self._below and "resource_tracker" in str(child.cmdline()):  # multiprocessing's own
                    continue
                first, most = self._below.get(child, (time.monotonic(), 0))
                self._below[child] = first, max(most, child.memory_info().rss)

    def _all_below(self) -> set[psutil.Process]:
        """Return what the process started, and what of it the command has adopted."""
        found = set(psutil.Process().children(recursive=True)) - {self._seen}
        for other in self._others:
            with suppress(psutil.Error):
                found -= {other, *other.children(recursive=True)}
        return found

    def _ask(self, why: str) -> None:
        """Let the process tell what it knows, and end."""
        self.why, self._asked = why, time.monotonic()
        self._process.send_signal(STOP)

    def _too_much(self, seconds: float) -> str:
        if seconds > self._timeout:
            return f"it was ended after {self._timeout:,} s: --timeout gives it more"
        if self._limit and self.samples and self.samples[-1][1] > self._limit:
            return f"it was ended at {self._limit / MIB:,.0f} MiB: --limit gives it more"
        return ""

    def end(self) -> None:
        """Let nothing of it live on, neither it nor what it started, however often Ctrl-C is pressed."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._end()
        finally:
            signal.signal(signal.SIGINT, before)

    def _end(self) -> None:
        left = self._all_below()
        self._note(left)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        kill(left | set(self._below))
        for _ in range(MOST_GENERATIONS):  # what became a child of the command only now
            if not (left := self._all_below()):
                break
            self._note(left)
            kill(left)


def kill(processes: set[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):  # psutil knows one that was given the same number
            process.kill()
    psutil.wait_procs(processes, timeout=1)
