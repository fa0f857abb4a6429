"""What a row costs in each scenario, by Python and package versions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from runner.results import Results
from runner.scenarios import SCENARIOS
from runner.scripts import Scenario
from studies.versions.measure import Cost

NAMES = tuple(scenario.name for scenario in SCENARIOS)


@dataclass(frozen=True)
class Figures:
    """One scenario's costs, traced, by Python and packages; and where some package has no wheel for that Python."""

    scenario: Scenario
    costs: Mapping[str, Cost]
    no_wheels: Collection[str]


def figures(results: Results) -> dict[str, Figures]:
    """Return the figures by the scenario's name."""
    return {
        name: Figures(Scenario(name), record["costs"], record["no_wheels"]) for name, record in results.records.items()
    }
