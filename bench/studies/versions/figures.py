"""What a row costs in each scenario, by Python and package versions, and what the layers add to its values."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from bench.results import Results
from bench.scenarios import SCENARIOS
from bench.scripts import Scenario
from bench.studies.row_shape.model import Model, rounded
from bench.studies.versions.measure import LAYERS, TUPLE, Cost

NAMES = (*(scenario.name for scenario in SCENARIOS), *LAYERS)


@dataclass(frozen=True)
class Figures:
    """One scenario's costs, traced, by Python and packages; and where some package has no wheel for that Python."""

    scenario: Scenario
    costs: Mapping[str, Cost]
    no_wheels: Collection[str]


@dataclass(frozen=True)
class Versions:
    """The figures of scenarios by name; in bytes, layers' overheads by Python and number of columns, and the values."""

    scenarios: Mapping[str, Figures]
    overheads: Mapping[str, Mapping[str, Mapping[str, float]]]
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def models(self) -> dict[str, Model]:
        """The model of a row's cost by Python, of these layers; what a dict takes is not measured here."""
        counts = [int(count) for count in next(iter(self.overheads[TUPLE].values()))]
        return {
            python: Model(
                counts,
                {layer: rounded(found[python].values()) for layer, found in self.overheads.items()},
                dict(zip(values, rounded(values.values()), strict=True)),
                (),
            )
            for python, values in self.values.items()
        }

    @property
    def crossings(self) -> dict[str, int]:
        """By Python, from how many columns on a model's overhead is larger than an entity's."""
        models, entities = (self.overheads[layer] for layer in ("Pydantic model", "ORM entity"))
        return {
            python: 1 + max((int(count) for count, size in sizes.items() if size <= entities[python][count]), default=0)
            for python, sizes in models.items()
        }


def figures(results: Results) -> Versions:
    """Return the figures of what is stored."""
    scenarios, overheads = {}, {}
    values: dict[str, Mapping[str, float]] = {}
    for name, record in results.records.items():
        if name in LAYERS:
            overheads[name] = record["overheads"]
            values |= record["values"] if name == TUPLE else {}
        else:
            scenarios[name] = Figures(Scenario(name), record["costs"], record["no_wheels"])
    return Versions(scenarios, overheads, values)
