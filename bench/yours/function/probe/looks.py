"""One look at what is traced: by package, by the reader's line and by class, all of the same moment."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

from bench.yours.function.probe.memory import PROBE, STANDARD_LIBRARY, library_module, package_of, shown
from bench.yours.function.probe.objects import Counted, changed, count, grown

MOST_LINES = 12
# Bytes from which a block is large: it is no row's.
LARGE = 64 * 1024
Line = tuple[str, int]


class Look:
    """The traced bytes, a snapshot of them, the objects, and what was noted of each line, at one moment."""

    def __init__(self, noted: dict[Line | None, int]) -> None:
        """Look now."""
        objects = gc.get_objects()
        self.objects, self.changed = count(objects), changed(objects)
        del objects  # which is no part of what is looked at
        self._noted = dict(noted)
        self.size = tracemalloc.get_traced_memory()[0]  # by the next line, no other thread has run
        self._snapshot = tracemalloc.take_snapshot()

    def told(self, before: Counted) -> dict[str, Any]:
        """Return what was seen, by package of the allocating line; slow while memory is traced."""
        packages: dict[str, int] = {}
        library: dict[str, int] = {}
        blocks: dict[str, int] = {}
        own: dict[Line | None, int] = {}
        for statistic in self._snapshot.statistics("lineno"):
            frame = statistic.traceback[0]
            package = package_of(frame.filename)
            packages[package] = packages.get(package, 0) + statistic.size
            if package == STANDARD_LIBRARY:
                module = library_module(frame.filename)
                library[module] = library.get(module, 0) + statistic.size
                if statistic.size >= LARGE * statistic.count:
                    blocks[module] = blocks.get(module, 0) + statistic.size
            if not package:
                own[shown(frame.filename), frame.lineno] = statistic.size
        packages.pop(PROBE, None)
        lines = sorted(_of_lines(self.size, own, self._noted).items(), key=lambda line: -line[1])[:MOST_LINES]
        return {
            "traced": self.size,
            "packages": packages,
            "library": library,
            "blocks": blocks,
            "lines": [[*(line or ("", 0)), size] for line, size in lines if size > 0],
            "objects": grown(self.objects, before),
            "changed": self.changed,
        }


def _of_lines(size: int, own: dict[Line | None, int], noted: dict[Line | None, int]) -> dict[Line | None, int]:
    """Return what there is of each line: what it allocated itself, and of what libraries did, its share.

    The shares are as large as what was noted while the line ran, but for its own; all together are what is traced.
    """
    shares = {line: max(0, noted_of - own.get(line, 0)) for line, noted_of in noted.items()}
    noted_of_all = sum(shares.values())
    rest = max(0, size - sum(own.values()))
    if not noted_of_all:
        shares, noted_of_all = {None: 1}, 1
    return {line: own.get(line, 0) + rest * shares.get(line, 0) // noted_of_all for line in {*own, *shares}}
