"""README's first answers: what the cure changes, what to write instead, and what a row costs."""

from bench.look.tables import Column, Table, mib
from bench.studies.costs.figures import Costs, Pair
from bench.studies.costs.tables import changed, changed_time, peak
from bench.studies.relationships.figures import Ways

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
        "`partitions(1000)`, and a loop in the loop",
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
    (
        "psycopg alone",
        "psycopg-alone",
        "`cursor.stream(…)`",
        "run_sync_psycopg",
        "remedies.run_sync_psycopg_stream",
    ),
)
WITH_CHILDREN = "[With children?](docs/relationships.md#joined-or-selectin-and-what-instead)"


def cure(figures: Costs) -> str:
    """Return what batches change, where entities are dropped and where they are kept, and what columns do."""
    rows = figures.header["rows"]
    orm, streamed, kept, columns = (f"{peak(figures[name]):.0f}" for name in (ORM, STREAMED, KEPT, COLUMNS))
    return (
        f"For {rows:,} rows the peak of the process falls **from {orm} to {streamed} MiB**, because a "
        "batch of 1,000 entities is freed once the next one is read. *Keeping* the entities, in a list or a dict, "
        f"gains little: {orm} → {kept} MiB. If you must keep the rows, select their columns: "
        f"{orm} → {columns} MiB."
    )


def answers(figures: Costs, ways: Ways) -> Table[tuple[str, str, Pair]]:
    """Return what to write, and what it changes; the last one is of parents with children."""
    items = [
        (f"[{wanted}](docs/remedies.md#{anchor})", code, figures.pair(before, after))
        for wanted, anchor, code, before, after in ANSWERS
    ]
    joined, streamed = (ways[f"sync_sqlalchemy_session_{name}"].figures for name in ("joined", "selectin_streaming"))
    items.append((WITH_CHILDREN, "`selectinload` with `yield_per`", Pair(joined, streamed, joined.seconds)))
    by_row, by_peak = changed(lambda one: one.per_row, 0), changed(peak, 0)
    columns = [
        Column[tuple[str, str, Pair]]("You want", None, lambda item: item[0], text=True),
        Column[tuple[str, str, Pair]]("Write", None, lambda item: item[1], text=True),
        Column[tuple[str, str, Pair]]("Peak, MiB", None, lambda item: by_peak(item[2])),
        Column[tuple[str, str, Pair]]("Bytes per row", None, lambda item: by_row(item[2])),
        Column[tuple[str, str, Pair]]("Time, s", None, lambda item: changed_time(item[2])),
    ]
    return Table("", columns, items)


def answer(figures: Costs) -> str:
    """Return what a row costs in each layer, and by how much the process grows."""
    driver, core, model, orm = (
        figures[f"run_{name}"]
        for name in (
            "sync_psycopg",
            "sync_sqlalchemy_engine",
            "async_sqlalchemy_engine_pydantic",
            "async_sqlalchemy_session",
        )
    )
    return (
        f"- A row of {wire_bytes(driver.rows):.0f} bytes takes {driver.bare:.0f} bytes as bare Python objects, "
        f"{driver.per_row:.0f} as psycopg's named tuple, {core.per_row:.0f} as a Core row, {model.per_row:.0f} as a "
        f"Pydantic model, and **{orm.per_row:.0f} as an ORM entity**. Its place in the dict that keeps it is counted.\n"
        f"- For {orm.rows:,} rows the process grows by {mib(driver.growth.value)} MiB with psycopg, "
        f"{mib(core.growth.value)} with Core, {mib(model.growth.value)} with Core and models, and "
        f"{mib(orm.growth.value)} with the ORM. psycopg and Core are synchronous here, the others asynchronous.\n"
        f"- Connecting takes {mib(driver.fixed)} MiB more with psycopg and {mib(orm.fixed)} with SQLAlchemy, which "
        "imports psycopg only then. That is a fixed cost, whatever the number of rows."
    )


def wire_bytes(rows: int) -> float:
    """Return the bytes of a row's values as PostgreSQL has them: two integers of 4 bytes, and the text."""
    return 4 + 4 + sum(len(f"hello-{row}") for row in range(rows)) / rows
