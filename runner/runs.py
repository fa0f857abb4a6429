"""What the processes of one scenario say, as figures: bytes and seconds."""

import sys
from dataclasses import dataclass
from statistics import median
from typing import Any

from runner.scenarios import FIRST_ROW, IMPORTED, LAST_CHECKPOINT

# What a process wrote to MEMORY_JSON.
Run = dict[str, Any]


def checkpoint(run: Run, label: str) -> dict[str, Any]:
    """Return one run's checkpoint of that label, in bytes and seconds."""
    found: dict[str, Any] = next(point for point in run["checkpoints"] if point["label"] == label)
    return found


def grown(run: Run, key: str) -> float:
    """Return by how much a checkpoint's `rss`, `traced` or `seconds` grew from after the imports to the last row."""
    return float(checkpoint(run, LAST_CHECKPOINT)[key] - checkpoint(run, IMPORTED)[key])


def kept(run: Run) -> int:
    """Return the traced bytes that the loop keeps: at the last row, less before the query."""
    labels = [point["label"] for point in run["checkpoints"]]
    before = run["checkpoints"][labels.index(FIRST_ROW) - 1]
    return int(checkpoint(run, LAST_CHECKPOINT)["traced"] - before["traced"])


def bare_data(rows: int) -> int:
    """Return the bytes of the values themselves as Python objects: the id and the text of every row.

    `num` has at most 200 values, all of them integers that the interpreter keeps anyway.
    """
    return sum(sys.getsizeof(row) + sys.getsizeof(f"hello-{row}") for row in range(rows))


@dataclass(frozen=True)
class Spread:
    """A figure from several runs: the median, and how far they lie apart as a share of it."""

    value: float
    spread: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        """Return the median and the spread of one value per run."""
        middle = median(values)
        return cls(middle, (max(values) - min(values)) / abs(middle) if middle else 0.0)
