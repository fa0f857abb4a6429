"""Where the traced memory is: at the peak by package, by the reader's line and by class, and what of it stays."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from contextlib import suppress
from typing import Any

from bench.yours.function.probe.holders import most_grown, sizes
from bench.yours.function.probe.lines import MIB, LineWatch
from bench.yours.function.probe.looks import Look
from bench.yours.function.probe.mapped import columns, mapped, relationships, tables
from bench.yours.function.probe.objects import Counted, attributes, count, grown, model_names, models, reached, row_size
from bench.yours.function.probe.paths import holder

# Of fewer objects nothing is said.
ENOUGH = 1_000
# The code may trace by itself: it must not end or begin anew what is traced here.
_START, _STOP = tracemalloc.start, tracemalloc.stop
_KEPT_ALIVE = ("start", "stop", "clear_traces", "reset_peak")


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
            self._before, self._sizes = count(gc.get_objects()), sizes()
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
        objects = count(gc.get_objects())
        many = [name for name in mapped() if self._peak.objects.get(name, 0) >= ENOUGH]
        self._told["attributes"] = {name: attributes(name) for name in many}
        self._told["models"] = models(ENOUGH)
        self._told["modelled"] = [name for name in model_names() if self._peak.objects.get(name, 0) >= ENOUGH]
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

    def size(self) -> int:
        """Return how much is traced."""
        return tracemalloc.get_traced_memory()[0]

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

    def stays(self) -> dict[str, Any]:
        """End, and return what is still there."""
        if self._watch:
            self._watch.end()
        gc.collect()
        self.after()
        return self.told()

    def told(self) -> dict[str, Any]:
        """Return what was seen, which is grouped only now, for that is slow while memory is traced."""
        _STOP()
        if self._peak:
            self._told["at_peak"] = self._peak.told(self._before)
            self._told["row_size"] = row_size()
            with suppress(Exception):
                self._told["related"] = relationships()
                self._told["tables"] = tables()
                self._told["columns"] = columns()
        if self._after:
            after = self._told["after"] = self._after.told(self._before)
            self._told["grown"] = most_grown(self._sizes) if self._after.size >= MIB else ("", 0)
            many = [name for name, number in after["objects"] if number >= ENOUGH and "." in name]
            many = [name for name in many if name.partition(".")[0] not in getattr(sys, "stdlib_module_names", ())]
            after["holder"] = holder(many[0]) if many and self._after.size >= MIB else []
        return self._told
