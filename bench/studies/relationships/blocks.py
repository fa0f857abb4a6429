"""The blocks of the page: the answer, the tables, and what one loses by each way."""

from bench.look.tables import Column, Table
from bench.studies.costs.blocks import environment, linked, losses
from bench.studies.relationships.figures import ALONE, Way, Ways
from bench.studies.relationships.tables import COLUMNS
from common import MIB

ORDERS = "relationships.run_sync_sqlalchemy_session_orders"


def blocks(figures: Ways) -> dict[str, str]:
    """Return every block's Markdown by its marker."""
    way = Column[Way]("Way to load", None, lambda way: linked(way.scenario), text=True)
    ways = list(figures.by_name.values())
    parents = [one for one in ways if not one.scenario.name.startswith(ORDERS)]
    children = [one for one in ways if one not in parents]
    return {
        "relationships-answer": answer(figures),
        "relationships-environment": environment(figures.header, "customers"),
        "relationships": Table("", [way, *COLUMNS], parents).markdown(),
        "relationships-orders": Table("", [way, *COLUMNS], children).markdown(),
        "relationships-many": many(figures),
        "relationships-losses": losses(
            (one.scenario, one.scenario.fields["You lose"].rstrip("."))
            for one in ways
            if one.scenario.name not in (ALONE, ORDERS)
        ),
    }


def answer(figures: Ways) -> str:
    """Return which way to choose, with the figures that decide it."""
    selectin, joined, streaming = (
        figures[f"sync_sqlalchemy_session_{name}"] for name in ("selectin", "joined", "selectin_streaming")
    )
    two_selectin, two_joined = (figures[f"sync_sqlalchemy_session_two_{name}"] for name in ("selectin", "joined"))
    arrays = figures["sync_sqlalchemy_engine_arrays"]
    return (
        f"- **One collection**: a customer with 4 orders, kept, takes {selectin.kept:,.0f} bytes with `selectinload` "
        f"and {joined.kept:,.0f} with `joinedload`. The peak of the process is {peak(selectin)} and {peak(joined)} MiB "
        f"for {figures.header['rows']:,} customers.\n"
        f"- **Two collections**, 4 orders and 2 addresses: {peak(two_selectin)} and {peak(two_joined)} MiB. "
        "`joinedload` multiplies the rows.\n"
        f"- **Used one by one**: `selectinload` with `yield_per` has a peak of {peak(streaming)} MiB.\n"
        f"- **Values only**: arrays keep {arrays.kept:,.0f} bytes for a customer, with a peak of {peak(arrays)} MiB."
    )


def peak(way: Way) -> str:
    """Return the growth of the process's peak, in MiB."""
    return f"{way.figures.peak.value / MIB:.0f}"


def many(figures: Ways) -> str:
    """Return how the rows of two joined collections multiply."""
    found = {}
    for name in ("two_selectin", "two_joined"):
        wire = figures[f"sync_sqlalchemy_session_{name}"].wire
        if not wire:
            return "What crosses the wire was not counted."
        found[name] = f"{wire['rows']:,} rows and {wire['bytes'] / MIB:.1f} MiB"
    return (
        f"For {figures.header['rows']:,} customers, `joinedload` of both collections reads {found['two_joined']}, and "
        f"`selectinload` {found['two_selectin']}."
    )
