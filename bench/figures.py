"""The figures of a script that ran on the whole table and on one of one row, in bytes and seconds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, NamedTuple

from bench.runs import Line, Process, Spread, checkpoint, growth, kept, seconds
from bench.scripts import Scenario
from bench.turns import Record
from common import FIRST_ROW, IMPORTED, LAST_CHECKPOINT, STARTED

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
class Figures:
    """What the tables and charts show of one scenario, in bytes and seconds.

    The `fixed` cost is that of the same script on a table of one row: imports, connecting and the dialect, which each
    stack pays at another moment. It is subtracted from all that is below it.
    """

    scenario: Scenario
    rows: int
    console: str
    lines: Sequence[Line]
    bare: float
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
        """Traced bytes per row as a multiple of the bare data's."""
        return self.per_row / self.bare

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


def of(scenario: Scenario, record: Record, rows: int, bare: int, fixed: Mapping[str, float]) -> Figures:
    """Return the figures of a script; `bare` are the bytes of all bare values, `fixed` all scripts' fixed seconds."""
    every, one = record["all_rows"], record["one_row"]
    traced, traced_fixed = every["traced"], one["traced"]

    def growing(figure: Callable[[Process], float]) -> Spread:
        subtracted = median(map(figure, one["untraced"]))
        return Spread.of([figure(process) - subtracted for process in every["untraced"]])

    def rss(label: str) -> Callable[[Process], int]:
        return lambda process: checkpoint(process, label)["rss"]

    def since_last(key: Literal["rss", "seconds"], label: str) -> float:
        points = ((checkpoint(one, label), checkpoint(one, LAST_CHECKPOINT)) for one in every["untraced"])
        return median(after[key] - last[key] for after, last in points)

    def traced_at(label: str) -> int:
        return checkpoint(traced, label)["traced"] - checkpoint(traced_fixed, label)["traced"]

    holders, fixed_holders = by_holder(every["packages"]), by_holder(one["packages"])
    labels = [point["label"] for point in traced["checkpoints"]]
    compared = scenario.compared_with
    before = [took - fixed[compared.name] for took in record["compared"]] if compared and compared.name in fixed else []
    return Figures(
        scenario=scenario,
        rows=rows,
        console=record["console"],
        lines=record["lines"],
        bare=bare / rows,
        process_while_traced=checkpoint(traced, LAST_CHECKPOINT)["rss"],
        tracer=checkpoint(traced, LAST_CHECKPOINT)["tracer"],
        process=Spread.of([rss(LAST_CHECKPOINT)(process) for process in every["untraced"]]),
        total=every["total"],
        by_holder=holders,
        imports=median(rss(IMPORTED)(process) - rss(STARTED)(process) for process in one["untraced"]),
        fixed=median(map(growth, one["untraced"])),
        fixed_seconds=fixed_seconds(record),
        per_row=(kept(traced) - kept(traced_fixed)) / (rows - 1),
        growth=growing(growth),
        peak=growing(lambda process: process["peak_rss"]),
        seconds=growing(seconds),
        seconds_compared=Spread.of(before) if before else None,
        python=traced_at(LAST_CHECKPOINT),
        native=every["native"]["native"] - one["native"]["native"] if every["native"] and one["native"] else None,
        python_by_holder={name: max(0, size - fixed_holders.get(name, 0)) for name, size in holders.items()},
        first_row=traced_at(FIRST_ROW),
        first_row_process=growing(rss(FIRST_ROW)),
        after_use=[
            After(label, growing(rss(label)).value, since_last("rss", label), since_last("seconds", label))
            for label in labels[labels.index(LAST_CHECKPOINT) :]
        ],
    )


def fixed_seconds(record: Record) -> float:
    """Return the seconds after the imports that a script takes for one row."""
    return median(map(seconds, record["one_row"]["untraced"]))


def by_holder(packages: Mapping[str, int]) -> dict[str, int]:
    """Return the sizes by what the overview calls their holder, largest first."""
    sizes: dict[str, int] = {}
    for package, size in packages.items():
        holder = next((name for prefix, name in HOLDERS.items() if package.startswith(prefix)), "other")
        sizes[holder] = sizes.get(holder, 0) + size
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))
