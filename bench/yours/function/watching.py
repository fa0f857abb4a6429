"""A process that runs the reader's code: its memory over time, and its end, whatever it does."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from math import inf

import psutil

from common import MIB

# Seconds between two looks at the memory at first, and how many are kept: the time doubles when there are more.
INTERVAL, MOST_SAMPLES = 0.01, 2_000
# Seconds in which a process that is asked to end tells what it knows.
PATIENCE = 20.0


class ProcessWatch:
    """Looks at a process's memory until it ends, and ends it where it takes too long or too much, or at Ctrl-C."""

    def __init__(self, process: subprocess.Popen[bytes], timeout: int, limit: int | None) -> None:
        self._process, self._timeout, self._limit = process, timeout, limit
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
        found = self._seen.children(recursive=True) if len(self.samples) % 20 == 0 else []
        for child in {*self._below, *found}:
            with suppress(psutil.Error):
                if child not in self._below and "resource_tracker" in str(child.cmdline()):  # multiprocessing's own
                    continue
                first, most = self._below.get(child, (time.monotonic(), 0))
                self._below[child] = first, max(most, child.memory_info().rss)

    def _ask(self, why: str) -> None:
        """Let the process tell what it knows, and end."""
        self.why, self._asked = why, time.monotonic()
        self._process.send_signal(getattr(signal, "SIGXCPU", signal.SIGTERM))

    def _too_much(self, seconds: float) -> str:
        if seconds > self._timeout:
            return f"it was ended after {self._timeout:,} s: --timeout gives it more"
        if self._limit and self.samples and self.samples[-1][1] > self._limit:
            return f"it was ended at {self._limit / MIB:,.0f} MiB: --limit gives it more"
        return ""

    def end(self) -> None:
        """Let nothing of it live on, neither it nor what it started."""
        below = set(self._below)
        with suppress(psutil.Error):
            below.update(self._seen.children(recursive=True))
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        kill(below)
        self._process.wait()


def kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):  # psutil knows one that was given the same number
            process.kill()
