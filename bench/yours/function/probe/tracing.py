"""Where the traced memory is, at the peak, at the return and after it: by package, by the reader's line, by class."""

from __future__ import annotations

import sys
import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any

from bench.yours.function.probe.memory import PROBE, package_of, shown
from bench.yours.function.probe.objects import Counted, attributes, count, grown, holder, mapped

MIB = 1024 * 1024
# As deep as SQLAlchemy lies below a line of the reader's; each allocation takes longer with each frame.
FRAMES = 16
# At this share of a former run's peak the memory is looked at; without one, whenever it is so many times as large.
NEAR, STEP = 0.98, 1.5
# Seconds between two looks at how much it is: more often, and what runs would wait for its turn on a busy machine.
INTERVAL = 0.005
MOST_LINES = 12
# Of fewer objects nothing is said.
ENOUGH = 1_000


class PeakWatch(threading.Thread):
    """Takes a snapshot, and counts the objects, once the traced memory comes near the peak."""

    def __init__(self, expected: int | None) -> None:
        """Expect what a former run had at its peak."""
        super().__init__(name=PROBE, daemon=True)
        self._next: float = NEAR * expected if expected else MIB
        self._once = bool(expected)
        self.seen: Look | None = None
        self._ended = threading.Event()

    def run(self) -> None:
        """Look until the call has ended."""
        while not self._ended.wait(INTERVAL):
            if tracemalloc.get_traced_memory()[0] >= self._next:
                interval = sys.getswitchinterval()
                sys.setswitchinterval(3600.0)  # so that what runs stands still meanwhile
                try:
                    self.seen = Look()
                finally:
                    sys.setswitchinterval(interval)
                if self._once:
                    return
                self._next = STEP * self.seen.size

    def end(self) -> None:
        """Look no longer."""
        self._ended.set()
        self.join()


class Look:
    """The traced bytes, a snapshot of them, and the objects, at one moment."""

    def __init__(self) -> None:
        """Look now."""
        self.size = tracemalloc.get_traced_memory()[0]
        self.objects = count()
        self.snapshot = tracemalloc.take_snapshot()


class Tracing:
    """What is traced from the call on."""

    def __init__(self, *, deep: bool, expected: int | None) -> None:
        """Know only the peak, or with `deep` where it lies."""
        self._deep, self._expected = deep, expected
        self._watch: PeakWatch | None = None
        self._before: Counted = {}
        self._peak: Look | None = None
        self._after: Look | None = None
        self._attributes: dict[str, dict[str, float]] = {}
        self._told: dict[str, Any] = {}

    def start(self) -> None:
        """Begin."""
        if self._deep:
            self._watch = PeakWatch(self._expected)
            self._watch.start()
            self._before = count()
        tracemalloc.start(FRAMES if self._deep else 1)

    def returned(self) -> dict[str, int]:
        """Return how much is traced while the result is in hand, and look at it."""
        traced, peak = tracemalloc.get_traced_memory()
        if self._watch:
            self._watch.end()
            objects, self._peak = count(), self._watch.seen
            if not self._peak or self._peak.size < traced:
                self._peak = Look()
            many = [name for name in mapped() if self._peak.objects.get(name, 0) >= ENOUGH]
            self._attributes = {name: attributes(name) for name in many}
            self._told["at_return"] = {"objects": grown(objects, self._before)}
        else:
            tracemalloc.stop()
        return {"traced": traced, "traced_peak": peak}

    def after(self) -> None:
        """Look at what is still there once the result is gone."""
        if self._deep:
            self._after = Look()

    def told(self) -> dict[str, Any]:
        """Return what was seen, which is grouped only now, for that is slow while memory is traced."""
        tracemalloc.stop()
        if self._peak:
            self._told["at_peak"] = {**self._grouped(self._peak), "attributes": self._attributes}
        if self._after:
            after = self._grouped(self._after)
            many = [name for name, number in after["objects"] if number >= ENOUGH and "." in name]
            after["holder"] = holder(many[0]) if many and self._after.size >= MIB else []
            self._told["after"] = after
        return self._told

    def _grouped(self, look: Look) -> dict[str, Any]:
        objects = grown(look.objects, self._before)
        return {"traced": look.size, **grouped(look.snapshot), "objects": objects}


def grouped(snapshot: tracemalloc.Snapshot) -> dict[str, Any]:
    """Return the bytes by package of the allocating line, and by the nearest line of the reader's."""
    packages: dict[str, int] = {}
    lines: dict[tuple[str, int], int] = {}
    for frames, size in _by_traceback(snapshot):
        package = package_of(frames[0][0])
        if package == PROBE:
            continue
        packages[package] = packages.get(package, 0) + size
        own = next(((shown(file), line) for file, line in frames if package_of(file) == ""), ("", 0))
        lines[own] = lines.get(own, 0) + size
    largest = sorted(lines.items(), key=lambda line: -line[1])[:MOST_LINES]
    return {"packages": packages, "lines": [[file, line, size] for (file, line), size in largest]}


def _by_traceback(snapshot: tracemalloc.Snapshot) -> Iterator[tuple[list[tuple[str, int]], int]]:
    """Yield each stack, the allocating line first, and its bytes: as `statistics` does, sooner."""
    traces = getattr(snapshot.traces, "_traces", None)
    if traces is None:
        for statistic in snapshot.statistics("traceback"):
            yield [(frame.filename, frame.lineno) for frame in reversed(list(statistic.traceback))], statistic.size
        return
    sizes: dict[int, int] = {}
    stacks: dict[int, tuple[tuple[str, int], ...]] = {}
    for _, size, stack, *_ in traces:
        sizes[id(stack)] = sizes.get(id(stack), 0) + size
        stacks[id(stack)] = stack
    for key, stack in stacks.items():
        yield list(stack), sizes[key]
