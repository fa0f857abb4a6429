"""Read rows into the objects of one layer, and say of what blocks of memory a row consists, and which line made each.

usage: MEMORY_JSON=OUTPUT python -m layers.blocks READING

It is `layers.readers`, but where that adds up what a line allocated, this tells those of different sizes apart: a line
that makes two objects of different sizes shows twice. OUTPUT gets one JSON object: `blocks`, of those that take a byte
a row or more, each with its `file`, `line`, that line's `text`, its `size` in bytes, and how many are `per_row`.
"""

import gc
import json
import linecache
import os
import sys
import tracemalloc
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from common import short_path
from errors import PACKAGES
from layers.readers import LAYERS, Read, Reading, reading

# How many columns the rows have whose blocks are told apart: as many as the scenarios' rows have.
OF_BLOCKS = "3"


@dataclass(frozen=True)
class Blocks(Reading):
    """The process that reads rows in one layer, and tells its blocks apart."""

    @property
    def command(self) -> list[str]:
        """What to run, after the interpreter's name."""
        return ["-m", "layers.blocks", super().command[-1]]


def blocks_of(read: Read, count: int) -> list[dict[str, Any]]:
    """Return the blocks of memory that so many rows consist of, those those of one line and size together."""
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


def main(text: str) -> None:
    """Read, and write what was found."""
    what = reading(text)
    with LAYERS[what.layer](what) as read:
        for _ in read(1):
            pass
        blocks = blocks_of(read, what.count)
    versions = {name: version(name) for name in PACKAGES if name in sys.modules}
    Path(os.environ["MEMORY_JSON"]).write_text(json.dumps({"blocks": blocks, "versions": versions}), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
