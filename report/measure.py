"""Run the scenarios in fresh processes, each instrument in a process of its own."""

from errors import UserError

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from report.scenarios import PROJECT, SCENARIOS, Scenario

TRACED, UNTRACED, NATIVE = "traced", "without tracing", "native"
INSTRUMENTS = (TRACED, NATIVE, UNTRACED)


@dataclass(frozen=True)
class Job:
    """One process to run."""

    scenario: Scenario
    instrument: str

    def __str__(self) -> str:
        return f"{self.scenario.name} ({self.instrument})"


@dataclass
class Measurement:
    """What the processes of one scenario said, in bytes and seconds."""

    scenario: Scenario
    traced: list[Any] = field(default_factory=list)
    untraced: list[Any] = field(default_factory=list)
    native: Any = None
    error: str | None = None

    def add(self, job: Job, output: Any) -> None:
        """Keep one process's output."""
        if job.instrument == NATIVE:
            self.native = output
        else:
            (self.traced if job.instrument == TRACED else self.untraced).append(output)


class Progress(Protocol):
    """What is told about the jobs as they go."""

    def started(self, job: Job) -> None:
        """Show that a process has started."""

    def finished(self, job: Job) -> None:
        """Show that a process has ended."""


def jobs(scenarios: Iterable[Scenario], repeats: int, instruments: Iterable[str]) -> list[Job]:
    """Return the processes to run. Scenarios are interleaved, so that drift hits all alike."""
    scenarios = tuple(scenarios)
    counts = {TRACED: repeats, NATIVE: 1 if importlib.util.find_spec("memray") else 0, UNTRACED: repeats}
    return [
        Job(scenario, instrument)
        for instrument in instruments
        for _ in range(counts[instrument])
        for scenario in scenarios
        if instrument != NATIVE or scenario in SCENARIOS  # of the remedies, no table shows the parts
    ]


def measure(
    scenarios: Iterable[Scenario],
    repeats: int,
    progress: Progress,
    instruments: Iterable[str] = INSTRUMENTS,
    timed: bool = True,
) -> list[Measurement]:
    """Run every scenario and return the measurements in the same order; a failed one carries its error.

    All cores are used, except by the untraced runs if they are `timed`: then each runs alone.
    Raises UserError where the table's number of rows changed from one process to another.
    """
    measurements = {scenario: Measurement(scenario) for scenario in scenarios}
    everything = jobs(measurements, repeats, instruments)
    alone = [job for job in everything if timed and job.instrument == UNTRACED]
    shared = [job for job in everything if job not in alone]
    for group, workers in ((shared, os.cpu_count() or 1), (alone, 1)):
        _run_all(group, workers, measurements, progress)
    counts = {run["rows"] for measurement in measurements.values() for run in measurement.traced + measurement.untraced}
    if len(counts) > 1:
        found = " and ".join(f"{count:,}" for count in sorted(counts))
        raise UserError(f"table data changed between two runs ({found} rows), so nothing is compared: run this again")
    return list(measurements.values())


def _run_all(group: list[Job], workers: int, measurements: dict[Scenario, Measurement], progress: Progress) -> None:
    children = _Children()
    with ThreadPoolExecutor(workers) as pool:
        futures: dict[Future[Any], Job] = {}
        try:
            for job in group:
                futures[pool.submit(_run, job, children, measurements[job.scenario], progress)] = job
            for future in as_completed(futures):
                future.result()
                progress.finished(futures[future])
        except BaseException:
            children.kill()
            pool.shutdown(cancel_futures=True)
            raise


def _run(job: Job, children: "_Children", measurement: Measurement, progress: Progress) -> None:
    if measurement.error:
        return  # it failed before: its other runs would only fail again
    progress.started(job)
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "measurement.json"
        command = [sys.executable, *job.scenario.command]
        if job.instrument == NATIVE:
            command = [sys.executable, "-m", "report.native", job.scenario.name, str(output)]
        environment = os.environ | {
            "MEMORY_JSON": str(output),
            "MEMORY_TRACING": "on" if job.instrument == TRACED else "off",
        }
        code, console, errors = children.run(command, environment)
        if code:
            measurement.error = _reason(code, errors)
        else:
            measurement.add(job, json.loads(output.read_text(encoding="utf-8")) | {"console": console})


def _reason(code: int, errors: str) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return errors.strip().splitlines()[-1] if errors.strip() else f"exit code {code}"


class _Children:
    """The processes that run now, so that none outlives this one."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def run(self, command: list[str], environment: dict[str, str]) -> tuple[int, str, str]:
        """Run a command in the project's folder; return its exit code, its output and its errors."""
        with self._lock:
            if self._closed:
                return 1, "", "interrupted"
            child = subprocess.Popen(
                command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            self._running.add(child)
        console, errors = child.communicate()
        with self._lock:
            self._running.discard(child)
        return child.returncode, console, errors

    def kill(self) -> None:
        """End every process at once, and let no other start."""
        with self._lock:
            self._closed = True
            for child in self._running:
                child.kill()
