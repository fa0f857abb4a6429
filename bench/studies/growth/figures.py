"""What each further row costs, and the peak of the process, by the number of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.results import Results
from bench.scenarios import EVERYTHING
from bench.scripts import Scenario
from bench.studies.growth.measure import ONE, Step

NAMES = tuple(scenario.name for scenario in EVERYTHING)


@dataclass(frozen=True)
class Figures:
    """One scenario's figures: bytes per further row from each step to the next, and peaks in bytes by rows.

    The peak is the process's, less that of the same script on a table of one row.
    """

    scenario: Scenario
    further_rows: Sequence[float]
    peaks: Mapping[int, int]


def figures(results: Results) -> dict[str, Figures]:
    """Return the figures by the scenario's name."""
    return {name: of(Scenario(name), steps) for name, steps in results.records.items()}


def of(scenario: Scenario, steps: Sequence[Step]) -> Figures:
    """Return one scenario's figures."""
    kept = [(step["rows"], step["rows"] * step["per_row"]) for step in steps if step["per_row"] is not None]
    further = [(size - smaller) / (rows - fewer) for (fewer, smaller), (rows, size) in pairwise(kept)]
    peaks = {step["rows"]: step["peak"] for step in steps}
    return Figures(scenario, further, {rows: peak - peaks[ONE] for rows, peak in peaks.items() if rows != ONE})
