"""Of what allocations a row consists, and which line made each: those of one line and size together.

usage: MEMORY_JSON=OUTPUT python -m bench.layers.allocations MODULE < READING

It is `python -m bench.layers` but for what OUTPUT gets: these allocations, and the versions of what was loaded.
"""

import gc
import importlib
import linecache
import pickle
import sys
import tracemalloc
from collections import Counter
from dataclasses import dataclass
from typing import Any

from bench.layers.locks import Turns
from bench.layers.measuring import measure
from bench.layers.reading import Read, Reading
from common import loaded_versions, short_path


@dataclass(frozen=True)
class Analysis(Reading):
    """The process that tells apart the allocations of which a row consists."""

    @property
    def command(self) -> list[str]:
        return ["-m", "bench.layers.allocations", self.reader.module]


def told_apart(read: Read, reading: Reading) -> dict[str, Any]:
    """Return the allocations that a row consists of, and the versions of the packages whose lines made them."""
    return {"allocations": allocations_of(read, reading.count), "versions": loaded_versions()}


def allocations_of(read: Read, count: int) -> list[dict[str, Any]]:
    """Return the allocations that so many rows consist of, those of one line and size together."""
    kept: list[object] = [None] * count
    gc.collect()
    tracemalloc.start()
    for index, row in enumerate(read(count)):
        kept[index] = row
    gc.collect()
    traces = tracemalloc.take_snapshot().traces
    tracemalloc.stop()
    sizes = Counter((trace.traceback[0].filename, trace.traceback[0].lineno, trace.size) for trace in traces)
    return [
        {
            "file": short_path(file),
            "line": line,
            "text": linecache.getline(file, line).strip(),
            "size": size,
            "per_row": number / count,
        }
        for (file, line, size), number in sizes.items()
        if size * number >= count
    ]


if __name__ == "__main__":
    layers = importlib.import_module(sys.argv[1]).LAYERS
    measure(layers, pickle.load(sys.stdin.buffer), Turns(""), told_apart)
