"""What every scenario costs, and what is compared with what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.results import Header
from bench.runs import Spread
from bench.scripts import Scenario
from bench.studies.script_costs import ScriptCosts


@dataclass(frozen=True)
class Costs:
    """The costs of all scenarios by name, and how they were measured."""

    header: Header
    by_name: Mapping[str, ScriptCosts]

    def __getitem__(self, name: str) -> ScriptCosts:
        return self.by_name[name]

    def of(self, scenarios: Iterable[Scenario]) -> list[ScriptCosts]:
        """Return the costs of these scenarios, as far as they were measured."""
        return [self.by_name[scenario.name] for scenario in scenarios if scenario.name in self.by_name]

    def pairs(self, scenarios: Iterable[Scenario]) -> "list[Pair]":
        """Return those of these scenarios that were measured together with what they are compared with, with that."""
        compared = [(script.scenario.compared_with, script.scenario) for script in self.of(scenarios)]
        return [
            self.pair(before.name, after.name) for before, after in compared if before and before.name in self.by_name
        ]

    def pair(self, before: str, after: str) -> "Pair":
        """Return two scenarios, of which the second is compared with the first, or with what is, and so on."""
        script = self.by_name[after]
        while (compared := script.scenario.compared_with) and compared.name != before:
            script = self.by_name[compared.name]
        return Pair(self.by_name[before], self.by_name[after], script.seconds_compared or self.by_name[before].seconds)


@dataclass(frozen=True)
class Pair:
    """Two scripts to compare; the seconds of the one before were measured in turns with the other's."""

    before: ScriptCosts
    after: ScriptCosts
    seconds_before: Spread

    @property
    def loss(self) -> str:
        """What one loses by the second; nothing is said of one that does not help."""
        return self.after.scenario.fields.get("You lose", "").rstrip(".")

    @property
    def why_not(self) -> str:
        return self.after.scenario.fields.get("Why not", "").rstrip(".")
