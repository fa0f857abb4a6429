"""The table of the ways to load customers with their orders."""

from collections.abc import Callable, Container, Sequence
from typing import Any

from bench.look.tables import Column, Table, mib, time
from bench.studies.costs.tables import of_native, of_times
from bench.studies.relationships.figures import Way, Ways
from bench.wire import Traffic
from common import MIB


def tables(figures: Ways, new: Container[str]) -> list[Table[Any]]:
    """Return the table of what is new."""
    ways = figures.of(name for name in figures.by_name if name in new)
    return [table(f"What {figures.header['rows']:,} customers with their orders cost", ways)] if ways else []


def table(title: str, ways: Sequence[Way]) -> Table[Way]:
    """Return the table of these ways."""
    note = (
        "kept, peak: traced bytes for each customer. MiB: growth of the process, and of its peak. rows: on the wire. "
        f"The fixed cost is subtracted. {of_times([one.figures for one in ways])}"
    )
    return Table(title, [WAY, *COLUMNS], ways, note=note)


def crossing(figure: Callable[[Traffic], str]) -> Callable[[Way], str]:
    """Return the text of what crossed the wire, if that was counted."""
    return lambda way: figure(way.wire) if way.wire else "not counted"


def multiple(way: Way) -> str:
    """Return the time as a multiple of the reference's."""
    return "" if way.time is None else f"{way.time:.1f}"


WAY = Column[Way]("Way to load", "", lambda way: way.scenario.title, lambda way: way.scenario.short, text=True)
KEPT = Column[Way]("Kept, bytes per customer", "kept", lambda way: f"{way.kept:,.0f}")
PEAK = Column[Way]("Peak, bytes per customer", "peak", lambda way: f"{way.peak:,.0f}")
COLUMNS = (
    KEPT,
    PEAK,
    Column[Way]("Native, bytes per customer", None, lambda way: of_native(way.figures)),
    Column[Way]("Process growth, MiB", "MiB", lambda way: f"{way.figures.growth.value / MIB:.0f}"),
    Column[Way]("Its peak, MiB", "peak MiB", lambda way: f"{way.figures.peak.value / MIB:.0f}"),
    Column[Way]("Time, s", "s", lambda way: time(way.figures.seconds)),
    Column[Way]("Time, `selectinload` = 1", None, multiple),
    Column[Way]("Statements", "stmts", crossing(lambda wire: f"{wire['statements']:,}")),
    Column[Way]("Rows on the wire", "rows", crossing(lambda wire: f"{wire['rows']:,}")),
    Column[Way]("MiB on the wire", None, crossing(lambda wire: mib(wire["bytes"]))),
)
