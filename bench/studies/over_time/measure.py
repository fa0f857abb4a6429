"""Measure how much memory the process of each script has, from its start to its last row."""

import time
from collections.abc import Iterator, Sequence
from typing import TypedDict

import psutil

from bench import process
from bench.database import private_server
from bench.process import Progress, unseen
from bench.runs import UNTRACED, Job, Measured, Outcome, Run, checkpoint
from bench.scripts import Scenario
from bench.seeds import ROWS
from common import FIRST_ROW, LAST_CHECKPOINT

INTERVAL = 0.01


class Curve(TypedDict):
    """Samples of (seconds since the first, bytes) up to the last row, and when the first and the last row came."""

    samples: list[tuple[float, int]]
    first_row: float
    last_row: float


def measure(
    names: Sequence[str], repeats: int | None, full: bool, progress: Progress = unseen
) -> Iterator[dict[str, Measured]]:
    """Yield each scenario's curve, which is not repeated. Raises UserError."""
    jobs = [Job(Scenario(name), UNTRACED) for name in names]
    samples: dict[Job, list[tuple[float, int]]] = {}

    def watch(job: Job, pid: int) -> None:
        samples[job] = sample(pid)

    with private_server(ROWS) as server:
        outcomes = process.succeeded(process.run([], jobs, watch=watch, progress=progress))
    yield {outcome.job.script.name: measured(outcome, samples[outcome.job], server) for outcome in outcomes}


def measured(outcome: Outcome, samples: Sequence[tuple[float, int]], server: dict[str, str]) -> Measured:
    run: Run = outcome.output
    return Measured(curve(run, samples), ROWS, run["versions"] | server, [outcome])


def sample(pid: int) -> list[tuple[float, int]]:
    """Return (time, resident set size in bytes) of a process until it ends, on the clock of the checkpoints.

    That clock is the same for all processes (https://docs.python.org/3/library/time.html#time.perf_counter).
    """
    samples = []
    try:
        process = psutil.Process(pid)
        while rss := process.memory_info().rss:  # a process that has ended, and was not waited for, has none
            samples.append((time.perf_counter(), rss))
            time.sleep(INTERVAL)
    except psutil.Error:
        pass  # it has ended
    return samples


def curve(run: Run, samples: Sequence[tuple[float, int]]) -> Curve:
    """Return the samples up to the last row; what comes after is the interpreter's end."""
    start = samples[0][0]
    first, last = (round(checkpoint(run, label)["seconds"] - start, 3) for label in (FIRST_ROW, LAST_CHECKPOINT))
    until = [(round(moment - start, 3), rss) for moment, rss in samples if moment - start <= last]
    return Curve(samples=until, first_row=first, last_row=last)
