"""What one request takes, and ten at once; and how many at once fit a worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.results import Header
from bench.runs import Spread
from bench.scripts import Scenario
from bench.studies.requests.serving import MANY, Load, Output, Slow
from common import MIB

# The endpoint that most services have, and the one to write instead.
COMMONEST, STREAMED_ARRAY = "endpoints.entities", "endpoints.json_array"
# What a worker may have, in bytes: the smallest container that is commonly let.
WORKER = 512 * MIB


@dataclass(frozen=True)
class EndpointFigures:
    """One endpoint's figures: bytes over the warm process, and seconds.

    `single` are the first request and ten more, one by one; `many` are ten at once.
    """

    scenario: Scenario
    warm: int
    single: Sequence[Load]
    many: Load
    slow: Slow
    given_back: float | None

    @property
    def peak(self) -> float:
        return median(load["peak"] for load in self.single)

    @property
    def stays(self) -> tuple[int, int]:
        """What stays after the first request, and after ten more."""
        return self.single[0]["after"], self.single[-1]["after"]

    @property
    def first(self) -> Spread:
        """When the first byte of a body came."""
        return Spread.of([load["first"][0] for load in self.single])

    @property
    def last(self) -> Spread:
        """When the last byte came."""
        return Spread.of([load["last"][0] for load in self.single])

    @property
    def last_of_many(self) -> float:
        """When the last byte of ten at once came."""
        return max(self.many["last"])

    @property
    def blocked(self) -> float:
        """For how long one request blocks the event loop at the most."""
        return median(load["blocked"] for load in self.single)

    @property
    def held(self) -> float:
        """For how long one request holds a connection."""
        return median(load["held"] for load in self.single)

    @property
    def further(self) -> float:
        """What each further request at once adds to the peak: from the eleventh single one to ten at once."""
        return (self.many["peak"] - self.single[-1]["peak"]) / (MANY - 1)

    def fitting(self, worker: int = WORKER) -> int:
        """Return how many requests at once fit a worker of so many bytes, if each further one takes as much."""
        left = worker - self.warm - self.single[-1]["peak"]
        return 1 + int(left / self.further) if left >= 0 else 0


@dataclass(frozen=True)
class Requests:
    """All endpoints' figures by name, and how they were measured."""

    by_name: Mapping[str, EndpointFigures]
    header: Header


def figures_of(name: str, record: Output) -> EndpointFigures:
    single = [record["one"], *record["more"]]
    return EndpointFigures(Scenario(name), record["warm"], single, record["many"], record["slow"], record["given_back"])
