"""What a script costs that ran on the whole table and on one of one row, in bytes and seconds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from bench.results import Results
from bench.runs import Process, Spread, checkpoint, growth, kept, seconds
from bench.scripts import Scenario
from bench.turns import Record
from common import FIRST_ROW, IMPORTED, LAST_CHECKPOINT, STARTED, Line

# Who holds memory, as the overview calls them, by the beginning of the instrument's name of the package.
HOLDERS = {
    "psycopg": "psycopg",
    "sqlalchemy.orm": "SQLAlchemy ORM",
    "sqlalchemy": "SQLAlchemy engine",
    "pydantic": "Pydantic",
    "standard library": "standard library",
    "script": "the script itself",
    "<unknown>": "C code without a Python frame",
}


class After(NamedTuple):
    """A checkpoint from the last row on: the growth that is left; and since the last row, the process's and seconds."""

    label: str
    growth: float
    added: float
    seconds: float


@dataclass(frozen=True)
class ScriptCosts:
    """What the tables and charts show of one scenario, in bytes and seconds.

    The `fixed` cost is that of the same script on a table of one row: imports, connecting and the dialect, which each
    stack pays at another moment. It is subtracted from all that is below it. `values` are the bytes of
    a row's values as Python objects, on average.
    """

    scenario: Scenario
    rows: int
    console: str
    lines: Sequence[Line]
    values: float
    # On the whole table, as the original has it.
    process_while_traced: int
    tracer: int
    process: Spread
    total: int
    by_holder: Mapping[str, int]
    # The fixed cost: the imports, and what comes after them.
    imports: float
    fixed: float
    fixed_seconds: float
    # Without it.
    per_row: float
    growth: Spread
    peak: Spread
    seconds: Spread
    # What it is compared with, run in turns with it.
    seconds_compared: Spread | None
    python: int
    native: int | None
    python_by_holder: Mapping[str, int]
    first_row: int
    first_row_process: Spread
    after_use: Sequence[After]

    @property
    def multiple(self) -> float:
        """Traced bytes per row as a multiple of the values'."""
        return self.per_row / self.values

    @property
    def rest(self) -> float | None:
        """What neither instrument sees of the growth: slack of the allocators."""
        return None if self.native is None else self.growth.value - self.python - self.native

    @property
    def native_per_row(self) -> float | None:
        """Bytes per row that no Python object has: what `malloc` holds, as memray sees it."""
        return None if self.native is None else self.native / (self.rows - 1)

    @property
    def goes_on(self) -> bool:
        """Whether the script shows what is left after the rows' use."""
        return len(self.after_use) > 1

    @property
    def tracing_adds(self) -> float:
        """What the process has more while tracemalloc runs."""
        return self.process_while_traced - self.process.value

    @property
    def holders(self) -> dict[str, float]:
        """The growth of the process, by who holds it."""
        listed = sum(self.python_by_holder.values())
        return {
            **self.python_by_holder,
            "freed before the list": max(0, self.python - listed),
            "native (malloc)": self.native or 0,
            "rest": max(0.0, self.growth.value - max(self.python, listed) - (self.native or 0)),
        }


def costs_by_name(results: Results) -> dict[str, ScriptCosts]:
    """Return what each script costs; their values count where they are told apart from the rest."""
    header = results.header
    fixed = {name: fixed_seconds(record) for name, record in results.records.items()}
    return {
        name: costs_of(Scenario(name), record, header["rows"], header["values"] / header["rows"], fixed)
        for name, record in results.records.items()
    }


def costs_of(scenario: Scenario, record: Record, rows: int, values: float, fixed: Mapping[str, float]) -> ScriptCosts:
    """Return what a script costs; `values` are the bytes of one row's, `fixed` all scripts' fixed seconds."""
    whole, single = record["all_rows"], record["one_row"]
    traced, traced_fixed = whole["traced"], single["traced"]

    def growing(figure: Callable[[Process], float]) -> Spread:
        subtracted = median(map(figure, single["untraced"]))
        return Spread.of([figure(process) - subtracted for process in whole["untraced"]])

    def traced_at(label: str) -> int:
        return checkpoint(traced, label)["traced"] - checkpoint(traced_fixed, label)["traced"]

    holders, fixed_holders = by_holder(whole["packages"]), by_holder(single["packages"])
    return ScriptCosts(
        scenario=scenario,
        rows=rows,
        console=record["console"],
        lines=record["lines"],
        values=values,
        process_while_traced=checkpoint(traced, LAST_CHECKPOINT)["rss"],
        tracer=checkpoint(traced, LAST_CHECKPOINT)["tracer"],
        process=Spread.of(list(map(rss(LAST_CHECKPOINT), whole["untraced"]))),
        total=whole["total"],
        by_holder=holders,
        imports=median(rss(IMPORTED)(process) - rss(STARTED)(process) for process in single["untraced"]),
        fixed=median(map(growth, single["untraced"])),
        fixed_seconds=fixed_seconds(record),
        per_row=(kept(traced) - kept(traced_fixed)) / (rows - 1),
        growth=growing(growth),
        peak=growing(lambda process: process["peak_rss"]),
        seconds=growing(seconds),
        seconds_compared=seconds_compared(scenario, record, fixed),
        python=traced_at(LAST_CHECKPOINT),
        native=whole["native"]["native"] - single["native"]["native"] if whole["native"] and single["native"] else None,
        python_by_holder={name: max(0, size - fixed_holders.get(name, 0)) for name, size in holders.items()},
        first_row=traced_at(FIRST_ROW),
        first_row_process=growing(rss(FIRST_ROW)),
        after_use=[
            After(label, growing(rss(label)).value, *since_last(whole["untraced"], label))
            for label in labels_from_last_row(traced)
        ],
    )


def rss(label: str) -> Callable[[Process], int]:
    """Return what tells the resident set size of a process at a checkpoint, in bytes."""
    return lambda process: checkpoint(process, label)["rss"]


def labels_from_last_row(process: Process) -> list[str]:
    labels = [point["label"] for point in process["checkpoints"]]
    return labels[labels.index(LAST_CHECKPOINT) :]


def since_last(processes: Sequence[Process], label: str) -> tuple[float, float]:
    """Return by how many bytes processes grew from the last row to a checkpoint, and in how many seconds; medians."""
    points = [(checkpoint(process, LAST_CHECKPOINT), checkpoint(process, label)) for process in processes]
    added = median(after["rss"] - last["rss"] for last, after in points)
    return added, median(after["seconds"] - last["seconds"] for last, after in points)


def seconds_compared(scenario: Scenario, record: Record, fixed: Mapping[str, float]) -> Spread | None:
    """Return the seconds of what a script is compared with, measured in turns with it, if they were."""
    compared = scenario.compared_with
    if not compared or compared.name not in fixed or not record["compared"]:
        return None
    return Spread.of([took - fixed[compared.name] for took in record["compared"]])


def fixed_seconds(record: Record) -> float:
    """Return the seconds after the imports that a script takes for one row."""
    return median(map(seconds, record["one_row"]["untraced"]))


def by_holder(packages: Mapping[str, int]) -> dict[str, int]:
    """Return the sizes by what the overview calls their holder, largest first."""
    sizes: dict[str, int] = {}
    for package, size in packages.items():
        holder = next((name for prefix, name in HOLDERS.items() if package.startswith(prefix)), "other")
        sizes[holder] = sizes.get(holder, 0) + size
    return dict(sorted(sizes.items(), key=lambda holder: -holder[1]))


def stored_bytes(rows: int) -> float:
    """Return the bytes of a row of table data in PostgreSQL, without its header: two integers of 4, and the text."""
    return 4 + 4 + sum(len(f"hello-{row}") for row in range(rows)) / rows
