"""What every way to load customers with their orders costs, for each customer."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.results import Header, Results
from bench.runs import Spread, kept, traced_peak
from bench.scripts import Scenario
from bench.studies.relationships.measure import WireRecord
from bench.studies.script_costs import ScriptCosts, costs_by_name
from bench.wire import Traffic

ALONE, REFERENCE = (f"relationships.run_sync_sqlalchemy_session_{name}" for name in ("customers", "selectin"))


@dataclass(frozen=True)
class Way:
    """A way to load: its script's costs, in bytes and seconds, where `per_row` is for each customer.

    So is `peak`, of what is traced; `costs.peak` is the whole process's. What connecting takes is subtracted, from
    the statements and rows of `wire`, too. The seconds of the reference were measured in the same turns.
    """

    costs: ScriptCosts
    peak: float
    wire: Traffic | None
    seconds_of_reference: Spread | None

    @property
    def scenario(self) -> Scenario:
        return self.costs.scenario

    @property
    def kept(self) -> float:
        """Traced bytes for each customer."""
        return self.costs.per_row

    @property
    def time(self) -> float | None:
        """The time as a multiple of the reference's."""
        return self.costs.seconds.value / self.seconds_of_reference.value if self.seconds_of_reference else None


@dataclass(frozen=True)
class Ways:
    """All ways by name, and how they were measured."""

    header: Header
    by_name: Mapping[str, Way]

    def __getitem__(self, name: str) -> Way:
        """Return a way by its script's name without `relationships.run_`."""
        return self.by_name[f"relationships.run_{name}"]


def ways(results: Results) -> Ways:
    rows = results.header["rows"]
    connecting = _connecting(results.records.get(ALONE), rows)
    costs = costs_by_name(results)
    reference = costs[REFERENCE].seconds if REFERENCE in costs else None
    by_name = {
        name: Way(costs[name], _peak(record, rows), _without(record["wire"], connecting), reference)
        for name, record in results.records.items()
    }
    return Ways(results.header, by_name)


def _peak(record: WireRecord, rows: int) -> float:
    """Return the traced bytes for each customer at the peak: above the beginning, without what one customer keeps."""
    return (traced_peak(record["all_rows"]["traced"]) - kept(record["one_row"]["traced"])) / (rows - 1)


def _connecting(alone: WireRecord | None, rows: int) -> Traffic:
    """Return what connecting takes: of the script that reads all customers by one statement, the rest."""
    if not alone or not alone["wire"]:
        return Traffic(statements=0, rows=0, bytes=0)
    wire = alone["wire"]
    # The bytes of connecting, some 4 KiB, are too few to be seen.
    return Traffic(statements=wire["statements"] - 1, rows=wire["rows"] - rows, bytes=0)


def _without(wire: Traffic | None, connecting: Traffic) -> Traffic | None:
    return wire and Traffic(
        statements=wire["statements"] - connecting["statements"],
        rows=wire["rows"] - connecting["rows"],
        bytes=wire["bytes"],
    )
