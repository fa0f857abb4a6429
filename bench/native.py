"""Run one scenario under memray: what Python and what plain `malloc` hold at the last checkpoint.

usage: MEMORY_JSON=OUTPUT python -m bench.native SCENARIO

OUTPUT gets one JSON object, in bytes: `python` and `native`, as memray sees them from where tracing would start to the
last checkpoint. tracemalloc is left out: from Python 3.14 on, memray counts its tables and traces as native, 0.5 MiB
more or less as they happen to grow. Nor do the arenas of Python's allocator (mmap) count, for what lies in them does.
"""

import json
import os
import runpy
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from memray import AllocatorType, FileReader, Tracker

import common
from common import LAST_CHECKPOINT


def main(name: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        record = Path(directory) / "memray.bin"
        tracker = Tracker(record, trace_python_allocators=True)
        try:
            run(name, tracker)
        except BaseException:
            # It may not have been opened; and the scenario's own error is the one that counts.
            with suppress(Exception):
                tracker.__exit__(None, None, None)
            raise
        sizes = live_sizes(record)
    Path(os.environ["MEMORY_JSON"]).write_text(json.dumps(sizes), encoding="utf-8")


def run(name: str, tracker: Tracker) -> None:
    begin, print_memory_usage = common.start_tracing, common.print_memory_usage

    def start_tracing() -> None:
        begin()
        tracker.__enter__()
        # Only sizes are wanted, no stacks. memray's callbacks at each call and each switch of a greenlet would leave
        # blocks of their own, and take others into Python's free lists, unseen: up to 120 bytes a row.
        sys.setprofile(None)
        if greenlet := sys.modules.get("greenlet"):
            greenlet.settrace(None)

    def checkpoint(label: str) -> None:
        print_memory_usage(label)
        if label == LAST_CHECKPOINT:
            tracker.__exit__(None, None, None)

    common.start_tracing = start_tracing
    common.print_memory_usage = checkpoint
    common.print_top_allocations = lambda limit=10, *, rows=None: None
    del sys.argv[1:]  # they are not the scenario's
    runpy.run_path(f"{name.replace('.', os.sep)}.py", run_name="__main__")


def live_sizes(record: Path) -> dict[str, int]:
    """Return the bytes that were allocated and not freed, on Python's side and natively.

    memray's list of leaks adds up by stack, whatever the allocator, and there are no stacks here; its intervals do not.
    """
    sizes = {"python": 0, "native": 0}
    for allocation in FileReader(record).get_temporal_allocation_records(merge_threads=True):
        if allocation.allocator != AllocatorType.MMAP.value:
            side = "python" if AllocatorType(allocation.allocator).name.startswith("PYMALLOC") else "native"
            live = (interval for interval in allocation.intervals if interval.deallocated_before_snapshot is None)
            sizes[side] += sum(interval.n_bytes for interval in live)
    return sizes


if __name__ == "__main__":
    main(*sys.argv[1:])
