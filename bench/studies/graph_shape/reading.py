"""The process that reads families: what its parent hands it, and what both know of the tables."""

import pickle
from dataclasses import dataclass

from bench.studies.graph_shape.model import Family

# The least key, of a parent whose collections have a single child; after it come those that are read first.
LEAST, WARM_UP = 2_000, 32


@dataclass(frozen=True)
class FamilyReading:
    """The process that reads so many families from the tables of that name."""

    way: str
    table: str
    family: Family
    families: int
    # Whether the allocations that a family consists of are told apart, instead of added up.
    allocations: bool = False

    @property
    def name(self) -> str:
        return f"{self.table} by {self.way}"

    @property
    def short(self) -> str:
        return self.name

    @property
    def command(self) -> list[str]:
        return ["-m", "bench.studies.graph_shape.families"]

    @property
    def stdin(self) -> bytes:
        return pickle.dumps(self)


def key_of(index: int) -> str:
    """Return the name of the column by which a table refers to that of its relationship of this number."""
    return f"other_{index}"
