"""Run one scenario under memray: what Python and what plain `malloc` hold at the last checkpoint.

usage: python -m report.native SCENARIO OUTPUT

The tracker is open from where tracing starts to the last checkpoint. OUTPUT gets one JSON object, in bytes:
`{"python": …, "native": …}`. Arenas of Python's own allocator are left out, for what lies in them is counted.
"""

import json
import runpy
import sys
import tempfile
from pathlib import Path

from memray import AllocatorType, FileReader, Tracker

import common
from report.scenarios import LAST_CHECKPOINT, Scenario

MAPPINGS = {AllocatorType.MMAP, AllocatorType.MUNMAP}


def main(name: str, output: str) -> None:
    """Run the scenario with memray in the place of tracemalloc."""
    with tempfile.TemporaryDirectory() as directory:
        record = Path(directory) / "memray.bin"
        run(name, Tracker(record, trace_python_allocators=True))
        sizes = {"python": 0, "native": 0}
        for allocation in FileReader(record).get_leaked_allocation_records(merge_threads=True):
            allocator = AllocatorType(allocation.allocator)
            if allocator not in MAPPINGS:
                sizes["python" if allocator.name.startswith("PYMALLOC") else "native"] += allocation.size
    Path(output).write_text(json.dumps(sizes), encoding="utf-8")


def run(name: str, tracker: Tracker) -> None:
    """Run the scenario with the tracker open exactly where tracemalloc would trace."""
    print_memory_usage = common.print_memory_usage

    def checkpoint(label: str) -> None:
        print_memory_usage(label)
        if label == LAST_CHECKPOINT:
            tracker.__exit__(None, None, None)

    def start_tracing() -> None:
        tracker.__enter__()
        if greenlet := sys.modules.get("greenlet"):
            # memray's own callback at each switch is not recorded, but leaves blocks in Python's free lists, from where
            # the scenario takes them unseen: 120 bytes a row (the keys of a model's dict) would be missing.
            greenlet.settrace(None)

    common.start_tracing = start_tracing
    common.print_memory_usage = checkpoint
    common.print_top_allocations = lambda limit=10, *, rows=None: None
    runpy.run_path(str(Scenario(name).script), run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
