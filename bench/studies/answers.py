"""What several studies answer together: README's first answers, and the prices that the calculator reckons with."""

from operator import itemgetter

from bench.look.tables import Column, Table, mib, time, whole, whole_mib
from bench.studies.costs.pairs import Costs, Pair
from bench.studies.costs.tables import changed, changed_time, peak
from bench.studies.relationships.ways import Ways
from bench.studies.requests.endpoints import Requests
from bench.studies.requests.serving import COMMONEST, STREAMED_ARRAY
from bench.studies.script_costs import stored_bytes
from bench.studies.worker.figures import WorkerFigures
from bench.studies.worker.less import COUNT
from bench.studies.worker.page import ONE_ENTRY, prices
from bench.studies.writing.ways import WaysToWrite

ORM = "run_sync_sqlalchemy_session"
STREAMED = "remedies.run_sync_sqlalchemy_session_streaming"
KEPT = "remedies.run_sync_sqlalchemy_session_yield_per"
COLUMNS = "remedies.run_sync_sqlalchemy_session_columns_yield_per"
# What one wants, where its code is, what to write in short, and which scripts measure it, before and after.
ANSWERS = (
    ("entities, one by one", "entities-one-by-one", "`yield_per`, as above", ORM, STREAMED),
    ("entities, all kept", "entities-one-by-one", "the same, and keep each `row`", ORM, KEPT),
    ("values only", "values-only", "`select(DbModel.id, …)` with `yield_per`", ORM, COLUMNS),
    (
        "faster asyncio",
        "entities-one-by-one",
        "`async for batch in result.partitions(1000)`, and `for row in batch` in it",
        "run_async_sqlalchemy_engine",
        "remedies.run_async_sqlalchemy_engine_partitions",
    ),
    (
        "models from entities",
        "models-from-entities",
        "`model_validate` in the loop",
        "remedies.run_sync_sqlalchemy_session_pydantic",
        "remedies.run_sync_sqlalchemy_session_pydantic_batches",
    ),
    (
        "lighter models",
        "lighter-models",
        "Pydantic's `dataclass` with slots",
        "run_async_sqlalchemy_engine_pydantic",
        "remedies.run_async_sqlalchemy_engine_pydantic_dataclass",
    ),
    ("psycopg alone", "psycopg-alone", "`cursor.stream(…)`", "run_sync_psycopg", "remedies.run_sync_psycopg_stream"),
)
# What one wants, the peak in MiB, the bytes per row and the seconds, each before → after, and what to write.
Answer = tuple[str, str, str, str, str]
TITLES = ("You want", "Peak, MiB", "Bytes per row", "Time, s", "Write")


def blocks(costs: Costs, ways: Ways, requests: Requests, writing: WaysToWrite, worker: WorkerFigures) -> dict[str, str]:
    return {
        "cure": cure(costs, writing),
        "answer": answer(costs),
        "answers": answers(costs, ways, requests, writing, worker).markdown(),
        "legend": legend(costs),
        "worker-prices": prices(worker, requests),
    }


def charts(requests: Requests, worker: WorkerFigures) -> dict[str, str]:
    from bench.studies.worker import chart  # with matplotlib, which `make bench` does without

    return chart.of(worker, requests)


def cure(costs: Costs, writing: WaysToWrite) -> str:
    rows = costs.header["rows"]
    orm, streamed, kept, columns = (whole(peak(costs[name])) for name in (ORM, STREAMED, KEPT, COLUMNS))
    _, written, *_ = into_a_table(writing)
    return (
        f"For {rows:,} rows the peak of the process falls **from {orm} to {streamed} MiB**, because a "
        "batch of 1,000 entities is freed once the next one is read. *Keeping* the entities, in a list or a dict, "
        f"gains little: {orm} → {kept} MiB. If you must keep the rows, select their columns: "
        f"{orm} → {columns} MiB. *Writing* rows? By `copy` of a generator instead of `add_all`: {written} MiB, "
        "[by this code](docs/writing.md)."
    )


def legend(costs: Costs) -> str:
    orm, asynchronous = costs[ORM], costs["run_async_sqlalchemy_session"]
    return (
        "Before → after. `±` marks a time whose runs lie more than 10 % apart. A MiB is one of the process, and for "
        "the rows alone: the fixed cost (the same script on a table of one row) is subtracted everywhere on these "
        f"pages, unless they say otherwise. So the ORM's script has a *peak* of {whole(peak(orm))} MiB, and its "
        f"*growth*, what is left of that at the last row, is {whole_mib(orm.growth.value)} "
        f"({whole_mib(asynchronous.growth.value)} with asyncio). Its whole process takes "
        f"{whole_mib(orm.process.value)} by then, and {whole_mib(orm.process_while_traced)} while tracemalloc runs."
    )


def answers(costs: Costs, ways: Ways, requests: Requests, writing: WaysToWrite, worker: WorkerFigures) -> Table[Answer]:
    """Return what to write, and what it changes; the last ones are of children, responses, writing and a worker."""
    rows = [
        of_pair(f"[{wanted}](docs/remedies.md#{anchor})", code, costs.pair(before, after))
        for wanted, anchor, code, before, after in ANSWERS
    ]
    rows += [with_children(ways), into_a_response(requests), into_a_table(writing), before_the_first_row(worker)]
    columns = [
        Column[Answer](title, None, itemgetter(place), text=place in (0, 4)) for place, title in enumerate(TITLES)
    ]
    return Table("", columns, rows)


def of_pair(wanted: str, code: str, pair: Pair) -> Answer:
    by_peak, by_row = changed(peak, 0), changed(lambda script: script.per_row, 0)
    return wanted, by_peak(pair), by_row(pair), changed_time(pair), code


def with_children(ways: Ways) -> Answer:
    joined, streamed = (ways[f"sync_sqlalchemy_session_{name}"].costs for name in ("joined", "selectin_streaming"))
    wanted = "[With children?](docs/relationships.md#joined-or-selectin-and-what-instead)"
    return of_pair(wanted, "`selectinload` with `yield_per`", Pair(joined, streamed, joined.seconds))


def into_a_response(requests: Requests) -> Answer:
    """Return what streaming changes in an endpoint. What a row takes there was not measured."""
    endpoints = [requests.by_name[name] for name in (COMMONEST, STREAMED_ARRAY)]
    peaks = " → ".join(whole_mib(endpoint.peak) for endpoint in endpoints)
    times = " → ".join(time(endpoint.last) for endpoint in endpoints)
    return "[And into a response?](docs/a-request.md)", peaks, "", times, "`StreamingResponse`, batch by batch"


def into_a_table(writing: WaysToWrite) -> Answer:
    """Return what `copy` changes where rows are written. Its bytes are those of a row at the peak."""
    before, after = writing["sync_sqlalchemy_session_add_all"], writing["sync_psycopg_copy"]
    peaks = " → ".join(whole_mib(way.costs.peak.value) for way in (before, after))
    sizes = " → ".join(whole(way.peak) for way in (before, after))
    times = " → ".join(time(way.seconds) for way in (before, after))
    return "[And into a table?](docs/writing.md)", peaks, sizes, times, "`copy` of a generator"


def before_the_first_row(worker: WorkerFigures) -> Answer:
    """Return what the largest saving changes of a worker."""
    sizes = " → ".join(map(whole_mib, worker.saving(ONE_ENTRY)))
    return (
        "[Before the first row?](docs/a-worker.md)",
        sizes,
        "",
        "",
        f"`in_(…)` in place of `or_(…)` of {COUNT} lengths",
    )


def answer(costs: Costs) -> str:
    driver, core, model, orm = (
        costs[f"run_{name}"]
        for name in (
            "sync_psycopg",
            "sync_sqlalchemy_engine",
            "async_sqlalchemy_engine_pydantic",
            "async_sqlalchemy_session",
        )
    )
    return (
        f"- A row's values have {whole(stored_bytes(driver.rows))} bytes in PostgreSQL. As Python objects, they take "
        f"{whole(driver.values)}. With its values, it takes {whole(driver.per_row)} bytes as psycopg's named tuple, "
        f"{whole(core.per_row)} as a Core row, {whole(model.per_row)} as a Pydantic model, and "
        f"**{whole(orm.per_row)} as an ORM entity**. Its place in the dict that keeps it is counted.\n"
        f"- For {orm.rows:,} rows the process grows by {mib(driver.growth.value)} MiB with psycopg, "
        f"{mib(core.growth.value)} with Core, {mib(model.growth.value)} with Core and models, and "
        f"{mib(orm.growth.value)} with the ORM. psycopg and Core are synchronous here, the others asynchronous.\n"
        f"- Connecting takes {mib(driver.fixed)} MiB more with psycopg and {mib(orm.fixed)} with SQLAlchemy, which "
        "imports psycopg only then. That is a fixed cost, whatever the number of rows."
    )
