"""What the page shows of the ways to write rows."""

from collections.abc import Callable, Container, Sequence
from typing import Any

from bench.look.blocks import environment, linked, losses
from bench.look.colours import INK, LINES
from bench.look.tables import Column, Table, deviation, mib, script_column, time, whole, whole_mib
from bench.results import Results
from bench.scripts import CHANGES, INSERTS, UPSERTS, WRITING, Scenario
from bench.studies.costs.tables import of_times
from bench.studies.writing import ways as ways_of
from bench.studies.writing.measure import AT_ONCE, FLAT, OF_COLUMNS, UNSEEN
from bench.studies.writing.ways import Crossed, WaysToWrite, WayToWrite

NAMES = tuple(scenario.name for scenario in WRITING)
BATCH = 1_000
RETURNING = "executemany_returning"


def figures(results: Results) -> WaysToWrite:
    return ways_of.ways(results)


def crossing(figure: Callable[[Crossed], str]) -> Callable[[WayToWrite], str]:
    return lambda way: figure(way.crossed) if way.crossed else "not counted"


COLUMNS: tuple[Column[WayToWrite], ...] = (
    Column("Peak, bytes per row", "peak", lambda way: whole(way.peak)),
    Column("Kept, bytes per row", "kept", lambda way: whole(way.costs.per_row)),
    Column("Peak of the process, MiB", "peak MiB", lambda way: mib(way.costs.peak.value)),
    Column("Time, s", "s", lambda way: time(way.seconds)),
    Column("Statements", "stmts", crossing(lambda crossed: f"{crossed.statements:,}")),
    Column("MiB sent", "sent", crossing(lambda crossed: mib(crossed.sent))),
    Column("MiB received", None, crossing(lambda crossed: mib(crossed.received))),
)


def tables(ways: WaysToWrite, new: Container[str]) -> list[Table[Any]]:
    shown = [way for name, way in ways.by_name.items() if name in new]
    if not shown:
        return []
    note = (
        "peak, kept: traced bytes for each row. peak MiB: of the process. stmts: without BEGIN, COMMIT and connecting. "
        f"What the script takes for one row is subtracted. {of_times([way.costs for way in shown])}"
    )
    name: Column[WayToWrite] = script_column("Way to write", lambda way: way.scenario)
    return [Table(f"What {ways.header['rows']:,} rows cost on their way in", [name, *COLUMNS], shown, note=note)]


def blocks(ways: WaysToWrite) -> dict[str, str]:
    return {
        "writing-answer": answer(ways),
        "writing-environment": environment(ways.header),
        "writing": of_group(ways, INSERTS),
        "writing-upserts": of_group(ways, UPSERTS),
        "writing-changes": of_group(ways, CHANGES),
        "writing-growth": growth(ways[FLAT.removeprefix("writing.run_")]),
        "writing-overheads": overheads(ways),
        "writing-prediction": prediction(ways),
        "writing-losses": losses(one for one in WRITING if one.name in ways.by_name and "You lose" in one.fields),
        "writing-useless": "\n".join(f"- **{one.title}**: {one.fields['Why not']}" for one in WRITING if useless(one)),
    }


def useless(scenario: Scenario) -> bool:
    return "Why not" in scenario.fields


def of_group(ways: WaysToWrite, group: Sequence[Scenario]) -> str:
    name = Column[WayToWrite]("Way to write", None, lambda way: linked(way.scenario), text=True)
    shown = [ways.by_name[scenario.name] for scenario in group if scenario.name in ways.by_name]
    return Table("", [name, *COLUMNS], shown).markdown()


def answer(ways: WaysToWrite) -> str:
    add_all, flush, commit, insert, batches, text = (
        ways[f"sync_sqlalchemy_{name}"]
        for name in (
            *("session_add_all", "session_flush_alone", "session_commit"),
            *("session_insert", "session_insert_batches", "engine_text"),
        )
    )
    copy, returning, in_batches, upsert, values = (
        *(ways[f"sync_psycopg_{name}"] for name in ("copy", RETURNING, f"{RETURNING}_batches", "upsert_copy")),
        ways["sync_sqlalchemy_engine_upsert_values"],
    )
    return (
        f"- **`copy`** of {ways.header['rows']:,} rows has a peak of {mib(copy.costs.peak.value)} MiB, and "
        f"`add_all` one of {peak(add_all)}: {whole(copy.peak)} bytes for each row, and {whole(add_all.peak)}.\n"
        f"- **ORM bulk insert** has a peak of {peak(insert)} MiB with all rows at once, and of "
        f"{mib(batches.costs.peak.value)} in batches of 1,000.\n"
        f"- **Is flush enough?** Yes, where you hold no entity: {peak(add_all)} → {mib(flush.costs.peak.value)} MiB. "
        f"**Does commit free it?** As a flush does: {mib(commit.costs.peak.value)} MiB.\n"
        f"- **An upsert with thousands of parameters** has a peak of {peak(values)} MiB, and from a table that `copy` "
        f"has filled, one of {mib(upsert.costs.peak.value)}.\n"
        f"- **Psycopg's `executemany` with `returning=True`** has a peak of {peak(returning)} MiB with all rows "
        f"at once, and of {mib(in_batches.costs.peak.value)} in batches of 1,000.\n"
        f"- **`text()` with a placeholder for each value** has one of {peak(text)} MiB, and keeps "
        f"{mib(text.costs.per_row * text.costs.rows)} in the statement cache."
    )


def peak(way: WayToWrite) -> str:
    """Return the growth of the process's peak, in MiB."""
    return whole_mib(way.costs.peak.value)


def growth(copy: WayToWrite) -> str:
    steps = ", ".join(f"{mib(size)} MiB for {rows:,} rows" for rows, size in copy.peaks.items())
    return f"By `copy` of a generator, the peak of the process is {steps}."


def overheads(ways: WaysToWrite) -> str:
    """Return the bytes of a row in flight beside its values, by the number of columns."""

    def column(name: str, title: str) -> Column[str]:
        return Column(title, None, lambda count: whole(ways.by_name[name].overhead(count)))

    columns = [Column[str]("Columns", None, str), *(column(name, f"`{way}`") for name, way in AT_ONCE.items())]
    return Table("", columns, list(OF_COLUMNS)).markdown()


def prediction(ways: WaysToWrite) -> str:
    def column(name: str) -> Column[str]:
        def cell(table: str) -> str:
            way = ways.by_name[name]
            foreseen, measured = way.predicted(table), way.in_flight[table]
            return f"{whole(foreseen)}; {whole(measured)}; {deviation(foreseen / measured - 1)}"

        return Column(f"`{AT_ONCE[name]}`", None, cell)

    table = Column[str]("Table", None, lambda table: f"`{table}`, {len(UNSEEN[table])} columns", text=True)
    made = Table("", [table, *map(column, AT_ONCE)], list(UNSEEN)).markdown()
    return f"Bytes per row: predicted; measured; deviation.\n\n{made}"


def charts(ways: WaysToWrite) -> dict[str, str]:
    """Return the chart's SVG by its file's name: the peak of each way, in bytes for each row."""
    from bench.look import charts as style  # with matplotlib, which `make bench` does without

    shown = sorted(ways.by_name.values(), key=lambda way: -way.peak)
    figure = style.new(6.6, 11)
    axes = figure.subplots()
    sizes = [max(way.peak, 1) for way in shown]
    axes.barh(range(len(shown)), sizes, color=LINES[0], height=0.65, left=1)
    for place, size in enumerate(sizes):
        style.beside(axes, (size + 1, place), whole(size), 5)
    axes.set_yticks(range(len(shown)), [way.scenario.short for way in shown])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlim(1, 6 * max(sizes))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("traced bytes for each row at the peak (logarithmic)")
    axes.grid(axis="x", color=INK, alpha=0.25)
    return {"writing.svg": style.svg(figure)}
