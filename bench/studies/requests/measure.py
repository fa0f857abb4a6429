"""Measure what requests to each endpoint take: one process an endpoint, which serves, and its client beside it."""

from collections.abc import Iterator, Sequence

from bench import process, turns
from bench.database import private_server
from bench.process import Progress, unseen
from bench.runs import UNTRACED, Job, Measured, Outcome
from bench.scripts import Scenario
from bench.seeds import ROWS
from bench.studies.requests.serving import Output


def measure(
    names: Sequence[str], repeats: int | None, full: bool, progress: Progress = unseen
) -> Iterator[dict[str, Measured]]:
    """Yield what requests take, of all endpoints that can run; each has eleven single ones. Raises UserError."""
    endpoints = turns.that_can_run(map(Scenario, names))
    jobs = [Job(endpoint, UNTRACED, module="bench.studies.requests.serving") for endpoint in endpoints]
    if not jobs:
        return
    with private_server(ROWS) as server:
        outcomes = process.succeeded(process.run(jobs, progress=progress, workers=1))
    yield {outcome.job.script.name: measured(outcome, server) for outcome in outcomes}


def measured(outcome: Outcome, server: dict[str, str]) -> Measured:
    output: Output = outcome.output
    return Measured(output, output["rows"], output["versions"] | server, [outcome])
