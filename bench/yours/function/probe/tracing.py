"""Where the traced memory is: at the peak by package, by the reader's line and by class, and what of it stays."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import tracemalloc
from contextlib import suppress
from typing import Any

from bench.yours.function.probe.holders import most_grown, sizes
from bench.yours.function.probe.memory import PROBE, package_of, rss, shown
from bench.yours.function.probe.objects import (
    Counted,
    attributes,
    count,
    grown,
    holder,
    mapped,
    models,
    reached,
    relationships,
    row_size,
    tables,
)
from bench.yours.function.probe.stacks import any_line

MIB = 1024 * 1024
# The memory is looked at whenever it is so many times as large as at the last look; and at these shares of a former
# run's peak, for this run's may come between two looks at how much it is.
NEAR, STEP = (0.7, 0.9, 0.98), 1.5
# Seconds of processor time between two looks at how much it is, and of time until a thread that waits is woken to look.
INTERVAL, WAITING = 0.002, 0.05
MOST_LINES = 12
# Of fewer objects nothing is said.
ENOUGH = 1_000
# The code may trace by itself: it must not end or begin anew what is traced here.
_START, _STOP, _RESET_PEAK = tracemalloc.start, tracemalloc.stop, tracemalloc.reset_peak
_KEPT_ALIVE = ("start", "stop", "clear_traces", "reset_peak")


class Look:
    """The traced bytes, a snapshot of them, the objects, and what came of each line, at one moment."""

    def __init__(self, lines: dict[tuple[str, int] | None, int]) -> None:
        """Look now."""
        self.size = tracemalloc.get_traced_memory()[0]
        self.lines = dict(lines)
        self.objects = count()
        self.snapshot = tracemalloc.take_snapshot()

    def told(self, before: Counted) -> dict[str, Any]:
        """Return what was seen, by package of the allocating line; slow while memory is traced."""
        packages: dict[str, int] = {}
        for statistic in self.snapshot.statistics("filename"):
            package = package_of(statistic.traceback[0].filename)
            packages[package] = packages.get(package, 0) + statistic.size
        packages.pop(PROBE, None)
        lines = sorted(self.lines.items(), key=lambda line: -line[1])[:MOST_LINES]
        return {
            "traced": self.size,
            "packages": packages,
            "lines": [[*(line or ("", 0)), size] for line, size in lines if size > 0],
            "objects": grown(self.objects, before),
        }

    def of_what_stays(self) -> list[tuple[str, int, int]]:
        """Return the reader's lines that allocated most of this, if it was they and no library that they call."""
        found = self.snapshot.statistics("lineno")[:MOST_LINES]
        frames = [(one.traceback[0], one.size) for one in found]
        own = [(shown(frame.filename), frame.lineno, size) for frame, size in frames if not package_of(frame.filename)]
        return own if 2 * sum(size for *_, size in own) > self.size else []


class LineWatch:
    """Notes again and again by how much the traced memory grew, and the reader's line that runs.

    With one frame to an allocation, that is ten times as fast as a traceback of each, which would have to be
    deeper than SQLAlchemy's calls to reach the reader's line. It is noted at each statement, and whenever the garbage
    collector runs: after so many allocations, however busy the machine is. What it does not count, such as texts and
    bytes, is noted in the main thread at a signal after so much processor time, which interrupts no wait; where
    another thread works while the main one waits, at a signal from here.
    """

    def __init__(self, expected: int | None) -> None:
        """Expect what a former run had at its peak."""
        self._steps = [near * expected for near in NEAR] if expected else []
        self._next: float = MIB
        self._size = 0
        self._line: tuple[str, int] | None = None
        self.lines: dict[tuple[str, int] | None, int] = {}
        self.seen: Look | None = None
        self._noting, self._ended = threading.Lock(), threading.Event()
        # What was traced at most before the last look, and what the process took for the looks.
        self._peak, self.resident = 0, 0
        self._thread = threading.Thread(target=self._wake, name=PROBE, daemon=True)

    def start(self) -> None:
        """Begin, in the main thread."""
        gc.callbacks.append(self.note)
        signal.signal(signal.SIGVTALRM, self.note)
        signal.setitimer(signal.ITIMER_VIRTUAL, INTERVAL, INTERVAL)
        self._thread.start()

    def _wake(self) -> None:
        while not self._ended.wait(WAITING):
            if abs(tracemalloc.get_traced_memory()[0] - self._size) > MIB:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGVTALRM)

    def peak(self) -> int:
        """Return the most that was traced, but for the looks themselves."""
        return max(self._peak, tracemalloc.get_traced_memory()[1])

    def note(self, *_: object) -> None:
        """Let what was added since the last time be of the line that runs, and look closely near the peak."""
        if self._ended.is_set() or not self._noting.acquire(blocking=False):  # a signal comes while something is noted
            return
        try:
            self._line = any_line()
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
        self.lines[self._line] = self.lines.get(self._line, 0) + size - self._size
        self._size = size
        return size

    def end(self) -> None:
        """Look no longer; what came since the last look is of the line that ran then."""
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        self._ended.set()
        gc.callbacks.remove(self.note)
        self._thread.join()
        self._add()


class Tracing:
    """What is traced from the call on."""

    def __init__(self, *, deep: bool, expected: int | None) -> None:
        """Know only the peak, or with `deep` where it lies."""
        self._watch = LineWatch(expected) if deep else None
        self._before: Counted = {}
        self._sizes: dict[str, int] = {}
        self._peak: Look | None = None
        self._after: Look | None = None
        self._told: dict[str, Any] = {}
        self._in_hand = 0
        for name in _KEPT_ALIVE:
            setattr(tracemalloc, name, lambda *_: None)

    def start(self) -> None:
        """Begin."""
        if self._watch:
            self._before, self._sizes = count(), sizes()
        _START()
        if self._watch:
            self._watch.start()

    def returned(self, result: Any) -> dict[str, int]:
        """Return how much is traced while the result is in hand, and look at it."""
        traced, peak = tracemalloc.get_traced_memory()[0], self.peak()
        if not self._watch:
            _STOP()
            return {"traced": traced, "traced_peak": peak}
        self._watch.end()
        self._peak = self._watch.seen
        if not self._peak or self._peak.size < traced:
            self._peak = Look(self._watch.lines)
        gc.collect()  # what only a cycle holds is not kept, and is there at the peak
        self._told["kept"] = tracemalloc.get_traced_memory()[0]
        objects = count()
        many = [name for name in mapped() if self._peak.objects.get(name, 0) >= ENOUGH]
        self._told["attributes"] = {name: attributes(name) for name in many}
        self._told["models"] = models(ENOUGH)
        self._told["at_return"] = {"objects": grown(objects, self._before)}
        self._told["in_result"] = reached(result)
        self._in_hand = tracemalloc.get_traced_memory()[0]
        return {"traced": traced, "traced_peak": peak}

    def look(self) -> None:
        """Look whether this is near the peak."""
        if self._watch:
            self._watch.note()

    def peak(self) -> int:
        """Return the most that was traced."""
        return self._watch.peak() if self._watch else tracemalloc.get_traced_memory()[1]

    def resident(self) -> int:
        """Return what of the process's memory is the tracer's."""
        return tracemalloc.get_tracemalloc_memory() + (self._watch.resident if self._watch else 0)

    def released(self) -> None:
        """Note what only the result held, once it is gone."""
        if self._watch:
            gc.collect()
            self._told["of_result"] = self._in_hand - tracemalloc.get_traced_memory()[0]

    def after(self) -> None:
        """Look at what is still there once the result is gone."""
        if self._watch:
            self._after = Look(self._watch.lines)

    def told(self) -> dict[str, Any]:
        """Return what was seen, which is grouped only now, for that is slow while memory is traced."""
        _STOP()
        if self._peak:
            self._told["at_peak"] = self._peak.told(self._before)
            self._told["row_size"] = row_size()
            with suppress(Exception):
                self._told["related"] = relationships()
                self._told["tables"] = tables()
        if self._after:
            after = self._told["after"] = self._after.told(self._before)
            after["lines"] = self._after.of_what_stays() or after["lines"]
            self._told["grown"] = most_grown(self._sizes) if self._after.size >= MIB else ("", 0)
            many = [name for name, number in after["objects"] if number >= ENOUGH and "." in name]
            many = [name for name in many if name.partition(".")[0] not in getattr(sys, "stdlib_module_names", ())]
            after["holder"] = holder(many[0]) if many and self._after.size >= MIB else []
        return self._told
