"""What the page shows of requests: what one takes, and ten at once, how many fit a worker, and what one loses."""

from collections.abc import Container, Sequence
from statistics import median_high
from typing import Any

from bench.look.blocks import environment, linked
from bench.look.colours import INK, LINES
from bench.look.tables import Column, Table, mib, script_column, time, whole, whole_mib
from bench.results import Results
from bench.scripts import ENDPOINTS
from bench.studies.requests.endpoints import LENT, PATIENCE, WORKER, EndpointFigures, Requests, figures_of
from bench.studies.requests.serving import COMMONEST, STREAMED_ARRAY
from common import MIB

NAMES = tuple(scenario.name for scenario in ENDPOINTS)
# From this many on, the number says only that memory is not what limits.
HUNDRED = 100
PACKAGES = {"fastapi": "FastAPI", "uvicorn": "uvicorn", "sqlalchemy": "SQLAlchemy"}
# In the chart, what is less is noise, and lies at the left edge.
LEAST_MIB = 0.1
COLUMNS: tuple[Column[EndpointFigures], ...] = (
    Column("Peak, 1 request, MiB", "peak", lambda endpoint: mib(endpoint.peak)),
    Column(
        "Peak, 10 at once, MiB",
        "of 10",
        lambda endpoint: mib(endpoint.peak_of_many.value),
        lambda endpoint: whole_mib(endpoint.peak_of_many.value),
    ),
    Column("Stays after 1, after 11, MiB", "stays", lambda endpoint: ", ".join(map(mib, endpoint.stays))),
    Column("First byte, s", "first", lambda endpoint: time(endpoint.first)),
    Column("Last byte, s", "last", lambda endpoint: time(endpoint.last)),
    Column(
        "Last byte of 10 at once, s",
        "of 10",
        lambda endpoint: f"{endpoint.last_of_many:.2f}",
        lambda endpoint: f"{endpoint.last_of_many:.1f}",
    ),
    Column("Event loop blocked, ms", "blocked", lambda endpoint: whole(1000 * endpoint.blocked)),
)
READERS: tuple[Column[EndpointFigures], ...] = (
    Column("Connection held, s", "held", lambda endpoint: f"{endpoint.held:.2f}"),
    Column("10 at once: connections", None, lambda endpoint: f"{endpoint.many[0]['connections']}"),
    Column("held at the longest, s", None, lambda endpoint: f"{endpoint.many[0]['held']:.2f}"),
    Column("Slow client: waits to be sent, MiB", "waits", lambda endpoint: mib(endpoint.slow["waiting"])),
    Column("connection held, s", "held", lambda endpoint: f"{endpoint.slow['held']:.2f}"),
    Column("Client gone: given back after, s", "back", lambda endpoint: given_back(endpoint)),
)
NOTE = (
    "MiB: of the process, over the warm one. Seconds: the median of eleven requests, one by one; blocked: the longest "
    "time, in milliseconds, that nothing else ran in the event loop."
)


def figures(results: Results) -> Requests:
    return Requests({name: figures_of(name, record) for name, record in results.records.items()}, results.header)


def tables(requests: Requests, new: Container[str]) -> list[Table[Any]]:
    endpoints = [endpoint for name, endpoint in requests.by_name.items() if name in new]
    name: Column[EndpointFigures] = script_column("Endpoint", lambda endpoint: endpoint.scenario)
    return [
        Table("What a request takes", [name, *COLUMNS], endpoints, note=NOTE),
        Table("Connections, a slow client, and one that leaves", [name, *READERS], endpoints),
    ]


def given_back(endpoint: EndpointFigures) -> str:
    """Return after how many seconds a connection was free again."""
    if not endpoint.slow["connections"]:
        return "before"
    return "never" if endpoint.given_back is None else f"{endpoint.given_back:.2f}"


def blocks(requests: Requests) -> dict[str, str]:
    endpoints = requests.by_name.values()
    helpful = [endpoint for endpoint in endpoints if not why_not(endpoint)]
    useless = [endpoint for endpoint in endpoints if why_not(endpoint)]
    name = Column[EndpointFigures]("Endpoint", None, lambda endpoint: linked(endpoint.scenario), text=True)
    return {
        "request": answer(requests),
        "request-environment": environment(requests.header, packages=PACKAGES),
        "requests": Table("", [name, *COLUMNS], helpful).markdown(),
        "requests-fit": fit(requests, helpful),
        "requests-readers": Table("", [name, *READERS], helpful).markdown(),
        "requests-losses": "\n".join(
            f"- {linked(endpoint.scenario)}: you lose {endpoint.scenario.fields['You lose']}" for endpoint in helpful
        ),
        "no-help-for-requests": Table("", [name, *COLUMNS], useless).markdown(),
        "why-not-for-requests": "\n".join(
            f"- **{endpoint.scenario.title}**: {why_not(endpoint)}." for endpoint in useless
        ),
    }


def why_not(endpoint: EndpointFigures) -> str:
    """Return why an endpoint does not help; an empty text, if it does."""
    return endpoint.scenario.fields.get("Why not", "")


def answer(requests: Requests) -> str:
    """Return what a request takes at its peak, how many fit a worker, and for how long one blocks the others."""
    before, after = (requests.by_name[name] for name in (COMMONEST, STREAMED_ARRAY))
    size = f"{requests.header['rows']:,} rows, {mib(before.single[0]['size'])} MiB of JSON"
    return (
        f"For {size}, a list of entities with `response_model` takes **{whole_mib(before.peak)} MiB** at its peak, "
        f"and ten requests at once {whole_mib(before.peak_of_many.value)}. Streamed in batches, one request takes "
        f"**{mib(after.peak)} MiB**, and ten take {mib(after.peak_of_many.value)}. A worker of {WORKER // MIB} MiB has "
        f"memory for {room(before)} of the former at once, for {room(after)} of the latter; the pool has "
        f"connections in time for about {patience(before)}, and for {patience(after)}. The former blocks the event "
        f"loop for {whole(1000 * before.blocked)} ms in one piece, the latter for {whole(1000 * after.blocked)}."
    )


def room(endpoint: EndpointFigures) -> str:
    """Return how many requests at once have room in a worker, as one says it."""
    count = endpoint.fitting()
    return "any number" if count is None else f"{count}"


def patience(endpoint: EndpointFigures) -> str:
    """Return how many requests at once get a connection in time, as one says it."""
    return f"{endpoint.in_time}" if endpoint.in_time < HUNDRED else "hundreds"


def fit(requests: Requests, endpoints: Sequence[EndpointFigures]) -> str:
    """Return how many requests at once memory and the pool allow; warm, the endpoints' processes differ little."""
    warm = median_high(endpoint.warm for endpoint in endpoints)
    short = [endpoint for endpoint in endpoints if endpoint.fitting() is not None]
    few = "".join(f"{endpoint.scenario.short} {room(endpoint)}; " for endpoint in short)
    longest = sorted(endpoints, key=lambda endpoint: endpoint.in_time)
    pooled = "; ".join(f"{endpoint.scenario.short} {patience(endpoint)}" for endpoint in longest)
    return (
        f"**What memory allows at once**, in a worker of {WORKER // MIB} MiB, whose process takes {whole_mib(warm)} "
        f"MiB without any: {few}the others any number, because no more than the pool's {LENT} hold rows. **What the "
        f"pool allows**, which lets none wait for more than {PATIENCE} s: about {pooled}.{crowded(requests)}"
        f"{spread(requests)} On another machine a peak lies within a tenth of these, or a MiB if that is more."
    )


def crowded(requests: Requests) -> str:
    """Return what came of more requests at once than the pool lends connections to."""
    told = [
        f"of {len(load['last']) + load['refused']}, {len(load['last'])} were answered with rows, in "
        f"{whole(max(load['last']))} s, at a peak of {whole_mib(load['peak'])} MiB"
        for load in requests.by_name[COMMONEST].crowds
    ]
    return f" Measured with entities: {'; '.join(told)}." if told else ""


def spread(requests: Requests) -> str:
    """Return how far the runs of ten at once lie apart."""
    runs = {name: [load["peak"] for load in requests.by_name[name].many] for name in (COMMONEST, STREAMED_ARRAY)}
    told = [
        f"{mib(min(peaks))} to {mib(max(peaks))} MiB ({requests.by_name[name].scenario.short})"
        for name, peaks in runs.items()
    ]
    count = len(runs[COMMONEST])
    return f" In {count} runs, ten at once took {' and '.join(told)}." if count > 1 else ""


def charts(requests: Requests) -> dict[str, str]:
    """Return the chart's SVG by its file's name: each endpoint's peaks, of one request and of ten at once."""
    from bench.look import charts as style  # with matplotlib, which `make bench` does without

    endpoints = sorted(requests.by_name.values(), key=lambda endpoint: endpoint.peak_of_many.value)
    single = [max(endpoint.peak / MIB, LEAST_MIB) for endpoint in endpoints]
    many = [max(endpoint.peak_of_many.value / MIB, LEAST_MIB) for endpoint in endpoints]
    positions = range(len(endpoints))
    figure = style.new(8, 6)
    axes = figure.subplots()
    axes.hlines(positions, single, many, color=INK, linewidth=2)
    axes.plot(single, positions, "o", color=LINES[2], markersize=10, label="1 request")
    axes.plot(many, positions, "s", color=LINES[0], markersize=10, label="10 at once")
    axes.set_xscale("log")
    axes.set_xlabel("peak over the warm process, MiB (logarithmic)")
    ticks = [LEAST_MIB, 1, 10, 100, 1000]
    axes.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    axes.set_yticks(positions, [endpoint.scenario.short for endpoint in endpoints])
    axes.minorticks_off()
    axes.grid(axis="x", color=INK, alpha=0.25)
    return {"a-request.svg": style.svg(figure)}
