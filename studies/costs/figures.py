"""One scenario's figures, in bytes and seconds, made of what is stored of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from measure.results import Part, Parts
from measure.runs import Spread, checkpoint, grown, kept
from measure.scenarios import FIRST_ROW, LAST_CHECKPOINT, Scenario

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
    """What the tables and charts show of one scenario, in bytes and seconds."""

    scenario: Scenario
    rows: int
    traced_process: int
    untraced_process: Spread
    total: int
    by_source: dict[str, int]
    growth: Spread
    peak: Spread
    per_row: float
    bare: float
    python: int
    native: int | None
    seconds: Spread
    first_row: int
    first_row_process: Spread
    after_use: Spread

    @property
    def multiple(self) -> float:
        """Traced bytes per row as a multiple of the bare data's."""
        return self.per_row / self.bare

    @property
    def rest(self) -> float | None:
        """What neither instrument sees of the growth: slack of the allocators, pages of libraries."""
        return None if self.native is None else self.growth.value - self.python - self.native

    @property
    def tracing_adds(self) -> float:
        """What tracemalloc's own tables add to the process."""
        return self.traced_process - self.untraced_process.value

    @property
    def parts(self) -> dict[str, float]:
        """The growth of the process by who holds it."""
        held = max(self.python, self.total) + (self.native or 0)
        return self.by_source | {
            "freed before the list": max(0, self.python - self.total),
            "native (malloc)": self.native or 0,
            "rest": max(0.0, self.growth.value - held),
        }


def of_all(parts: Parts) -> dict[str, Figures]:
    """Return the figures by the scenario's name."""
    return {name: of(name, part) for name, part in parts.items()}


def of(name: str, part: Part) -> Figures:
    """Return one scenario's figures."""
    traced, untraced = part["traced"], part["untraced"]

    def process(label: str) -> Spread:
        return Spread.of([checkpoint(run, label)["rss"] for run in untraced])

    return Figures(
        scenario=Scenario(name),
        rows=part["rows"],
        traced_process=checkpoint(traced, LAST_CHECKPOINT)["rss"],
        untraced_process=process(LAST_CHECKPOINT),
        total=part["total"],
        by_source=by_source(part["packages"]),
        growth=Spread.of([grown(run, "rss") for run in untraced]),
        peak=Spread.of([run["peak_rss"] for run in untraced]),
        per_row=kept(traced) / part["rows"],
        bare=part["bare"] / part["rows"],
        python=checkpoint(traced, LAST_CHECKPOINT)["traced"],
        native=part["native"] and part["native"]["native"],
        seconds=Spread.of([grown(run, "seconds") for run in untraced]),
        first_row=checkpoint(traced, FIRST_ROW)["traced"],
        first_row_process=process(FIRST_ROW),
        after_use=Spread.of([run["checkpoints"][-1]["rss"] for run in untraced]),
    )


def by_source(packages: Mapping[str, int]) -> dict[str, int]:
    """Return the sizes by what the overview calls their source, largest first."""
    sizes: dict[str, int] = {}
    for package, size in packages.items():
        source = next((name for prefix, name in SOURCES.items() if package.startswith(prefix)), "other")
        sizes[source] = sizes.get(source, 0) + size
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))
