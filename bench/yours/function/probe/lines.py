"""Which of the reader's lines runs while the traced memory grows, noted again and again; and looks near the peak."""

from __future__ import annotations

import _thread
import gc
import signal
import tracemalloc
from contextlib import suppress

from bench.yours.function.probe.looks import Line, Look
from bench.yours.function.probe.memory import rss
from bench.yours.function.probe.stacks import MAIN, SLEEP, START, any_line

MIB = 1024 * 1024
# The memory is looked at whenever it is so many times as large as at the last look; and at these shares of a former
# run's peak, for this run's may come between two looks at how much it is.
NEAR, STEP = (0.7, 0.8, 0.9, 0.98), 1.5
# Seconds of processor time between two looks at how much it is, and of time until a thread that waits is woken to look.
INTERVAL, WAITING = 0.002, 0.05
_RESET_PEAK = tracemalloc.reset_peak  # the code may trace by itself, and is given another one


class LineWatch:
    """Notes again and again by how much the traced memory grew, and the reader's line that runs.

    With one frame to an allocation, that is ten times as fast as a traceback of each, which would have to be
    deeper than SQLAlchemy's calls to reach the reader's line. It is noted at each statement, and whenever the garbage
    collector runs: after so many allocations, however busy the machine is. What it does not count, such as texts and
    bytes, is noted in the main thread at a signal after so much processor time, which hardly interrupts a wait; where
    another thread works while the main one waits, at a signal from here.
    """

    def __init__(self, expected: int | None) -> None:
        """Expect what a former run had at its peak."""
        self._steps = [near * expected for near in NEAR] if expected else []
        self._next: float = MIB
        self._size = 0
        self._line: Line | None = None
        # What was added while each line ran and is still there; the one that grew last stands last.
        self.lines: dict[Line | None, int] = {}
        self.seen: Look | None = None
        self._noting, self._ended = _thread.allocate_lock(), False
        # What was traced at most before the last look, and what the process took for the looks.
        self._peak, self.resident = 0, 0

    def start(self) -> None:
        """Begin, in the main thread."""
        gc.callbacks.append(self.note)
        signal.signal(signal.SIGPROF, self.note)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
        START(self._wake, ())

    def _wake(self) -> None:
        while not self._ended:
            SLEEP(WAITING)
            if abs(tracemalloc.get_traced_memory()[0] - self._size) > MIB and not self._ended:
                signal.pthread_kill(MAIN, signal.SIGPROF)

    def peak(self) -> int:
        """Return the most that was traced, but for the looks themselves."""
        return max(self._peak, tracemalloc.get_traced_memory()[1])

    def note(self, *_: object) -> None:
        """Let what was added since the last time be of the line that runs, and look closely near the peak."""
        if self._ended or not self._noting.acquire(blocking=False):  # a signal comes while something is noted
            return
        try:
            self._line = any_line(self._line)
            size = self._add()
            if size >= self._next:
                self._next = min([STEP * size, *(step for step in self._steps if step > size)])
                self._look()
        finally:
            self._noting.release()

    def _look(self) -> None:
        self._peak, resident = self.peak(), rss()
        self.seen = Look(self.lines)
        _RESET_PEAK()
        self.resident += rss() - resident

    def _add(self) -> int:
        size = tracemalloc.get_traced_memory()[0]
        grew, self._size = size - self._size, size
        if grew > 0:
            self.lines[self._line] = self.lines.pop(self._line, 0) + grew
            return size
        for line in (self._line, *reversed(list(self.lines))):  # what is freed, is first of what was added last
            freed = min(-grew, self.lines.get(line, 0))
            if freed:
                self.lines[line] -= freed
                grew += freed
        return size

    def end(self) -> None:
        """Look no longer; what came since the last look is of the line that ran then."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        self._ended = True
        with suppress(ValueError):  # the code may have cleared them
            gc.callbacks.remove(self.note)
        self._add()
