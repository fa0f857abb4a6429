"""What the page shows of the ways to load customers with their orders."""

from collections.abc import Callable, Container
from typing import Any

from bench.look.blocks import environment, linked, losses
from bench.look.colours import INK, LINES
from bench.look.tables import Column, Table, mib, script_column, time, whole, whole_mib
from bench.results import Results
from bench.scripts import RELATIONSHIPS
from bench.studies.costs.tables import of_native, of_times
from bench.studies.relationships import ways as ways_of
from bench.studies.relationships.ways import ALONE, Way, Ways
from bench.wire import Traffic

NAMES = tuple(scenario.name for scenario in RELATIONSHIPS)
# The scripts that load each order with its customer.
ORDERS = "relationships.run_sync_sqlalchemy_session_orders"


def figures(results: Results) -> Ways:
    return ways_of.ways(results)


def crossing(figure: Callable[[Traffic], str]) -> Callable[[Way], str]:
    return lambda way: figure(way.wire) if way.wire else "not counted"


COLUMNS: tuple[Column[Way], ...] = (
    Column("Kept, bytes per customer", "kept", lambda way: whole(way.kept)),
    Column("Peak, bytes per customer", "peak", lambda way: whole(way.peak)),
    Column("Native, bytes per customer", None, lambda way: of_native(way.costs)),
    Column("Process growth, MiB", "MiB", lambda way: whole_mib(way.costs.growth.value)),
    Column("Its peak, MiB", "peak MiB", lambda way: peak(way)),
    Column("Time, s", "s", lambda way: time(way.costs.seconds)),
    Column("Time, `selectinload` = 1", None, lambda way: "" if way.time is None else f"{way.time:.1f}"),
    Column("Statements", "stmts", crossing(lambda wire: f"{wire['statements']:,}")),
    Column("Rows on the wire", "rows", crossing(lambda wire: f"{wire['rows']:,}")),
    Column("MiB on the wire", None, crossing(lambda wire: mib(wire["bytes"]))),
)


def tables(ways: Ways, new: Container[str]) -> list[Table[Any]]:
    shown = [way for name, way in ways.by_name.items() if name in new]
    if not shown:
        return []
    note = (
        "kept, peak: traced bytes for each customer. MiB: growth of the process, and of its peak. rows: on the wire. "
        f"The fixed cost is subtracted. {of_times([way.costs for way in shown])}"
    )
    name: Column[Way] = script_column("Way to load", lambda way: way.scenario)
    title = f"What {ways.header['rows']:,} customers with their orders cost"
    return [Table(title, [name, *COLUMNS], shown, note=note)]


def blocks(ways: Ways) -> dict[str, str]:
    name = Column[Way]("Way to load", None, lambda way: linked(way.scenario), text=True)
    orders = [way for way in ways.by_name.values() if way.scenario.name.startswith(ORDERS)]
    customers = [way for way in ways.by_name.values() if way not in orders]
    scenarios = [way.scenario for way in ways.by_name.values()]
    return {
        "relationships-answer": answer(ways),
        "relationships-environment": environment(ways.header, "customers"),
        "relationships": Table("", [name, *COLUMNS], customers).markdown(),
        "relationships-orders": Table("", [name, *COLUMNS], orders).markdown(),
        "relationships-many": many(ways),
        "relationships-losses": losses(scenario for scenario in scenarios if scenario.name not in (ALONE, ORDERS)),
    }


def answer(ways: Ways) -> str:
    selectin, joined, streaming = (
        ways[f"sync_sqlalchemy_session_{name}"] for name in ("selectin", "joined", "selectin_streaming")
    )
    two_selectin, two_joined = (ways[f"sync_sqlalchemy_session_two_{name}"] for name in ("selectin", "joined"))
    arrays = ways["sync_sqlalchemy_engine_arrays"]
    return (
        f"- **One collection**: a customer with 4 orders, kept, takes {selectin.kept:,.0f} bytes with `selectinload` "
        f"and {joined.kept:,.0f} with `joinedload`. The peak of the process is {peak(selectin)} and {peak(joined)} MiB "
        f"for {ways.header['rows']:,} customers.\n"
        f"- **Two collections**, 4 orders and 2 addresses: {peak(two_selectin)} and {peak(two_joined)} MiB. "
        "`joinedload` multiplies the rows.\n"
        f"- **Used one by one**: `selectinload` with `yield_per` has a peak of {peak(streaming)} MiB.\n"
        f"- **Values only**: arrays keep {arrays.kept:,.0f} bytes for a customer, with a peak of {peak(arrays)} MiB."
    )


def peak(way: Way) -> str:
    """Return the growth of the process's peak, in MiB."""
    return whole_mib(way.costs.peak.value)


def many(ways: Ways) -> str:
    selectin, joined = (ways[f"sync_sqlalchemy_session_two_{name}"].wire for name in ("selectin", "joined"))
    if not selectin or not joined:
        return "What crosses the wire was not counted."
    return (
        f"For {ways.header['rows']:,} customers, `joinedload` of both collections reads {joined['rows']:,} rows and "
        f"{mib(joined['bytes'])} MiB, and `selectinload` {selectin['rows']:,} rows and {mib(selectin['bytes'])} MiB."
    )


def charts(ways: Ways) -> dict[str, str]:
    """Return the chart's SVG by its file's name: each way's bar is kept, and from there on a line leads to its peak."""
    from bench.look import charts as style  # with matplotlib, which `make bench` does without

    shown = [way for name, way in ways.by_name.items() if not name.startswith(ORDERS)]
    figure = style.new(6.6, 8.5)
    axes = figure.subplots()
    positions = range(len(shown))
    kept, peaks = [way.kept for way in shown], [way.peak for way in shown]
    axes.barh(positions, kept, color=LINES[2], height=0.6, label="kept")
    axes.hlines(positions, kept, peaks, color=LINES[0], linewidth=3, label="up to the peak")
    axes.plot(peaks, positions, "|", color=LINES[0], markersize=14, markeredgewidth=3)
    for position, size in zip(positions, peaks, strict=True):
        style.beside(axes, (size, position), whole(size), 8)
    axes.set_yticks(positions, [way.scenario.short for way in shown])
    axes.invert_yaxis()
    axes.set_xlabel("traced bytes for each customer with 4 orders")
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlim(0, 1.2 * max(peaks))
    axes.grid(axis="x", color=INK, alpha=0.25)
    return {"relationships.svg": style.svg(figure)}
