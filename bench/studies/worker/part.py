"""What is weighed: code for each time that a part of a worker is there, and the process that imports it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

FEWER, MORE = "fewer", "more"


class Weighable(Protocol):
    """What is weighed: modules by what they are for, and the packages that they need."""

    @property
    def name(self) -> str: ...

    @property
    def needs(self) -> Sequence[str]: ...

    @property
    def modules(self) -> dict[str, str]: ...


@dataclass(frozen=True)
class Part:
    """A piece of code for each time that the part is there, behind a head and before a foot.

    Its price is by how much a process grows from the first of two counts to the second, for each time. What another
    part has is subtracted, `without`; a piece has the rest `times` over.
    """

    name: str
    head: str
    piece: Callable[[int], str]
    foot: str = ""
    counts: tuple[int, int] = (50, 150)
    without: str = ""
    times: int = 1
    # What it imports, beside SQLAlchemy and Pydantic.
    needs: Sequence[str] = ()

    @property
    def modules(self) -> dict[str, str]:
        """Return a module that has it fewer times, and one that has it more often."""
        return dict(zip((FEWER, MORE), map(self.source, self.counts), strict=True))

    def source(self, count: int) -> str:
        """Return a module that has it so many times; its foot may ask how often, by COUNT."""
        return self.head + "".join(map(self.piece, range(count))) + self.foot.replace("COUNT", str(count))


@dataclass(frozen=True)
class Weighing:
    """The process that imports a module of this name."""

    name: str
    source: str

    @property
    def short(self) -> str:
        return self.name

    @property
    def command(self) -> list[str]:
        return ["bench/studies/worker/weigh.py"]

    @property
    def stdin(self) -> bytes:
        return self.source.encode()
