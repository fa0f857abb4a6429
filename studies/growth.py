"""How do every scenario and remedy grow with the number of rows? Measured on a server of its own."""

import sys
from collections.abc import Container, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from common import MIB
from report.colours import INK, LINES
from report.tables import Table, mib
from runner import processes, results
from runner.database import private_server, seed
from runner.processes import TRACED, UNTRACED, Job
from runner.progress import Bar
from runner.results import Part, Parts
from runner.runs import kept
from runner.scenarios import EVERYTHING, Scenario

NAME = "growth"
STEPS = (9_200, 92_000, 920_000)
# Here only the process's memory is read: at one row, for what is paid once; and at the most, for what streams.
ONE, MOST = 1, 9_200_000
# What the chart shows: few enough to be told apart.
CHARTED = (
    "run_sync_sqlalchemy_session",
    "run_async_sqlalchemy_engine_pydantic",
    "run_sync_sqlalchemy_engine",
    "run_sync_psycopg",
    "remedies.run_sync_sqlalchemy_session_streaming",
)


def sources() -> dict[str, list[Path]]:
    """Return the files that decide each scenario's part, by its name."""
    return {scenario.name: scenario.sources for scenario in EVERYTHING}


def measure(names: Container[str], repeats: int | None, full: bool) -> Iterator[Parts]:
    """Yield every scenario's traced bytes per row and untraced peak in bytes at every step, not repeated.

    Raises UserError.
    """
    scenarios = [scenario for scenario in EVERYTHING if scenario.name in names]
    steps: dict[str, dict[str, Part]] = {scenario.name: {} for scenario in scenarios}
    versions: dict[str, dict[str, str]] = {}
    with private_server(ONE):
        for rows in (ONE, *STEPS, MOST):
            if rows != ONE:
                seed(rows)
            chosen = [scenario for scenario in scenarios if rows < MOST or scenario.streams]
            for scenario, step, found in at(rows, chosen):
                steps[scenario.name][str(rows)] = step
                versions[scenario.name] = found
    yield {one.name: results.part(STEPS[0], versions[one.name], steps=steps[one.name]) for one in scenarios}


def at(rows: int, scenarios: Sequence[Scenario]) -> Iterator[tuple[Scenario, Part, dict[str, str]]]:
    """Yield every scenario's figures at so many rows, and its packages' versions. Raises UserError."""
    instruments = (TRACED, UNTRACED) if rows in STEPS else (UNTRACED,)
    jobs = [Job(scenario, instrument) for instrument in instruments for scenario in scenarios]
    with Bar(len(jobs)) as bar:
        said = dict(zip(jobs, processes.outputs(processes.run(jobs, [], bar)), strict=True))
    for scenario in scenarios:
        traced, untraced = said.get(Job(scenario, TRACED)), said[Job(scenario, UNTRACED)]
        per_row = kept(traced) / rows - container(scenario, rows) if traced else None
        yield scenario, {"per_row": per_row, "peak": untraced["peak_rss"]}, untraced["versions"]


def container(scenario: Scenario, rows: int) -> float:
    """Return the bytes per row of the dict that keeps the rows: it grows by doubling, not with each row."""
    return sys.getsizeof(dict.fromkeys(range(rows))) / rows if scenario.keeps else 0.0


def further_rows(part: Part) -> list[float]:
    """Return the bytes that each further row costs from one step to the next, so that fixed costs do not count."""
    kept_at = {rows: rows * part["steps"][str(rows)]["per_row"] for rows in STEPS}
    return [(kept_at[more] - kept_at[less]) / (more - less) for less, more in pairwise(STEPS)]


def tables(parts: Parts, new: Container[str]) -> list[Table]:
    """Return what each further row costs from step to step, and the peak of the process for the rows at every step."""
    columns = [
        *(f"Bytes per further row, {less:,} to {more:,}" for less, more in pairwise(STEPS)),
        *(f"Peak, MiB, {step:,} rows" for step in (*STEPS, MOST)),
    ]
    rows = []
    for scenario in EVERYTHING:
        if scenario.name in new:
            sizes = [f"{round(size) or 0}" for size in further_rows(parts[scenario.name])]
            rows.append([scenario.title, *sizes, *_peaks(parts, scenario)])
    title = "How it grows, for the rows (bytes: traced, without the dict that keeps the rows)"
    return [Table(title, ["Scenario", *columns], rows)]


def summary(parts: Parts, new: Container[str]) -> list[Table]:
    """Return the peaks for a terminal."""
    rows = [[scenario.short, *_peaks(parts, scenario)] for scenario in EVERYTHING if scenario.name in new]
    return [Table("Peak for the rows, MiB", ["", *(f"{step:,}" for step in (*STEPS, MOST))], rows)]


def _peaks(parts: Parts, scenario: Scenario) -> list[str]:
    peaks = peaks_for_the_rows(parts[scenario.name])
    return [mib(peaks[step]) if step in peaks else "" for step in (*STEPS, MOST)]


def peaks_for_the_rows(part: Part) -> dict[int, int]:
    """Return in bytes by how much the process's peak at so many rows exceeds that at one row."""
    peaks = {int(rows): step["peak"] for rows, step in part["steps"].items()}
    return {rows: peak - peaks[ONE] for rows, peak in peaks.items() if rows != ONE}


def blocks(parts: Parts) -> dict[str, str]:
    """Return the headline of how it grows, and the table."""
    streaming = peaks_for_the_rows(parts["remedies.run_sync_sqlalchemy_session_streaming"])[MOST]
    keeping = peaks_for_the_rows(parts["run_sync_sqlalchemy_session"])[STEPS[-1]]
    headline = (
        f"The streaming ORM reads **{MOST:,} rows in {mib(streaming)} MiB**. "
        f"Keeping the entities of {STEPS[-1]:,} rows takes {mib(keeping)} MiB."
    )
    [table] = tables(parts, parts)
    return {"growth": f"{headline}\n\n{table.markdown()}"}


def charts(parts: Parts) -> dict[str, str]:
    """Draw the process's peak against the number of rows, both axes logarithmic."""
    from report import charts  # it loads matplotlib, which only this needs

    figure = charts.new(6.6, 5.5)
    axes = figure.subplots()
    for name, colour, marker in zip(CHARTED, LINES, "osD^v", strict=True):
        points = [(rows, peak / MIB) for rows, peak in peaks_for_the_rows(parts[name]).items()]
        axes.plot(*zip(*points, strict=True), color=colour, marker=marker, linewidth=2.5, label=Scenario(name).short)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("rows (logarithmic)")
    axes.set_ylabel("peak for the rows, MiB (logarithmic)")
    steps = (*STEPS, MOST)
    axes.set_xticks(steps, [f"{step:,}" for step in steps])
    axes.set_yticks([1, 3, 10, 30, 100, 300, 1000], ["1", "3", "10", "30", "100", "300", "1,000"])
    axes.minorticks_off()
    axes.grid(color=INK, alpha=0.25)
    return {"growth.svg": charts.svg(figure)}
