"""What was measured, scenario by scenario: made of runs, stored in `results/`, and turned into figures.

A file holds the runs, the machine, the versions, the date, the hashes of the files that decide the result, and a hash
of its own content, so that an edit by hand is noticed.
"""

from errors import UserError

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from report.measure import Measurement
from report.scenarios import FIRST_ROW, IMPORTED, LAST_CHECKPOINT, PROJECT, Scenario

Record = dict[str, Any]

SCHEMA = 1
RESULTS = PROJECT / "results"
# A line below this many bytes is told by its package only.
SMALLEST_LINE = 100_000

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


def record(measurement: Measurement) -> Record:
    """Return what `results/` keeps of one scenario's measurement."""
    typical = sorted(measurement.traced, key=lambda run: checkpoint(run, LAST_CHECKPOINT)["rss"])[
        len(measurement.traced) // 2
    ]
    return {
        **header(measurement.scenario.sources),
        "scenario": measurement.scenario.name,
        "versions": typical["versions"],
        "rows": typical["rows"],
        "bare": bare_data(typical["rows"]),
        "total": sum(line["size"] for line in typical["lines"]),
        "packages": dict(sorted(typical["packages"].items(), key=lambda item: -item[1])),
        "lines": [line for line in typical["lines"] if line["size"] >= SMALLEST_LINE],
        "native": measurement.native and {key: measurement.native[key] for key in ("python", "native", "traced")},
        "traced": [_kept(run) for run in measurement.traced],
        "untraced": [_kept(run) for run in measurement.untraced],
        "console": typical["console"],
    }


def _kept(run: Record) -> Record:
    return {"checkpoints": run["checkpoints"], "peak_rss": run["peak_rss"]}


def checkpoint(run: Record, label: str) -> Record:
    """Return one run's checkpoint of that label, in bytes and seconds."""
    found: Record = next(point for point in run["checkpoints"] if point["label"] == label)
    return found


def machine() -> Record:
    """Return what of this machine matters to a figure; `memory` in bytes."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "cores": os.cpu_count(),
        "memory": psutil.virtual_memory().total,
    }


def header(sources: Iterable[Path]) -> Record:
    """Return what every result begins with; `sources` are the files that decide it, below the project's folder."""
    return {
        "schema": SCHEMA,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "sources": {source.as_posix(): _hash((PROJECT / source).read_bytes()) for source in sources},
    }


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def bare_data(rows: int) -> int:
    """Return the bytes of the values themselves as Python objects: the id and the text of every row.

    `num` has at most 200 values, all of them integers that the interpreter keeps anyway.
    """
    return sum(sys.getsizeof(row) + sys.getsizeof(f"hello-{row}") for row in range(rows))


@dataclass(frozen=True)
class Spread:
    """A figure from several runs: the median, and how far they lie apart as a share of it."""

    value: float
    spread: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        """Return the median and the spread of one value per run."""
        middle = median(values)
        return cls(middle, (max(values) - min(values)) / abs(middle) if middle else 0.0)


@dataclass(frozen=True)
class Figures:
    """What the tables and charts show of one scenario, in bytes and seconds."""

    scenario: Scenario
    rows: int
    traced_process: Spread
    untraced_process: Spread
    total: int
    by_source: dict[str, int]
    growth: Spread
    peak: Spread
    per_row: float
    bare: float
    python: float
    native: int | None
    seconds: Spread
    first_row: float
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
        return self.traced_process.value - self.untraced_process.value


def kept(run: Record) -> int:
    """Return the traced bytes that the loop keeps: at the last row, less before the query."""
    labels = [point["label"] for point in run["checkpoints"]]
    before = run["checkpoints"][labels.index(FIRST_ROW) - 1]
    return int(checkpoint(run, LAST_CHECKPOINT)["traced"] - before["traced"])


def figures(stored: Record) -> Figures:
    """Return one stored scenario's figures."""
    traced, untraced = stored["traced"], stored["untraced"]

    def grown(run: Record, key: str) -> float:
        return float(checkpoint(run, LAST_CHECKPOINT)[key] - checkpoint(run, IMPORTED)[key])

    def process(runs: list[Record], label: str) -> Spread:
        return Spread.of([checkpoint(run, label)["rss"] for run in runs])

    return Figures(
        scenario=Scenario(stored["scenario"]),
        rows=stored["rows"],
        traced_process=process(traced, LAST_CHECKPOINT),
        untraced_process=process(untraced, LAST_CHECKPOINT),
        total=stored["total"],
        by_source=by_source(stored["packages"]),
        growth=Spread.of([grown(run, "rss") for run in untraced]),
        peak=Spread.of([run["peak_rss"] for run in untraced]),
        per_row=median(map(kept, traced)) / stored["rows"],
        bare=stored["bare"] / stored["rows"],
        python=median(checkpoint(run, LAST_CHECKPOINT)["traced"] for run in traced),
        native=stored["native"] and stored["native"]["native"],
        seconds=Spread.of([grown(run, "seconds") for run in untraced]),
        first_row=median(checkpoint(run, FIRST_ROW)["traced"] for run in traced),
        first_row_process=process(untraced, FIRST_ROW),
        after_use=Spread.of([run["checkpoints"][-1]["rss"] for run in untraced]),
    )


def by_source(packages: dict[str, int]) -> dict[str, int]:
    """Return the sizes by what the overview calls their source, largest first."""
    sizes: dict[str, int] = {}
    for package, size in packages.items():
        source = next((name for prefix, name in SOURCES.items() if package.startswith(prefix)), "other")
        sizes[source] = sizes.get(source, 0) + size
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def path(name: str) -> Path:
    """Return where the result of that name is stored."""
    return RESULTS / f"{name}.json"


def serialise(stored: Record) -> str:
    """Return the file's text: the same result gives the same bytes."""
    return json.dumps(stored | {"checksum": _checksum(stored)}, indent=1) + "\n"


def _checksum(stored: Record) -> str:
    content = {key: value for key, value in stored.items() if key != "checksum"}
    return _hash(json.dumps(content).encode())


def remeasure(name: str) -> str:
    """Return what makes the result of that name anew."""
    return f"run `make {name}`" if name in ("scale", "versions") else "run `make readme`"


def load(name: str) -> Record:
    """Return the stored result of that name. Raises UserError where it is missing, foreign or edited."""
    file = f"results/{name}.json"
    command = remeasure(name)
    try:
        stored: Record = json.loads(path(name).read_text(encoding="utf-8"))
        if stored["schema"] != SCHEMA:
            raise UserError(f"{file} is of another schema version than {SCHEMA}: {command}")
        if stored.pop("checksum") != _checksum(stored):
            raise UserError(f"{file} was edited by hand: {command}")
    except FileNotFoundError:
        raise UserError(f"{file} is missing: {command}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{file} is not a result of this report: {command}") from None
    return stored


def consistent(stored: list[Record]) -> list[Record]:
    """Return the results if they may stand in one table. Raises UserError."""
    if len({(result["rows"], result["machine"]["python"]) for result in stored}) > 1:
        raise UserError("results/ mixes numbers of rows or Python versions: run `make readme`")
    return stored


def changed_sources(stored: Record) -> list[str]:
    """Return which of the files that decided the result have changed since, or are gone."""
    return [
        name
        for name, digest in stored["sources"].items()
        if not (PROJECT / name).exists() or _hash((PROJECT / name).read_bytes()) != digest
    ]
