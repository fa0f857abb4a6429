"""What every way to write costs, for each row; and what a row in flight does, by its columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from bench.results import Header, Results
from bench.runs import Process, Spread, checkpoint, traced_peak
from bench.scripts import Scenario
from bench.studies.script_costs import ScriptCosts, costs_by_name
from bench.studies.writing.measure import FLAT, OF_COLUMNS, UNSEEN, WritingRecord
from common import FIRST_ROW, LAST_CHECKPOINT

POINTER, TUPLE = 8, 40


class Crossed(NamedTuple):
    """What crosses the wire for all rows: statements, and bytes in either direction."""

    statements: int
    sent: int
    received: int


@dataclass(frozen=True)
class WayToWrite:
    """A way to write: its script's costs, in bytes and seconds. What it takes for one row is subtracted everywhere.

    `peak` is of what is traced, for each row; `costs.peak` the whole process's. `peaks` are those by number of rows.
    """

    costs: ScriptCosts
    peak: float
    seconds: Spread
    crossed: Crossed | None
    in_flight: Mapping[str, float]
    values: Mapping[str, float]
    peaks: Mapping[int, int]

    @property
    def scenario(self) -> Scenario:
        return self.costs.scenario

    def overhead(self, table: str) -> float:
        """Return what a row of a table takes at the peak beside its values, where all are written at once."""
        return self.in_flight[table] - self.values[table]

    def predicted(self, table: str) -> float:
        """Return what a row of an unseen table takes: the overhead of so many integers, and its own values."""
        return self.overhead(str(len(UNSEEN[table]))) + self.values[table]


@dataclass(frozen=True)
class WaysToWrite:
    """All ways by name, and how they were measured."""

    header: Header
    by_name: Mapping[str, WayToWrite]

    def __getitem__(self, name: str) -> WayToWrite:
        """Return a way by its script's name without `writing.run_`."""
        return self.by_name[f"writing.run_{name}"]


def ways(results: Results) -> WaysToWrite:
    rows = results.header["rows"]
    costs = costs_by_name(results)
    return WaysToWrite(
        results.header, {name: _way(record, costs[name], rows) for name, record in results.records.items()}
    )


def _way(record: WritingRecord, costs: ScriptCosts, rows: int) -> WayToWrite:
    whole, single = record["all_rows"], record["one_row"]
    fixed = median(map(_seconds, single["untraced"]))
    peaks = {rows: costs.peak.value} if costs.scenario.name == FLAT else {}
    first = median(process["peak_rss"] for process in single["untraced"])
    return WayToWrite(
        costs=costs,
        peak=(traced_peak(whole["traced"]) - traced_peak(single["traced"])) / (rows - 1),
        seconds=Spread.of([_seconds(process) - fixed for process in whole["untraced"]]),
        crossed=_crossed(record),
        in_flight=record["in_flight"],
        values={table: size - _of_tuple(table) for table, size in record["values"].items()},
        peaks=peaks | {int(count): round(peak - first) for count, peak in record["peaks"].items()},  # type: ignore[arg-type]
    )


def _seconds(process: Process) -> float:
    """Return the seconds while rows are written: what stands there before is made before."""
    return checkpoint(process, LAST_CHECKPOINT)["seconds"] - checkpoint(process, FIRST_ROW)["seconds"]


def _crossed(record: WritingRecord) -> Crossed | None:
    wire, single = record["wire"], record["wire_of_one"]
    if not wire or not single:
        return None
    statements = wire["statements"] - single["statements"] + 1
    return Crossed(statements, wire["sent"] - single["sent"], wire["bytes"] - single["bytes"])


def _of_tuple(table: str) -> int:
    """Return what a row's values are kept in: a tuple of so many places."""
    return TUPLE + POINTER * len((OF_COLUMNS | UNSEEN)[table])
