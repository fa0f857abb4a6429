"""Measure what every way to write costs, and what crosses the wire; a row in flight; and `copy` of ever more rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bench import process, turns
from bench.database import one_row_table, private_server, seed
from bench.errors import UserError
from bench.process import Progress, unseen
from bench.runs import TRACED, UNTRACED, Job, Measured, Outcome
from bench.scripts import Scenario
from bench.seeds import DATA, WRITTEN
from bench.studies.row_shape.shapes import ARRAY, INTEGER, JSON, KEY, TABLES, UUID, ShapeField, make, of_columns
from bench.turns import Record
from bench.wire import Traffic
from common import database_url

FLIGHT = "bench.studies.writing.flight"
# What stays in memory is to be the same for however many rows.
FLAT, MORE_ROWS = "writing.run_sync_psycopg_copy", (920_000, 9_200_000)
# The scripts that write all rows at once, and the way in `flight` that writes rows of other columns so.
AT_ONCE = {
    "writing.run_sync_sqlalchemy_session_add_all": "add_all",
    "writing.run_sync_sqlalchemy_session_insert": "bulk insert",
    "writing.run_sync_sqlalchemy_engine_insert": "Core, insert",
}
VALUES = "values"
# SQLAlchemy makes another value of these, or copies them.
CONVERTED = (JSON, ARRAY, UUID)
# Tables that take no part in the model, and for their numbers of columns, tables of integers alone, which do.
UNSEEN = {
    name: [ShapeField(KEY, INTEGER), *(field for field in fields[1:] if field.kind not in CONVERTED)]
    for name, fields in TABLES.items()
}
OF_COLUMNS = {str(count): of_columns(count) for count in (3, *sorted(map(len, UNSEEN.values())))}


class WritingRecord(Record):
    """What is stored of a script: also what crossed the wire for all rows, and for one; None where nobody counts it.

    `in_flight` is what a row takes at the peak, by table, where all are written at once, and `values` what it takes
    as a tuple; `peaks` are those of the process, by the number of rows. They are measured in full only.
    """

    wire: Traffic | None
    wire_of_one: Traffic | None
    in_flight: dict[str, float]
    values: dict[str, float]
    peaks: dict[str, int]


@dataclass(frozen=True)
class InFlight:
    """A process that writes rows of a table in one way."""

    way: str
    table: str
    stdin: bytes = b""

    @property
    def name(self) -> str:
        return f"{self.way}, {self.table}"

    @property
    def short(self) -> str:
        return self.name

    @property
    def command(self) -> list[str]:
        return ["-m", FLIGHT, self.way, self.table]


def measure(
    names: Sequence[str], repeats: int | None, full: bool, progress: Progress = unseen
) -> Iterator[dict[str, Measured]]:
    """Yield the records of all scripts. Raises UserError at the end where some have failed.

    They write one table, so that none runs beside another one.
    """
    scenarios = turns.that_can_run(map(Scenario, names))
    with one_row_table([DATA, WRITTEN]) as one_row:
        records, failures = turns.measure(
            scenarios, repeats or 1, one_row, progress=progress, traced_by="bench.wire", workers=1
        )
    further = on_a_private_server(records, progress) if full else {}
    if records:
        yield {name: joined(name, measured, further) for name, measured in records.items()}
    if failures:
        raise UserError("\n".join(failures))


def on_a_private_server(records: Mapping[str, Measured], progress: Progress) -> dict[str, list[Outcome]]:
    """Return the outcomes of further processes, by script: of tables of other columns, and of ever more rows."""
    ways = {name: way for name, way in AT_ONCE.items() if name in records}
    with private_server(1):
        for table, fields in (OF_COLUMNS | UNSEEN if ways else {}).items():
            make(database_url(), table, fields)
        flights = [Job(InFlight(way, table)) for way in ways.values() for table in OF_COLUMNS | UNSEEN]
        values = [Job(InFlight(VALUES, table)) for table in OF_COLUMNS | UNSEEN if ways]
        measured = process.succeeded(process.run([*flights, *values], progress=progress))
        further = {name: [run for run in measured if way_of(run) in (way, VALUES)] for name, way in ways.items()}
        for rows in MORE_ROWS if FLAT in records else ():
            seed(database_url(), rows, tables=[DATA, WRITTEN])
            job = Job(Scenario(FLAT), UNTRACED)
            further.setdefault(FLAT, []).extend(process.succeeded(process.run([job], progress=progress)))
    return further


def way_of(outcome: Outcome) -> str:
    script = outcome.job.script
    return script.way if isinstance(script, InFlight) else ""


def joined(name: str, measured: Measured, further: Mapping[str, list[Outcome]]) -> Measured:
    """Return a script's record with what crossed the wire, and with what its further processes have measured."""
    traced = {bool(run.job.url): run.output["wire"] for run in measured.outcomes if run.job.instrument == TRACED}
    if "asyncpg" in measured.versions:  # which speaks to the server itself, and not by libpq
        traced = dict.fromkeys(traced)
    own = further.get(name, [])
    record: WritingRecord = measured.record | {
        "wire": traced[False],
        "wire_of_one": traced[True],
        "in_flight": by_table(own, AT_ONCE.get(name, "")),
        "values": by_table(own, VALUES),
        "peaks": {str(run.output["rows"]): run.output["peak_rss"] for run in own if not way_of(run)},
    }
    return replace(measured, record=record, outcomes=[*measured.outcomes, *own])


def by_table(outcomes: Sequence[Outcome], way: str) -> dict[str, float]:
    """Return the bytes of a row at the peak, by table, of those outcomes that wrote in this way."""
    scripts = ((run.job.script, run.output) for run in outcomes)
    return {
        script.table: output["per_row"]
        for script, output in scripts
        if isinstance(script, InFlight) and script.way == way
    }
