"""What the process of one scenario writes, and figures of it: bytes and seconds."""

import sys
from dataclasses import dataclass
from statistics import median
from typing import TypedDict

from bench.scripts import FIRST_ROW, IMPORTED, LAST_CHECKPOINT


class Checkpoint(TypedDict):
    """Memory at one point of a script, in bytes; `seconds` on a clock whose start means nothing."""

    label: str
    seconds: float
    rss: int
    traced: int
    traced_peak: int
    tracer: int


class Line(TypedDict):
    """The traced memory that one source line holds at the end: its `size` in bytes, in so many `allocations`."""

    file: str
    line: int
    size: int
    allocations: int


class Process(TypedDict):
    """A process as it went on: what is kept of every run."""

    checkpoints: list[Checkpoint]
    peak_rss: int


class Run(Process):
    """What a script writes to MEMORY_JSON: `packages` has the bytes that each package's lines hold."""

    rows: int
    lines: list[Line]
    packages: dict[str, int]
    versions: dict[str, str]


def checkpoint(process: Process, label: str) -> Checkpoint:
    """Return one process's checkpoint of that label."""
    return next(point for point in process["checkpoints"] if point["label"] == label)


def growth(process: Process) -> int:
    """Return by how many bytes the process grew from after the imports to the last row."""
    return checkpoint(process, LAST_CHECKPOINT)["rss"] - checkpoint(process, IMPORTED)["rss"]


def seconds(process: Process) -> float:
    """Return the seconds from after the imports to the last row."""
    return checkpoint(process, LAST_CHECKPOINT)["seconds"] - checkpoint(process, IMPORTED)["seconds"]


def kept(process: Process) -> int:
    """Return the traced bytes that the loop keeps: at the last row, less before the query."""
    labels = [point["label"] for point in process["checkpoints"]]
    before = process["checkpoints"][labels.index(FIRST_ROW) - 1]
    return checkpoint(process, LAST_CHECKPOINT)["traced"] - before["traced"]


def bare_data(rows: int) -> int:
    """Return the bytes of the values themselves as Python objects: the id and the text of every row.

    `num` has at most 200 values, all of them integers that the interpreter keeps anyway.
    """
    return sum(sys.getsizeof(row) + sys.getsizeof(f"hello-{row}") for row in range(rows))


@dataclass(frozen=True)
class Spread:
    """A figure from several runs: the median, how far they lie apart as a share of it, and how many they are."""

    value: float
    spread: float
    runs: int

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        """Return the median and the spread of one value per run."""
        middle = median(values)
        return cls(middle, (max(values) - min(values)) / abs(middle) if middle else 0.0, len(values))
