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
NEAR, STEP = 0.98, 1.25
# Seconds between two looks at how much it is: more often, and what runs would wait for its turn on a busy machine.
INTERVAL = 0.02
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

    def start(self) -> None:
        """Begin."""
        if self._deep:
            self._watch = PeakWatch(self._expected)
            self._watch.start()
            self._before = count()
        tracemalloc.start(FRAMES if self._deep else 1)

    def returned(self) -> dict[str, Any]:
        """Return what there is while the result is in hand, and what there was at the peak."""
        traced, peak = tracemalloc.get_traced_memory()
        told: dict[str, Any] = {"traced": traced, "traced_peak": peak}
        if not self._watch:
            tracemalloc.stop()
            return told
        self._watch.end()
        objects, look = count(), self._watch.seen
        if not look or look.size < traced:
            look = Look()
        many = [name for name in mapped() if look.objects.get(name, 0) >= ENOUGH]
        told["at_peak"] = {
            "traced": look.size,
            **grouped(look.snapshot),
            "objects": grown(look.objects, self._before),
            "attributes": {name: attributes(name) for name in many},
        }
        told["at_return"] = {"objects": grown(objects, self._before)}
        return told

    def after(self) -> dict[str, Any]:
        """Return what is still there once the result is gone, and who holds it."""
        if not self._deep:
            return {}
        objects, traced = grown(count(), self._before), tracemalloc.get_traced_memory()[0]
        snapshot = tracemalloc.take_snapshot()
        tracemalloc.stop()
        found = {"traced": traced, "objects": objects, **grouped(snapshot)}
        many = [name for name, number in objects if number >= ENOUGH and "." in name]
        return {**found, "holder": holder(many[0]) if many and traced >= MIB else []}


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
    for trace in traces:
        size, stack = trace[1], trace[2]
        sizes[id(stack)] = sizes.get(id(stack), 0) + size
        stacks[id(stack)] = stack
    for key, stack in stacks.items():
        yield list(stack), sizes[key]
