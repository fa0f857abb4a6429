"""Measure what every way to load customers with their orders costs, and what crosses the wire for it."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bench import process, turns
from bench.database import one_row_table
from bench.errors import UserError
from bench.process import Progress, unseen
from bench.runs import Job, Measured, Outcome
from bench.scripts import Scenario
from bench.studies.costs.measure import with_native
from bench.turns import Record
from bench.wire import Traffic

WIRE = "wire"


class WireRecord(Record):
    """What is stored of a script, and what crossed the wire; None, where the server lets nobody in unencrypted."""

    wire: Traffic | None


def measure(
    names: Sequence[str], repeats: int | None, full: bool, progress: Progress = unseen
) -> Iterator[dict[str, Measured]]:
    """Yield the records of all scripts. Raises UserError at the end where some have failed."""
    scenarios = [Scenario(name) for name in names]
    native = scenarios if with_native(full) else []
    with one_row_table() as one_row:
        found, failures = turns.measure(scenarios, repeats or _repeats(full), one_row, native, progress=progress)
    if found:
        crossed = {
            one.job.script.name: one for one in process.run(wire_jobs(list(map(Scenario, found))), progress=progress)
        }
        for line in process.failures(crossed.values()):
            print(f"{line}: what crosses the wire is left out", file=sys.stderr)
        yield {name: _with_wire(one, crossed[name]) for name, one in found.items()}
    if failures:
        raise UserError("\n".join(failures))


def wire_jobs(scenarios: Sequence[Scenario]) -> list[Job]:
    """Return a job for each script, which counts what crosses the wire."""
    return [Job(one, WIRE, module="bench.wire") for one in scenarios]


def _with_wire(measured: Measured, crossed: Outcome) -> Measured:
    record = measured.record | {"wire": crossed.output["wire"] if crossed.output else None}
    record["took"] = record["took"] | {crossed.job.kind: crossed.seconds}
    return replace(measured, record=record, outcomes=[*measured.outcomes, crossed])


def _repeats(full: bool) -> int:
    return 3 if full else 1


def expected_seconds(
    names: Sequence[str], repeats: int | None, full: bool, took: Mapping[str, Mapping[str, float]]
) -> float:
    """Return the seconds that it takes to measure these, where a process of each took so long before."""
    scenarios = [Scenario(name) for name in names]
    together, alone = turns.jobs(scenarios, repeats or _repeats(full), "one row", scenarios if full else ())
    total = 0.0
    for jobs, cores in (([*together, *wire_jobs(scenarios)], os.cpu_count() or 1), (alone, 1)):
        total += sum(took.get(job.script.name, {}).get(job.kind, 0.0) for job in jobs) / cores
    return total
