"""Of what allocations a row consists, and which line made each: those of one line and size together."""

import gc
import linecache
import tracemalloc
from collections import Counter
from typing import Any

from bench.layers.readers import Read
from common import short_path


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
    found = Counter((trace.traceback[0].filename, trace.traceback[0].lineno, trace.size) for trace in traces)
    return [
        {
            "file": short_path(file),
            "line": line,
            "text": linecache.getline(file, line).strip(),
            "size": size,
            "per_row": number / count,
        }
        for (file, line, size), number in found.items()
        if size * number >= count
    ]
