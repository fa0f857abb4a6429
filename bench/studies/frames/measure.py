"""Measure rows of three shapes in frames, and in what other stacks keep: what is kept of each row, and at the peak."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from bench import process
from bench.database import private_server
from bench.layers.allocations import Analysis
from bench.layers.names import READERS
from bench.layers.reading import COUNT, Reading
from bench.process import Progress, unseen
from bench.runs import TRACED, UNTRACED, Job, Measured, Outcome
from bench.studies.row_shape.shapes import BIGINT, DOUBLE, INTEGER, KEY, SMALL, TABLES, ShapeField, make
from common import database_url

# Narrow rows of numbers, rows as they are usual, and wide ones of many texts and with documents.
POINTS = (
    ShapeField(KEY, BIGINT),
    ShapeField("series_id", INTEGER),
    ShapeField("quality", SMALL),
    ShapeField("value", DOUBLE),
)
SHAPES: Mapping[str, Sequence[ShapeField]] = {"points": POINTS, **{name: TABLES[name] for name in ("orders", "events")}}
# A process of its own says by so many rows which packages it loads.
FEWEST = 10
VERSIONS = "versions"


class StackRecord(TypedDict):
    """Bytes per row by table: traced, outside Python's memory, and those by which an untraced process grew at most."""

    traced: dict[str, float]
    native: dict[str, float]
    peaks: dict[str, float]


def measure(
    names: Sequence[str], repeats: int | None, full: bool, progress: Progress = unseen
) -> Iterator[dict[str, Measured]]:
    """Yield every layer's figures, which are not repeated. Raises UserError."""
    with private_server(1) as server:
        relations = {name: make(database_url(), name, fields) for name, fields in SHAPES.items()}
        jobs = {
            (layer, table, instrument): Job(Reading(READERS[layer], relation), instrument)
            for layer in names
            for table, relation in relations.items()
            for instrument in (TRACED, UNTRACED)
        }
        jobs |= {(layer, VERSIONS, ""): Job(Analysis(READERS[layer], relations["points"], FEWEST)) for layer in names}
        outcomes = dict(zip(jobs, process.succeeded(process.run(list(jobs.values()), progress=progress)), strict=True))
    yield {
        layer: measured({key[1:]: outcome for key, outcome in outcomes.items() if key[0] == layer}, server)
        for layer in names
    }


def measured(outcomes: Mapping[tuple[str, str], Outcome], server: Mapping[str, str]) -> Measured:
    def per_row(figure: str, instrument: str = TRACED) -> dict[str, float]:
        return {table: outcomes[table, instrument].output.get(figure, 0) / COUNT for table in SHAPES}

    record = StackRecord(traced=per_row("traced"), native=per_row("native"), peaks=per_row("peak", UNTRACED))
    versions = outcomes[VERSIONS, ""].output["versions"]
    return Measured(record, COUNT, versions | server, [*outcomes.values()])
