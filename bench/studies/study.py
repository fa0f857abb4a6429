"""The studies, in the order of the pages: what each measures, and what a page shows of it."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from bench import results
from bench.errors import UserError
from bench.look.tables import Table
from bench.process import Progress
from bench.results import Results
from bench.runs import Measured
from bench.studies import answers
from bench.studies.costs import measure as costs_measure
from bench.studies.costs import page as costs
from bench.studies.frames import measure as frames_measure
from bench.studies.frames import page as frames
from bench.studies.graph_shape import measure as graph_shape_measure
from bench.studies.graph_shape import page as graph_shape
from bench.studies.growth import measure as growth_measure
from bench.studies.growth import page as growth
from bench.studies.over_time import measure as over_time_measure
from bench.studies.over_time import page as over_time
from bench.studies.processes import measure as processes_measure
from bench.studies.processes import page as processes
from bench.studies.relationships import measure as relationships_measure
from bench.studies.relationships import page as relationships
from bench.studies.requests import measure as requests_measure
from bench.studies.requests import page as requests
from bench.studies.row_shape import measure as row_shape_measure
from bench.studies.row_shape import page as row_shape
from bench.studies.uptime import measure as uptime_measure
from bench.studies.uptime import page as uptime
from bench.studies.versions import measure as versions_measure
from bench.studies.versions import page as versions
from bench.studies.worker import measure as worker_measure
from bench.studies.worker import page as worker
from bench.studies.writing import measure as writing_measure
from bench.studies.writing import page as writing

Figures = TypeVar("Figures")


class Measuring(Protocol):
    """A study's `measure`: the results are stale where it has changed, or what it imports, or its processes run."""

    def measure(
        self, names: Sequence[str], repeats: int | None, full: bool, progress: Progress
    ) -> Iterator[dict[str, Measured]]:
        """Yield what is stored of each name, group by group, in bytes and seconds. Raises UserError."""


class Page(Protocol[Figures]):
    """A study's `page`: what there is to measure, and what is shown of it."""

    @property
    def NAMES(self) -> Sequence[str]:  # noqa: N802
        """What there is to measure, in the order of the tables."""

    def figures(self, results: Results, /) -> Figures: ...

    def tables(self, figures: Figures, new: Container[str], /) -> list[Table[Any]]:
        """Return the tables of the new ones, for both widths."""

    def blocks(self, figures: Figures, /) -> dict[str, str]:
        """Return Markdown for the pages, by marker."""

    def charts(self, figures: Figures, /) -> dict[str, str]:
        """Return SVG by file name."""


@dataclass(frozen=True)
class Study(Generic[Figures]):
    """One question: its folder's name, and its two modules."""

    name: str
    measuring: Measuring
    page: Page[Figures]

    @property
    def names(self) -> Sequence[str]:
        return self.page.NAMES

    def stored(self) -> Figures:
        """Return the figures of what is stored. Raises UserError where something was never measured."""
        stored = results.load(self.name)
        if missing := [name for name in self.names if name not in stored.records]:
            raise UserError(f"bench/results/{self.name}.json: {missing[0]} was never measured: {results.AGAIN}")
        return self.page.figures(stored.only(self.names))

    def tables(self, measured: Results, new: Container[str]) -> list[Table[Any]]:
        return self.page.tables(self.page.figures(measured), new)


COSTS = Study("costs", costs_measure, costs)
REQUESTS = Study("requests", requests_measure, requests)
RELATIONSHIPS = Study("relationships", relationships_measure, relationships)
WRITING = Study("writing", writing_measure, writing)
WORKER = Study("worker", worker_measure, worker)
STUDIES: Mapping[str, Study[Any]] = {
    study.name: study
    for study in (
        COSTS,
        REQUESTS,
        Study("row_shape", row_shape_measure, row_shape),
        Study("frames", frames_measure, frames),
        RELATIONSHIPS,
        Study("graph_shape", graph_shape_measure, graph_shape),
        WRITING,
        WORKER,
        Study("over_time", over_time_measure, over_time),
        Study("growth", growth_measure, growth),
        Study("uptime", uptime_measure, uptime),
        Study("processes", processes_measure, processes),
        Study("versions", versions_measure, versions),
    )
}


def shown() -> tuple[dict[str, str], dict[str, str]]:
    """Return all blocks by marker and all charts by file, of what is stored. Raises UserError."""
    blocks = answers.blocks(
        COSTS.stored(), RELATIONSHIPS.stored(), REQUESTS.stored(), WRITING.stored(), WORKER.stored()
    )
    charts = answers.charts(REQUESTS.stored(), WORKER.stored())
    for study in STUDIES.values():
        figures = study.stored()
        blocks |= study.page.blocks(figures)
        charts |= study.page.charts(figures)
    return blocks, charts
