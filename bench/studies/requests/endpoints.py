"""What one request takes, and ten at once; and how many at once fit a worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.results import Header
from bench.runs import Spread
from bench.scripts import Scenario
from bench.studies.requests.serving import MANY, Load, Output, Slow
from common import MIB

# What a worker may have, in bytes: the smallest container that is commonly let.
WORKER = 512 * MIB
# How many connections SQLAlchemy's pool lends, and for how many seconds a request waits for one before it fails:
# `pool_size`, `max_overflow` and `timeout` in https://docs.sqlalchemy.org/en/21/core/pooling.html
LENT, PATIENCE = 5 + 10, 30


@dataclass(frozen=True)
class EndpointFigures:
    """One endpoint's figures: bytes over the warm process, and seconds.

    `single` are the first request and ten more, one by one; `many` are ten at once, in each run.
    """

    scenario: Scenario
    warm: int
    single: Sequence[Load]
    many: Sequence[Load]
    crowds: Sequence[Load]
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
    def peak_of_many(self) -> Spread:
        return Spread.of([load["peak"] for load in self.many])

    @property
    def last_of_many(self) -> float:
        """When the last byte of ten at once came."""
        return median(max(load["last"]) for load in self.many)

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
        return (self.peak_of_many.value - self.single[-1]["peak"]) / (MANY - 1)

    def fitting(self, worker: int = WORKER) -> int | None:
        """Return how many requests at once have room in so many bytes, if each further one takes as much.

        None: as many as one likes, for all that the pool lends a connection have room, and the others hold no rows.
        """
        left = worker - self.warm - self.single[-1]["peak"]
        count = 1 + int(left / self.further) if left >= 0 else 0
        return None if count >= LENT else count

    @property
    def in_time(self) -> int:
        """How many at once get a connection before they fail: one is given back as often as a request is answered."""
        return LENT + int(PATIENCE / min(self.last_of_many / MANY, self.held))


@dataclass(frozen=True)
class Requests:
    """All endpoints' figures by name, and how they were measured."""

    by_name: Mapping[str, EndpointFigures]
    header: Header


def figures_of(name: str, record: Output) -> EndpointFigures:
    single = [record["one"], *record["more"]]
    return EndpointFigures(
        Scenario(name), record["warm"], single, record["many"], record["crowds"], record["slow"], record["given_back"]
    )
