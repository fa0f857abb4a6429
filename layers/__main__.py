"""Read rows into the objects of one layer, and say what they take: nothing else has happened in this process before.

usage: MEMORY_JSON=OUTPUT python -m layers < READING

READING is `Reading.stdin`. OUTPUT gets one JSON object: `count`, how many rows were read; `traced`, what tracemalloc
sees of them; `native`, what lies outside Python; `rss`, by how much the process grew; all in bytes; and `seconds`. Or
`blocks`, where the reading asks for those. What is fixed (types looked up, statements compiled, classes made) is paid
before, by reading a few rows, which are dropped; and what keeps the rows is made before, too.
"""

import gc
import json
import os
import sys
import time
import tracemalloc
from collections import deque
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from errors import PACKAGES
from layers import other_readers, readers
from layers.blocks import blocks_of
from layers.readers import Read, Reading, reading
from layers.redaction import without_values

# CPython gives a class's first thirty instances room for more attributes than they have: each one less, until their
# number is known (`init_inline_values` in https://github.com/python/cpython/blob/v3.12.1/Objects/dictobject.c).
FIRST_INSTANCES = 30


def main() -> None:
    """Read, and write what was measured."""
    what = reading(sys.stdin.read())
    names = [column.attribute for column in what.relation.columns]
    with without_values(names), (readers.LAYERS | other_readers.LAYERS)[what.layer](what) as read:
        traced = os.environ.get("MEMORY_TRACING") != "off"
        # Untraced, what more rows leave free would be filled again, and the process would grow by less.
        deque(read(FIRST_INSTANCES if traced else 1), maxlen=0)
        found: dict[str, Any] = {"blocks": blocks_of(read, what.count)} if what.blocks else measured(read, what)
    found["versions"] = {name: version(name) for name in PACKAGES if name in sys.modules}
    Path(os.environ["MEMORY_JSON"]).write_text(json.dumps(found), encoding="utf-8")


def measured(read: Read, what: Reading) -> dict[str, Any]:
    """Return what so many rows take, in bytes and seconds. All are kept until that is known."""
    kept: list[object] = [None] * what.count
    process = psutil.Process()
    gc.collect()
    if os.environ.get("MEMORY_TRACING") != "off":
        tracemalloc.start()
    before, start = process.memory_info().rss, time.perf_counter()
    index = -1
    for index, row in enumerate(read(what.count)):
        kept[index] = row
    found: dict[str, Any] = {"count": index + 1, "seconds": time.perf_counter() - start}
    found["rss"] = process.memory_info().rss - before
    if tracemalloc.is_tracing():
        gc.collect()  # empties the free lists of built-in types, in which memory of no row may lie
        clear_caches()
        found["traced"] = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
    if what.layer == other_readers.ARROW:
        found["native"] = other_readers.native(kept[0])
    return found


def clear_caches() -> None:
    """Empty CPython's cache of methods, which keeps some 500 copies of a name where values have a time zone."""
    # Renamed in 3.13: https://docs.python.org/3.13/library/sys.html#sys._clear_type_cache
    (getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache)()


if __name__ == "__main__":
    main()
