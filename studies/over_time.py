"""What does the process's memory look like over time? Sampled from outside, every 10 milliseconds."""

import time
from collections.abc import Container, Iterator
from pathlib import Path

import psutil

from common import MIB
from report.colours import INK, LINES
from report.tables import Table, mib
from runner import processes, results
from runner.processes import UNTRACED, Job
from runner.progress import Bar
from runner.results import Parts
from runner.runs import Run, checkpoint
from runner.scenarios import FIRST_ROW, LAST_CHECKPOINT, Scenario

NAME = "over_time"
INTERVAL = 0.01
SCENARIOS = tuple(
    map(
        Scenario,
        ("run_sync_sqlalchemy_session", "remedies.run_sync_sqlalchemy_session_yield_per", "run_sync_sqlalchemy_engine"),
    )
)


def sources() -> dict[str, list[Path]]:
    """Return the files that decide each scenario's part, by its name."""
    return {scenario.name: scenario.sources for scenario in SCENARIOS}


def measure(names: Container[str], repeats: int | None, full: bool) -> Iterator[Parts]:
    """Yield each scenario's curve, which is not repeated. Raises UserError."""
    jobs = [Job(scenario, UNTRACED) for scenario in SCENARIOS if scenario.name in names]
    samples: dict[Job, list[tuple[float, int]]] = {}

    def watch(job: Job, pid: int) -> None:
        samples[job] = sample(pid)

    with Bar(len(jobs)) as bar:
        said = processes.outputs(processes.run([], jobs, bar, watch))
    yield {
        job.scenario.name: results.part(output["rows"], output["versions"], **curve(output, samples[job]))
        for job, output in zip(jobs, said, strict=True)
    }


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


def curve(output: Run, samples: list[tuple[float, int]]) -> results.Part:
    """Return `samples` of (seconds since the first, bytes) up to the last row, and when the checkpoints came."""
    start = samples[0][0]
    first, last = (round(checkpoint(output, label)["seconds"] - start, 3) for label in (FIRST_ROW, LAST_CHECKPOINT))
    # What comes after the last checkpoint is the interpreter's end.
    until = [(round(moment - start, 3), rss) for moment, rss in samples if moment - start <= last]
    return {"samples": until, FIRST_ROW: first, LAST_CHECKPOINT: last}


def at_first_row(part: results.Part) -> tuple[float, int]:
    """Return the sample in which the first row has been handed out."""
    later = ((seconds, rss) for seconds, rss in part["samples"] if seconds >= part[FIRST_ROW])
    return next(later, part["samples"][-1])


def tables(parts: Parts, new: Container[str]) -> list[Table]:
    """Return when the first row came, and the process's memory then and at the last row."""
    return [_table(parts, new, "title", ("First row, s", "Process then, MiB", "At the last row, MiB"))]


def summary(parts: Parts, new: Container[str]) -> list[Table]:
    """Return the same for a terminal."""
    return [_table(parts, new, "short", ("first row, s", "MiB then", "MiB at last"))]


def _table(parts: Parts, new: Container[str], name: str, columns: tuple[str, ...]) -> Table:
    rows = []
    for scenario in SCENARIOS:
        if scenario.name in new:
            part = parts[scenario.name]
            seconds, rss = at_first_row(part)
            rows.append([getattr(scenario, name), f"{seconds:.2f}", mib(rss), mib(part["samples"][-1][1])])
    return Table("Over time, sampled from outside", ("Scenario", *columns), rows)


def blocks(parts: Parts) -> dict[str, str]:
    """Return nothing: README shows the chart."""
    return {}


def charts(parts: Parts) -> dict[str, str]:
    """Draw the process's memory over time, one curve per script, with the moment of its first row."""
    from report import charts  # it loads matplotlib, which only this needs

    figure = charts.new(6.6, 5)
    axes = figure.subplots()
    for scenario, colour, style in zip(SCENARIOS, LINES[:3], ("-", "--", "-."), strict=True):
        part = parts[scenario.name]
        seconds, sizes = zip(*((seconds, rss / MIB) for seconds, rss in part["samples"]), strict=True)
        axes.plot(seconds, sizes, style, color=colour, linewidth=2.5, label=scenario.short)
        first, size = at_first_row(part)
        axes.plot(first, size / MIB, "o", color=colour, markersize=10)
    axes.plot([], [], "o", color=INK, markersize=10, label="first row handed out")
    axes.set_xlabel("seconds since the start of the process")
    axes.set_ylabel("process memory, MiB")
    axes.set_ylim(bottom=0)
    axes.grid(color=INK, alpha=0.25)
    return {"over-time.svg": charts.svg(figure)}
