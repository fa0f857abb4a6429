"""Run the nine scripts with the original's versions and compare every figure that it published.

usage: python -m original PYTHON312
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import MIB
from errors import UserError, parser
from runner import processes
from runner.database import private_server
from runner.environments import ORIGINAL, Combination, install
from runner.processes import Job
from runner.scripts import Scenario

HERE = Path(__file__).resolve().parent
ENVIRONMENT = Combination("3.12", ORIGINAL)
# The original's text speaks of 92,000, but 100,000 empty dicts of 64 bytes make the 6.1 MiB that it prints.
ROWS = 100_000
TOLERANCE = 0.1
TOTAL_TOLERANCE = 0.3
PROCESS_TOLERANCE = 0.15
SMALLEST_ALLOCATION = 0.5


@dataclass(frozen=True)
class Figure:
    """One published figure beside ours, in MiB."""

    name: str
    original: float
    measured: float
    tolerance: float

    def agrees(self) -> bool:
        """Return whether they are equal as printed, to one decimal, within the tolerance."""
        return abs(round(self.measured, 1) - self.original) <= self.tolerance + 1e-6

    def line(self) -> str:
        """Return the row to print."""
        verdict = "ok" if self.agrees() else "DIFFERS"
        return f"  {self.name:<66} {self.original:>7.1f} {self.measured:>7.1f}  {verdict}"


def main(python: str) -> int:
    """Print the comparison; return the exit code."""
    probe = [python, "-c", "import sys; sys.exit(sys.version_info[:2] != (3, 12))"]
    if not shutil.which(python) or subprocess.run(probe, capture_output=True, check=False).returncode:
        raise UserError(f"{python} is no Python 3.12: name one with PYTHON312=/path/to/python3.12 make original")
    install(ENVIRONMENT, str(shutil.which(python)))
    published = json.loads((HERE / "figures.json").read_text(encoding="utf-8"))
    jobs = [Job(Scenario(script), python=str(ENVIRONMENT.interpreter)) for script in published]
    with private_server(ROWS):
        measured = [one.output for one in processes.succeeded(processes.run(jobs))]
    judged = []
    in_range = True
    print(f"{'MiB':<68} original    ours")
    for (script, expected), run in zip(published.items(), measured, strict=True):
        print(script)
        figures = list(compare(script, expected, run))
        process = process_figures(expected, run)
        for figure in figures:
            print(figure.line())
        for figure in process[:-1]:
            print(figure.line().removesuffix("DIFFERS").removesuffix("ok") + "(not judged)")
        print(process[-1].line())
        judged += figures
        in_range &= process[-1].agrees()
    agreeing = sum(figure.agrees() for figure in judged)
    print(f"{agreeing} of {len(judged)} figures agree; process memory at the end ", end="")
    print(f"{'lies' if in_range else 'does NOT lie'} within {PROCESS_TOLERANCE:.0%} everywhere")
    return 0 if agreeing == len(judged) and in_range else 1


def compare(script: str, expected: Any, measured: Any) -> Iterator[Figure]:
    """Yield every published figure that is judged, with ours."""
    labels = [checkpoint["label"] for checkpoint in measured["checkpoints"]]
    if labels != list(expected["checkpoints"]):
        raise UserError(f"{script} has other checkpoints than the original: {', '.join(labels)}")
    for checkpoint in measured["checkpoints"]:
        published = expected["checkpoints"][checkpoint["label"]]
        label = f"{checkpoint['label']}, traced"
        yield Figure(f"{label} current", published["current"], checkpoint["traced"] / MIB, TOLERANCE)
        yield Figure(f"{label} peak", published["peak"], checkpoint["traced_peak"] / MIB, TOLERANCE)
    for allocation in expected["top"]:
        if allocation["mib"] >= SMALLEST_ALLOCATION:
            file = allocation["file"].removeprefix("stdlib/")
            # A script's own lines stand elsewhere than in the original: they are added up.
            line = None if file == f"{script}.py" else allocation["line"]
            size = sum(
                found["size"]
                for found in measured["lines"]
                if found["file"].endswith(file) and line in (None, found["line"])
            )
            yield Figure(f"{file}:{line or '*'}", allocation["mib"], size / MIB, TOLERANCE)
    total = sum(found["size"] for found in measured["lines"])
    yield Figure("Total allocated size", expected["total"], total / MIB, TOTAL_TOLERANCE)


def process_figures(expected: Any, measured: Any) -> list[Figure]:
    """Return process memory at every checkpoint; only the last is judged, for the original ran on another system."""
    return [
        Figure(
            f"{checkpoint['label']}, process",
            published := expected["checkpoints"][checkpoint["label"]]["process"],
            checkpoint["rss"] / MIB,
            published * PROCESS_TOLERANCE,
        )
        for checkpoint in measured["checkpoints"]
    ]


if __name__ == "__main__":
    command = parser(__doc__, prog="python -m original")
    command.add_argument("python", metavar="PYTHON312", help="a Python 3.12")
    sys.exit(main(command.parse_args().python))
