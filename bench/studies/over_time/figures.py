"""Each script's memory over time."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.results import Results
from bench.scripts import Scenario

NAMES = ("run_sync_sqlalchemy_session", "remedies.run_sync_sqlalchemy_session_yield_per", "run_sync_sqlalchemy_engine")


@dataclass(frozen=True)
class Figures:
    """A process's samples of (seconds since its start, bytes), up to the last row."""

    scenario: Scenario
    samples: Sequence[tuple[float, int]]
    first_row: float

    @property
    def at_first_row(self) -> tuple[float, int]:
        """The sample in which the first row has been handed out."""
        later = ((seconds, rss) for seconds, rss in self.samples if seconds >= self.first_row)
        return next(later, self.samples[-1])

    @property
    def at_last_row(self) -> int:
        """The process's bytes at the last row."""
        return self.samples[-1][1]


def figures(results: Results) -> dict[str, Figures]:
    """Return the figures by the scenario's name."""
    return {
        name: Figures(Scenario(name), record["samples"], record["first_row"])
        for name, record in results.records.items()
    }
