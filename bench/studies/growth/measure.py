"""Measure every script at several numbers of rows: its traced bytes, and the peak of its process."""

import sys
from collections.abc import Iterator, Sequence
from typing import TypedDict

from bench import process
from bench.database import private_server, seed
from bench.process import Progress, unseen
from bench.runs import TRACED, UNTRACED, Job, Measured, Outcome, kept
from bench.scripts import Scenario
from bench.seeds import DATA
from common import database_url

STEPS = (9_200, 92_000, 920_000)
# Here only the process's memory is read: at one row, for the fixed cost; and at the most, for what streams.
ONE, MOST = 1, 9_200_000


class StepCost(TypedDict):
    """At so many rows: traced bytes per row without the dict that keeps them, and the untraced peak in bytes."""

    rows: int
    per_row: float | None
    peak: int


def measure(
    names: Sequence[str], repeats: int | None, full: bool, progress: Progress = unseen
) -> Iterator[dict[str, Measured]]:
    """Yield every scenario's steps, which are not repeated. Raises UserError."""
    outcomes: dict[str, list[Outcome]] = {name: [] for name in names}
    with private_server(ONE) as server:
        for rows in (ONE, *STEPS, MOST):
            if rows != ONE:
                seed(database_url(), rows, tables=[DATA])
            scenarios = [scenario for scenario in map(Scenario, names) if rows < MOST or scenario.streams]
            instruments = (TRACED, UNTRACED) if rows in STEPS else (UNTRACED,)
            jobs = [Job(scenario, instrument) for instrument in instruments for scenario in scenarios]
            for outcome in process.succeeded(process.run(jobs, progress=progress)):
                outcomes[outcome.job.script.name].append(outcome)
    yield {
        name: Measured(steps(Scenario(name), own), MOST, own[0].output["versions"] | server, own)
        for name, own in outcomes.items()
    }


def steps(scenario: Scenario, outcomes: Sequence[Outcome]) -> list[StepCost]:
    traced, untraced = (
        [outcome.output for outcome in outcomes if outcome.job.instrument == instrument]
        for instrument in (TRACED, UNTRACED)
    )
    per_row = {run["rows"]: kept(run) / run["rows"] - container(scenario, run["rows"]) for run in traced}
    return [StepCost(rows=run["rows"], per_row=per_row.get(run["rows"]), peak=run["peak_rss"]) for run in untraced]


def container(scenario: Scenario, rows: int) -> float:
    """Return the bytes per row of the dict that keeps the rows: it grows by doubling, not with each row."""
    return sys.getsizeof(dict.fromkeys(range(rows))) / rows if scenario.keeps else 0.0
