"""The blocks of the page: what a request takes, how many fit a worker, and what one loses; and README's row."""

from collections.abc import Sequence

from bench.look.tables import Column, mib, time
from bench.studies.costs.blocks import environment, linked
from bench.studies.requests import tables
from bench.studies.requests.figures import WORKER, Figures, Requests
from common import MIB

COMMONEST, STREAMED = "endpoints.entities", "endpoints.array"
# From this many on, the number says only that memory is not what limits.
HUNDRED = 100
PACKAGES = {"fastapi": "FastAPI", "uvicorn": "uvicorn", "sqlalchemy": "SQLAlchemy"}
LINKED = Column[Figures]("Endpoint", None, lambda one: linked(one.endpoint), text=True)


def blocks(figures: Requests) -> dict[str, str]:
    """Return every block's Markdown by its marker."""
    found = list(figures.by_name.values())
    helpful = [one for one in found if not why_not(one)]
    useless = [one for one in found if why_not(one)]
    before, after = figures.by_name[COMMONEST], figures.by_name[STREAMED]
    return {
        "answers": row(before, after),
        "request": answer(figures, before, after),
        "request-environment": environment(figures.header, packages=PACKAGES),
        "requests": tables.requests(helpful, LINKED).markdown(),
        "requests-fit": fit(helpful),
        "requests-readers": tables.readers(helpful, LINKED).markdown(),
        "requests-losses": "\n".join(f"- {linked(one.endpoint)}: you lose {lost(one)}" for one in helpful),
        "no-help-for-requests": tables.requests(useless, LINKED).markdown(),
        "why-not-for-requests": "\n".join(f"- **{one.endpoint.title}**: {why_not(one)}." for one in useless),
    }


def why_not(one: Figures) -> str:
    """Return why an endpoint does not help; an empty text, if it does."""
    return one.endpoint.fields.get("Why not", "")


def lost(one: Figures) -> str:
    """Return what one loses by an endpoint."""
    return one.endpoint.fields["You lose"]


def row(before: Figures, after: Figures) -> str:
    """Return the row of README's first table."""
    peaks = " → ".join(f"{one.peak / MIB:.0f}" for one in (before, after))
    times = " → ".join(time(one.last) for one in (before, after))
    return f"| [And into a response?](docs/a-request.md) | `StreamingResponse`, batch by batch | {peaks} | | {times} |"


def answer(figures: Requests, before: Figures, after: Figures) -> str:
    """Return what a request takes at its peak, how many fit a worker, and for how long one blocks the others."""
    size = f"{figures.header['rows']:,} rows, {mib(before.single[0]['size'])} MiB of JSON"
    return (
        f"For {size}, a list of entities with `response_model` takes **{before.peak / MIB:.0f} MiB** at its peak, and "
        f"ten requests at once {before.many['peak'] / MIB:.0f}. Streamed in batches, one request takes "
        f"**{mib(after.peak)} MiB**, and ten take {mib(after.many['peak'])}. A worker of {WORKER // MIB} MiB has room "
        f"for {room(before)} of the former at once, and for {room(after)} of the latter. The former blocks the event "
        f"loop for {1000 * before.blocked:,.0f} ms in one piece, the latter for {1000 * after.blocked:.0f}."
    )


def room(one: Figures) -> str:
    """Return how many requests at once fit a worker, as one says it."""
    count = one.fitting()
    return f"{count}" if count < HUNDRED else "hundreds"


def fit(figures: Sequence[Figures]) -> str:
    """Return how many requests at once fit a worker, for each endpoint."""
    counts = ", ".join(f"{one.endpoint.short} {room(one)}" for one in sorted(figures, key=Figures.fitting))
    warm = f"{median_warm(figures) / MIB:.0f}"
    return (
        f"**Requests at once that fit a worker of {WORKER // MIB} MiB**, whose process takes {warm} MiB without any: "
        f"{counts}."
    )


def median_warm(figures: Sequence[Figures]) -> float:
    """Return what a warm process takes, of which the endpoints' differ little."""
    return sorted(one.warm for one in figures)[len(figures) // 2]
