"""The parts of each way to load, as the base families have them, and what follows for the others. In bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.results import Results
from bench.studies.graph_shape.families import LATE, WAYS
from bench.studies.graph_shape.measure import Cost
from bench.studies.graph_shape.model import Family, Parts, predicted
from bench.studies.graph_shape.shapes import BASE, FEW, SHAPES, WIDE
from bench.studies.row_shape.measure import Allocation

NAMES = tuple(WAYS)


@dataclass(frozen=True)
class Figures:
    """What families take that are loaded in one way, by the name of their shape; and the parts that follow."""

    way: str
    parts: Parts
    costs: Mapping[str, Cost]
    allocations: Sequence[Allocation]
    versions: Mapping[str, str]

    def predicted(self, shape: str) -> float:
        """Return what a family of that shape takes, as the model of the cost has it."""
        return foreseen(SHAPES[shape], self.costs[shape], self.parts)

    @property
    def deviations(self) -> dict[str, float]:
        """By shape, by what share the prediction exceeds what was measured."""
        return {
            shape: self.predicted(shape) / self.costs[shape]["per_family"] - 1
            for shape in SHAPES
            if shape in self.costs
        }


def figures(results: Results) -> dict[str, Figures]:
    """Return the figures of what is stored, by the way to load."""
    inline = results.header["python"].removeprefix("CPython ") >= "3.13"
    return {
        way: Figures(
            way,
            parts_of(record["costs"], way in LATE, inline),
            record["costs"],
            record["allocations"],
            results.header["versions"],
        )
        for way, record in results.records.items()
    }


def with_values(what: Family, values: list[float]) -> Family:
    """Return the same family with the bytes of its entities' values, which are taken from the list, parents' first."""
    own = values.pop(0)
    related = [replace(one, family=with_values(one.family, values)) for one in what.related]
    return replace(what, values=own, related=related)


def parts_of(costs: Mapping[str, Cost], late: bool, inline: bool) -> Parts:
    """Return what follows from the base: families that differ in one part alone tell what that takes."""

    def rest(shape: str) -> float:
        """Return what is left of a base family once the parts that are known are subtracted."""
        return costs[shape]["per_family"] - foreseen(BASE[shape], costs[shape], known)

    known = Parts(0, 0, 0, 0, 0, late, inline)
    none, one, eight, wider, two = BASE
    attribute = (rest(wider) - rest(eight)) / 8 / (WIDE - FEW)
    known = replace(known, constant=(rest(eight) - rest(one)) / 7 - FEW * attribute, attribute=attribute)
    load = rest(one) - rest(none)
    collection = rest(two) - rest(none) - 2 * load
    return replace(known, first=rest(none) - collection, collection=collection, load=load)


def foreseen(what: Family, cost: Cost, parts: Parts) -> float:
    """Return what a family takes by these parts, and by the bytes of the values that were measured."""
    return predicted(with_values(what, list(cost["values"].values())), parts, cost["families"])
