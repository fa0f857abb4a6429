"""A study by its name: what its modules do, and what follows from its stored results."""

import importlib
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from bench import results
from bench.errors import UserError
from bench.look.tables import Table
from bench.process import Progress
from bench.results import Results
from bench.runs import Measured

# In the order of the pages.
STUDIES = ("costs", "requests", "row_shape", "relationships", "graph_shape", "over_time", "growth", "versions")


@dataclass(frozen=True)
class Study:
    """A folder of `bench/studies/`; the functions of its modules are described there."""

    name: str

    def module(self, name: str) -> Any:
        """Return one of its modules; None, if it has none of that name."""
        full = f"{__package__}.{self.name}.{name}"
        return importlib.import_module(full) if find_spec(full) else None

    @property
    def names(self) -> Sequence[str]:
        """What there is to measure."""
        names: Sequence[str] = self.module("figures").NAMES
        return names

    def measure(
        self, names: Sequence[str], repeats: int | None, full: bool, progress: Progress
    ) -> Iterator[dict[str, Measured]]:
        """Yield what was measured, group by group. Raises UserError."""
        measured: Iterator[dict[str, Measured]] = self.module("measure").measure(names, repeats, full, progress)
        return measured

    def tables(self, found: Results, new: Container[str]) -> list[Table[Any]]:
        """Return the tables of what is new in these results."""
        tables: list[Table[Any]] = self.module("tables").tables(self.module("figures").figures(found), new)
        return tables

    def shown(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the blocks by marker and the charts by file, of what is stored. Raises UserError."""
        stored = results.load(self.name)
        if missing := [name for name in self.names if name not in stored.records]:
            raise UserError(f"bench/results/{self.name}.json: {missing[0]} was never measured: {results.AGAIN}")
        figures = self.module("figures").figures(stored.only(self.names))
        blocks, charts = self.module("blocks"), self.module("charts")
        return blocks.blocks(figures) if blocks else {}, charts.charts(figures) if charts else {}
