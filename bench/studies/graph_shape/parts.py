"""What families take that are loaded in one way, in bytes: the parts, as the base has them, and what follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.studies.graph_shape.measure import FamilyCost
from bench.studies.graph_shape.model import Family, Parts, predicted
from bench.studies.graph_shape.shapes import BASE, FEW, SHAPES, WIDE
from bench.studies.row_shape.measure import TracedAllocation


@dataclass(frozen=True)
class LoadedFamilies:
    """What families take that are loaded in one way, by the name of their shape; and the parts that follow."""

    way: str
    parts: Parts
    costs: Mapping[str, FamilyCost]
    allocations: Sequence[TracedAllocation]
    versions: Mapping[str, str]

    def predicted(self, shape: str) -> float:
        return foreseen(SHAPES[shape], self.costs[shape], self.parts)

    @property
    def deviations(self) -> dict[str, float]:
        """By shape, by what share the prediction exceeds what was measured."""
        return {
            shape: self.predicted(shape) / self.costs[shape]["per_family"] - 1
            for shape in SHAPES
            if shape in self.costs
        }


def with_values(family: Family, values: list[float]) -> Family:
    """Return the same family with the bytes of its entities' values, which are taken from the list, parents' first."""
    own = values.pop(0)
    related = [replace(other, family=with_values(other.family, values)) for other in family.related]
    return replace(family, values=own, related=related)


def parts_of(costs: Mapping[str, FamilyCost], late: bool, inline: bool) -> Parts:
    """Return what follows from the base: families that differ in one part alone tell what that takes."""

    def rest(shape: str) -> float:
        """Return what is left of a base family once the parts that are known are subtracted."""
        return costs[shape]["per_family"] - foreseen(BASE[shape], costs[shape], known)

    known = Parts(0, 0, 0, 0, 0, late, inline)
    none, single, eight, wider, two = BASE
    attribute = (rest(wider) - rest(eight)) / 8 / (WIDE - FEW)
    known = replace(known, constant=(rest(eight) - rest(single)) / 7 - FEW * attribute, attribute=attribute)
    load = rest(single) - rest(none)
    collection = rest(two) - rest(none) - 2 * load
    return replace(known, first=rest(none) - collection, collection=collection, load=load)


def foreseen(family: Family, cost: FamilyCost, parts: Parts) -> float:
    """Return what a family takes by these parts, and by the bytes of the values that were measured."""
    return predicted(with_values(family, list(cost["values"].values())), parts, cost["families"])
