"""One scenario's figures, in bytes and seconds, made of what is stored of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from runner.results import Part, Parts
from runner.runs import Run, Spread, checkpoint, grown, kept
from runner.scenarios import FIRST_ROW, IMPORTED, LAST_CHECKPOINT, STARTED, Scenario

# The packages as the overview calls them, by the beginning of the instrument's name.
SOURCES = {
    "psycopg": "psycopg",
    "sqlalchemy.orm": "SQLAlchemy ORM",
    "sqlalchemy": "SQLAlchemy engine",
    "pydantic": "Pydantic",
    "standard library": "standard library",
    "script": "the script itself",
    "<unknown>": "C code without a Python frame",
}


@dataclass(frozen=True)
class Figures:
    """What the tables and charts show of one scenario, in bytes and seconds.

    What is `for the rows` is the difference to the same script on a table of one row, so that imports, connecting and
    the dialect, which each stack pays at another moment, are not in it. What is paid `once` is that script's.
    """

    scenario: Scenario
    rows: int
    bare: float
    # On the whole table, as the original has it.
    traced_process: int
    tracer: int
    untraced_process: Spread
    total: int
    by_source: dict[str, int]
    # Paid once: what comes after the imports.
    once: float
    once_seconds: float
    # Paid once, too: the imports.
    imports: float
    # For the rows.
    per_row: float
    growth: Spread
    peak: Spread
    seconds: Spread
    python: int
    native: int | None
    python_by_source: dict[str, int]
    first_row: int
    first_row_process: Spread
    after_use: list[tuple[str, float]]

    @property
    def multiple(self) -> float:
        """Traced bytes per row as a multiple of the bare data's."""
        return self.per_row / self.bare

    @property
    def rest(self) -> float | None:
        """What neither instrument sees of the growth for the rows: slack of the allocators."""
        return None if self.native is None else self.growth.value - self.python - self.native

    @property
    def native_per_row(self) -> float | None:
        """Bytes per row that no Python object has: what `malloc` holds, as memray sees it."""
        return None if self.native is None else self.native / (self.rows - 1)

    @property
    def tracing_adds(self) -> float:
        """What the process has more while tracemalloc runs."""
        return self.traced_process - self.untraced_process.value

    @property
    def parts(self) -> dict[str, float]:
        """The growth of the process for the rows, by who holds it."""
        listed = sum(self.python_by_source.values())
        return self.python_by_source | {
            "freed before the list": max(0, self.python - listed),
            "native (malloc)": self.native or 0,
            "rest": max(0.0, self.growth.value - max(self.python, listed) - (self.native or 0)),
        }


def of_all(parts: Parts) -> dict[str, Figures]:
    """Return the figures by the scenario's name."""
    return {name: of(name, part) for name, part in parts.items()}


def of(name: str, part: Part) -> Figures:
    """Return one scenario's figures."""
    whole, once = part["whole"], part["once"]
    traced, once_traced = whole["traced"], once["traced"]

    def for_the_rows(figure: Callable[[Run], float]) -> Spread:
        paid_once = median(map(figure, once["untraced"]))
        return Spread.of([figure(run) - paid_once for run in whole["untraced"]])

    def at(label: str) -> Callable[[Run], float]:
        return lambda run: float(checkpoint(run, label)["rss"])

    def traced_at(label: str) -> int:
        return int(checkpoint(traced, label)["traced"] - checkpoint(once_traced, label)["traced"])

    sources, once_sources = by_source(whole["packages"]), by_source(once["packages"])
    labels = [point["label"] for point in traced["checkpoints"]]
    return Figures(
        scenario=Scenario(name),
        rows=part["rows"],
        bare=part["bare"] / part["rows"],
        traced_process=checkpoint(traced, LAST_CHECKPOINT)["rss"],
        tracer=checkpoint(traced, LAST_CHECKPOINT)["tracer"],
        untraced_process=Spread.of([at(LAST_CHECKPOINT)(run) for run in whole["untraced"]]),
        total=whole["total"],
        by_source=sources,
        once=median(grown(run, "rss") for run in once["untraced"]),
        once_seconds=median(grown(run, "seconds") for run in once["untraced"]),
        imports=median(at(IMPORTED)(run) - at(STARTED)(run) for run in once["untraced"]),
        per_row=(kept(traced) - kept(once_traced)) / (part["rows"] - 1),
        growth=for_the_rows(lambda run: grown(run, "rss")),
        peak=for_the_rows(lambda run: run["peak_rss"]),
        seconds=for_the_rows(lambda run: grown(run, "seconds")),
        python=traced_at(LAST_CHECKPOINT),
        native=whole["native"] and whole["native"]["native"] - once["native"]["native"],
        python_by_source={source: max(0, size - once_sources.get(source, 0)) for source, size in sources.items()},
        first_row=traced_at(FIRST_ROW),
        first_row_process=for_the_rows(at(FIRST_ROW)),
        after_use=[(label, for_the_rows(at(label)).value) for label in labels[labels.index(LAST_CHECKPOINT) :]],
    )


def by_source(packages: Mapping[str, int]) -> dict[str, int]:
    """Return the sizes by what the overview calls their source, largest first."""
    sizes: dict[str, int] = {}
    for package, size in packages.items():
        source = next((name for prefix, name in SOURCES.items() if package.startswith(prefix)), "other")
        sizes[source] = sizes.get(source, 0) + size
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))
