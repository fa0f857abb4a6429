"""Run the nine scripts with the original's versions and compare every figure that it published.

usage: python -m bench.original PYTHON312
"""

from bench.errors import UserError, parser

# Any import below may be the first to fail, or to be interrupted.
# isort: split
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from bench import process
from bench.database import private_server
from bench.environments import ORIGINAL, Combination, install
from bench.progress import Bar
from bench.runs import Job, Run
from bench.scripts import Scenario
from common import MIB

PUBLISHED = Path(__file__).resolve().parent / "figures.json"
ENVIRONMENT = Combination("3.12", ORIGINAL)
# The original's text speaks of 92,000, but 100,000 empty dicts of 64 bytes make the 6.1 MiB that it prints.
ROWS = 100_000
TOLERANCE = 0.1
TOTAL_TOLERANCE = 0.3
PROCESS_TOLERANCE = 0.15
SMALLEST_ALLOCATION = 0.5


class Memory(TypedDict):
    """What the original printed at a checkpoint, in MiB."""

    process: float
    current: float
    peak: float


class Allocation(TypedDict):
    """What it printed of a line of its list."""

    file: str
    line: int
    mib: float


class Console(TypedDict):
    """What it published of one script: the checkpoints by label, the list, and its total in MiB."""

    checkpoints: dict[str, Memory]
    top: list[Allocation]
    total: float


@dataclass(frozen=True)
class Comparison:
    """One published figure beside ours, in MiB."""

    name: str
    original: float
    measured: float
    tolerance: float
    # The process's memory is only judged at the end, for the original ran on another system.
    judged: bool = True

    @property
    def agrees(self) -> bool:
        """Whether they are equal as printed, to one decimal, within the tolerance."""
        return not self.judged or abs(round(self.measured, 1) - self.original) <= self.tolerance + 1e-6

    def __str__(self) -> str:
        verdict = ("ok" if self.agrees else "DIFFERS") if self.judged else "(not judged)"
        return f"  {self.name:<66} {self.original:>7.1f} {self.measured:>7.1f}  {verdict}"


def main(python: str) -> int:
    probe = [python, "-c", "import sys; print(sys.version_info[:2])"]
    if not shutil.which(python) or subprocess.run(probe, capture_output=True, check=False).stdout != b"(3, 12)\n":
        raise UserError(f"{python} is no Python 3.12: name one with PYTHON312=/path/to/python3.12 make original")
    install(ENVIRONMENT, str(shutil.which(python)))
    published: dict[str, Console] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    jobs = [Job(Scenario(script), python=str(ENVIRONMENT.interpreter)) for script in published]
    with private_server(ROWS):
        outcomes = process.succeeded(process.run(jobs, progress=Bar))
    return report(published, {outcome.job.script.name: outcome.output for outcome in outcomes})


def report(published: Mapping[str, Console], measured: Mapping[str, Run]) -> int:
    print(f"{'MiB':<68} original    ours")
    comparisons = []
    for script, console in published.items():
        print(script)
        for comparison in compare(script, console, measured[script]):
            print(comparison)
            comparisons.append(comparison)
    judged = [comparison for comparison in comparisons if comparison.judged]
    agreeing = sum(comparison.agrees for comparison in judged)
    print(f"{agreeing} of {len(judged)} figures agree")
    return 0 if agreeing == len(judged) else 1


def compare(script: str, console: Console, run: Run) -> Iterator[Comparison]:
    """Yield every published figure with ours. Raises UserError where the script has other checkpoints."""
    labels = [checkpoint["label"] for checkpoint in run["checkpoints"]]
    if labels != list(console["checkpoints"]):
        raise UserError(f"{script} has other checkpoints than the original: {', '.join(labels)}")
    for checkpoint in run["checkpoints"]:
        label, original = checkpoint["label"], console["checkpoints"][checkpoint["label"]]
        yield Comparison(f"{label}, traced current", original["current"], checkpoint["traced"] / MIB, TOLERANCE)
        yield Comparison(f"{label}, traced peak", original["peak"], checkpoint["traced_peak"] / MIB, TOLERANCE)
        tolerance, rss = original["process"] * PROCESS_TOLERANCE, checkpoint["rss"] / MIB
        yield Comparison(f"{label}, process", original["process"], rss, tolerance, judged=label == labels[-1])
    for allocation in console["top"]:
        if allocation["mib"] >= SMALLEST_ALLOCATION:
            file = allocation["file"].removeprefix("stdlib/")
            # A script's own lines stand elsewhere than in the original: they are added up.
            number = None if file == f"{script}.py" else allocation["line"]
            lines = (line for line in run["lines"] if line["file"].endswith(file) and number in (None, line["line"]))
            size = sum(line["size"] for line in lines)
            yield Comparison(f"{file}:{number or '*'}", allocation["mib"], size / MIB, TOLERANCE)
    total = sum(line["size"] for line in run["lines"])
    yield Comparison("Total allocated size", console["total"], total / MIB, TOTAL_TOLERANCE)


if __name__ == "__main__":
    command = parser(__doc__, prog="python -m bench.original")
    command.add_argument("python", metavar="PYTHON312", help="a Python 3.12")
    sys.exit(main(command.parse_args().python))
