"""What every scenario costs, and what is compared with what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench import figures as of_scripts
from bench.figures import Figures
from bench.results import Header, Results
from bench.runs import Spread
from bench.scenarios import ALTERNATIVES, EVERYTHING
from bench.scripts import Scenario

NAMES = tuple(scenario.name for scenario in EVERYTHING + ALTERNATIVES)


@dataclass(frozen=True)
class Costs:
    """The figures of all scenarios by name, and how they were measured."""

    header: Header
    by_name: Mapping[str, Figures]

    def __getitem__(self, name: str) -> Figures:
        """Return a scenario's figures."""
        return self.by_name[name]

    def of(self, scenarios: Iterable[Scenario]) -> list[Figures]:
        """Return the figures of these scenarios, as far as they were measured."""
        return [self.by_name[one.name] for one in scenarios if one.name in self.by_name]

    def pairs(self, scenarios: Iterable[Scenario]) -> "list[Pair]":
        """Return those of these scenarios that were measured together with what they are compared with, with that."""
        compared = [(one.scenario.compared_with, one.scenario) for one in self.of(scenarios)]
        return [
            self.pair(before.name, after.name) for before, after in compared if before and before.name in self.by_name
        ]

    def pair(self, before: str, after: str) -> "Pair":
        """Return two scenarios, of which the second is compared with the first, or with what is, and so on."""
        one = self.by_name[after]
        while one.scenario.compared_with and one.scenario.compared_with.name != before:
            one = self.by_name[one.scenario.compared_with.name]
        return Pair(self.by_name[before], self.by_name[after], one.seconds_compared or self.by_name[before].seconds)


@dataclass(frozen=True)
class Pair:
    """Two scenarios to compare; the seconds of the one before were measured in turns with the other's."""

    before: Figures
    after: Figures
    seconds_before: Spread

    @property
    def loss(self) -> str:
        """What one loses by the second; nothing is said of one that does not help."""
        return self.after.scenario.fields.get("You lose", "").rstrip(".")

    @property
    def why_not(self) -> str:
        """Why the second does not help, if it does not."""
        return self.after.scenario.fields.get("Why not", "").rstrip(".")


def figures(results: Results) -> Costs:
    """Return the figures of what is stored."""
    fixed = {name: of_scripts.fixed_seconds(record) for name, record in results.records.items()}
    rows = results.header["rows"]
    by_name = {
        name: of_scripts.of(Scenario(name), record, rows, record["bare"], fixed)
        for name, record in results.records.items()
    }
    return Costs(results.header, by_name)
