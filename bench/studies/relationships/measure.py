"""Measure what every way to load customers with their orders costs, and what crosses the wire for it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench import process, turns
from bench.database import one_row_table
from bench.errors import UserError, note
from bench.process import Progress, unseen
from bench.runs import Job, Measured, Outcome
from bench.scripts import Scenario
from bench.seeds import SHOP
from bench.turns import Record
from bench.wire import Traffic

WIRE = "wire"


class WireRecord(Record):
    """What is stored of a script, and what crossed the wire; None, where nobody could count that."""

    wire: Traffic | None


def measure(
    names: Sequence[str], repeats: int | None, full: bool, progress: Progress = unseen
) -> Iterator[dict[str, Measured]]:
    """Yield the records of all scripts. Raises UserError at the end where some have failed."""
    scenarios = [Scenario(name) for name in names]
    native = scenarios if turns.with_native(full) else []
    with one_row_table(SHOP) as one_row:
        records, failures = turns.measure(scenarios, repeats or (3 if full else 1), one_row, native, progress=progress)
    if records:
        outcomes = process.run(wire_jobs(list(map(Scenario, records))), progress=progress)
        crossed = {outcome.job.script.name: outcome for outcome in outcomes}
        for line in process.failures(crossed.values()):
            note(f"{line}: what crosses the wire is left out")
        yield {name: _with_wire(measured, crossed[name]) for name, measured in records.items()}
    if failures:
        raise UserError("\n".join(failures))


def wire_jobs(scenarios: Sequence[Scenario]) -> list[Job]:
    return [Job(scenario, WIRE, module="bench.wire") for scenario in scenarios]


def _with_wire(measured: Measured, crossed: Outcome) -> Measured:
    record = measured.record | {"wire": crossed.output["wire"] if crossed.output else None}
    return replace(measured, record=record, outcomes=[*measured.outcomes, crossed])
