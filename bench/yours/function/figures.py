"""What is known of a function, each figure from the instrument that it is true of; in bytes and seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.errors import visible
from bench.nouns import counted
from bench.yours.function.phases import Phase
from bench.yours.function.statement import Place, Statement


@dataclass(frozen=True)
class Imports:
    """What the process takes before the call, and what of it each top-level package takes: alone, and with all."""

    process: int
    interpreter: int
    own: Mapping[str, int]
    all: Mapping[str, int]
    readers: Sequence[str]
    # What each module of the reader's takes alone.
    modules: Mapping[str, int]
    # How many mapped classes, columns, Pydantic models and routes there are, each with the module that made it.
    made: Sequence[tuple[str, str, int]]

    def counted(self, module: str | None = None) -> str:
        """Return how many of each kind there are, in all modules or in one, as text."""
        counts: dict[str, int] = {}
        for kind, place, number in self.made:
            if module in (None, place):
                counts[kind] = counts.get(kind, 0) + number
        return ", ".join(counted(number, kind) for kind, number in counts.items())


@dataclass(frozen=True)
class Held:
    """The traced memory at one moment."""

    traced: int
    packages: Mapping[str, int]
    # What each module of the standard library has.
    library: Mapping[str, int]
    # What of that are large blocks, as a text is of all rows.
    blocks: Mapping[str, int]
    lines: Sequence[tuple[Place, int]]
    objects: Mapping[str, int]
    # Entities that were changed and not yet written, by class.
    changed: Mapping[str, int]


@dataclass(frozen=True)
class Startup:
    """An application's startup: by how much the process grew, and what of it is traced, with who holds it."""

    process: int
    seconds: float
    after: Held | None
    holder: Sequence[str]
    # The collection that has most items more than before, and how many; no name where none has.
    grown: tuple[str, int]


def line_of(place: Place) -> str:
    """Return a place as `file:number`."""
    return visible("{}:{}".format(*place))


def path_of(holder: Sequence[str]) -> str:
    """Return who holds what, as one writes it: `shop.reports.CACHE → Row`; nothing where that is not known."""
    names = [*holder[:1]]
    for step in holder[1:]:
        if step.startswith("."):
            names[-1] += step
        else:
            names.append(step)
    return " → ".join(names)


@dataclass(frozen=True)
class ChildProcesses:
    """The child processes of a call, as far as any was seen, and what the largest had; no other figure has them."""

    seen: int
    largest: int


@dataclass(frozen=True)
class ProcessOfCall:
    """The process's memory and time during the call, without tracing."""

    seconds: float
    growth: int
    peak: int
    after: int | None
    imports: int
    samples: Sequence[tuple[float, int]]
    # When each statement began and ended to be executed.
    marks: Sequence[tuple[float, float]]
    phase: Phase | None
    children: ChildProcesses | None

    @property
    def peak_at(self) -> float:
        return max(self.samples, key=lambda sample: sample[1], default=(0.0, 0))[0]


@dataclass(frozen=True)
class FunctionFigures:
    """What is known of a function; a part that is not known is None."""

    target: str
    python: str
    libraries: Mapping[str, str]
    hooks: Sequence[str]
    imports: Imports
    startup: Startup | None
    process: ProcessOfCall | None
    # Traced with the result in hand, what of it is not only in cycles, what only the result held, and at most.
    traced: int | None
    kept: int | None
    of_result: int | None
    traced_peak: int | None
    # As near to that as a look came, its own `traced` says how near: none is taken within one call of C.
    at_peak: Held | None
    # Of each relationship its table, class, attribute, the other table, and whether it leads to many.
    relationships: Sequence[tuple[str, str, str, str, bool]]
    # The class of each mapped table, and the attribute that is its primary key, if it is one.
    tables: Mapping[str, tuple[str, str]]
    # The attributes of each mapped class that are columns.
    columns: Mapping[str, Sequence[str]]
    at_return: Mapping[str, int]
    # What the result holds, by class.
    in_result: Mapping[str, int]
    after: Held | None
    holder: Sequence[str]
    # The collection of the reader's that has most items more than before, and how many; no name where none has.
    grown: tuple[str, int]
    attributes: Mapping[str, Mapping[str, float]]
    # Bytes of a row of SQLAlchemy's without its values, and of each column in it.
    row_size: Sequence[int]
    # Pydantic models at the return by class: how many, and the bytes of each one's set of given fields, and dict.
    models: Mapping[str, tuple[int, float, float]]
    # Pydantic models of which there are many at the peak.
    modelled: Sequence[str]
    statements: Sequence[Statement]
    items: int
    answers: Sequence[tuple[int, int]]
    error: str
    # Whether one process had all instruments, so that its memory has the tracer's in it.
    at_once: bool
    # Whether the run of the process executed other statements than that which tells of them.
    differ: bool

    @property
    def objects_at_peak(self) -> Mapping[str, int]:
        """How many objects more than before there are of each class, near the peak."""
        return self.at_peak.objects if self.at_peak else {}
