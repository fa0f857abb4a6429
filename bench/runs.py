"""What is run in a process, what it writes, and figures of that: bytes and seconds."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Protocol, TypedDict

from common import FIRST_ROW, IMPORTED, LAST_CHECKPOINT, Checkpoint, Line

TRACED, UNTRACED, NATIVE = "traced", "without tracing", "native"


class Script(Protocol):
    """What is run: a scenario, or what else has a name, one for where there is little room, and a command line."""

    @property
    def name(self) -> str: ...

    @property
    def short(self) -> str:
        """Its name where there is little room."""

    @property
    def command(self) -> list[str]:
        """What to run, after the interpreter's name."""

    @property
    def stdin(self) -> bytes:
        """What it reads from standard input, for a command line has little room."""


@dataclass(frozen=True)
class Job:
    """One process to run: a script, with one instrument."""

    script: Script
    instrument: str = TRACED
    python: str = sys.executable
    # Runs the script in its own way: `python -m module ARGUMENT`. Empty: the script is run as a person runs it.
    module: str = ""
    # Another DATABASE_URL than the caller's.
    url: str = ""
    # Runs only so that another one's time can be compared with its own.
    reference: bool = False

    @property
    def kind(self) -> str:
        """What tells the jobs of one script apart."""
        return f"{self.instrument}{', one row' if self.url else ''}"

    def __str__(self) -> str:
        return f"{self.script.short} ({self.kind}{', to compare with' if self.reference else ''})"

    @property
    def command(self) -> list[str]:
        return [self.python, *(["-m", self.module, self.script.name] if self.module else self.script.command)]


@dataclass(frozen=True)
class Outcome:
    """What a job's process wrote to MEMORY_JSON, and printed; or why it failed."""

    job: Job
    output: Any = None
    console: str = ""
    error: str = ""


@dataclass(frozen=True)
class Measured:
    """What a study stores of a script, in a type of its own, and the processes that it is made of."""

    record: Any
    rows: int
    versions: Mapping[str, str]
    outcomes: Sequence[Outcome]
    # Further files that decide it, by path below the project's folder.
    files: Sequence[str] = ()
    # The bytes of all rows' values as Python objects, of the seeded table.
    values: int = 0


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
    return next(point for point in process["checkpoints"] if point["label"] == label)


def growth(process: Process) -> int:
    """Return by how many bytes the process grew from after the imports to the last row."""
    return checkpoint(process, LAST_CHECKPOINT)["rss"] - checkpoint(process, IMPORTED)["rss"]


def seconds(process: Process) -> float:
    """Return the seconds from after the imports to the last row."""
    return checkpoint(process, LAST_CHECKPOINT)["seconds"] - checkpoint(process, IMPORTED)["seconds"]


def kept(process: Process) -> int:
    """Return the traced bytes that the loop keeps: at the last row, less before the query."""
    return checkpoint(process, LAST_CHECKPOINT)["traced"] - _before_rows(process)


def traced_peak(process: Process) -> int:
    """Return the traced bytes at the peak, above those before the query, or before the rows are written."""
    return checkpoint(process, LAST_CHECKPOINT)["traced_peak"] - _before_rows(process)


def _before_rows(process: Process) -> int:
    labels = [point["label"] for point in process["checkpoints"]]
    return process["checkpoints"][labels.index(FIRST_ROW) - 1]["traced"]


def bytes_of_values(rows: int) -> int:
    """Return the bytes of the seeded table's values as Python objects: the id and the text of every row.

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
