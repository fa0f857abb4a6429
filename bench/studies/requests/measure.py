"""Measure what requests to each endpoint take: one process an endpoint, which serves, and its client beside it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from bench import process
from bench.database import private_server
from bench.errors import explain
from bench.process import Progress, unseen
from bench.runs import UNTRACED, Job, Measured, Outcome
from bench.scripts import Scenario
from bench.studies.requests.serving import Output
from setup_db import ROWS


class Record(TypedDict):
    """What is stored of an endpoint, and the seconds that all of it took."""

    output: Output
    took: float


def measure(
    names: Sequence[str], repeats: int | None, full: bool, progress: Progress = unseen
) -> Iterator[dict[str, Measured]]:
    """Yield what requests take, of all endpoints that can run; each has eleven single ones. Raises UserError."""
    jobs = [Job(one, UNTRACED, module="bench.studies.requests.serving") for one in map(Scenario, names) if can_run(one)]
    if not jobs:
        return
    with private_server(ROWS):
        outcomes = process.succeeded(process.run([], jobs, progress=progress))
    yield {one.job.script.name: measured(one) for one in outcomes}


def can_run(endpoint: Scenario) -> bool:
    """Return whether its packages are installed; say which one is not."""
    if endpoint.missing:
        print(
            f"{endpoint.name} is left out: {explain(ModuleNotFoundError(name=endpoint.missing))}",
            file=sys.stderr,
        )
    return not endpoint.missing


def measured(outcome: Outcome) -> Measured:
    """Return what is stored of an endpoint."""
    output: Output = outcome.output
    return Measured(Record(output=output, took=outcome.seconds), output["rows"], output["versions"], [outcome])


def expected_seconds(names: Sequence[str], repeats: int | None, full: bool, took: Mapping[str, float]) -> float:
    """Return the seconds that it takes to measure these, where each took so long before."""
    return sum(took.get(name, 0.0) for name in names)
