"""A statement of a function: who executes it, what it reads, and what its rows take; in bytes and seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Place = tuple[str, int]


@dataclass(frozen=True)
class Statement:
    """A statement that a line of the reader's executes, each time with the same text."""

    text: str
    verb: str
    # A number that the same statement with the same parameters has, too; None where that is not known.
    asked: int | None
    # How many texts SQLAlchemy compiled for its cache: those of one statement differ in their literals.
    texts: int
    # The library that told of it.
    by: str
    line: Place | None
    # The library's line that does, where the reader's calls a library, and what it calls, as `module:name`.
    library_line: Place | None
    called: str
    # The driver that SQLAlchemy reads by, as that calls it.
    driver: str
    # Django's class that makes dicts or tuples of its rows, if no models are made of them.
    values: str
    # The relationship that it loads, as `Class.attribute`, and whether it does so when that is asked for; else
    # with the entities that another statement loads: which one.
    loads: str
    lazily: bool
    parent: int | None
    # Where its first entity was loaded, which is where its rows are read.
    loads_at: Place | None
    # Where the first of them went, while the function ran.
    gone_at: Place | None
    times: int
    # What was traced at most while it was executed; and how much more once its rows were read: what holds them.
    traced: int
    held: int
    # How many executions of it were under way at once, at most.
    at_once: int
    rows: int | None
    # How many rows it was given at once, at most, to be written.
    given: int
    # What those of a list take that a driver was given, in bytes.
    of_given: int
    # What a COPY wrote into a buffer, or read from it.
    in_memory: int
    columns: int
    joins: int
    seconds: float
    streamed: bool
    yield_per: int | None
    # Whether it joins collections, or loads them by subqueryload: with both SQLAlchemy refuses yield_per.
    collections: bool
    buffered: bool
    # Entities that were loaded from its rows, by class.
    classes: Mapping[str, int]
    # By how many bytes the process grew while it was first executed, before its first row: what the driver holds.
    grew: int
    # What the values of its widest row take, and those of each of its columns in all rows, in bytes.
    widest: int
    sizes: Sequence[int]
    names: Sequence[str]

    @property
    def loaded(self) -> int:
        return sum(self.classes.values())

    @property
    def refused(self) -> str:
        """The way of loading with which SQLAlchemy refuses yield_per, if there is one."""
        return "joined collections" if self.collections else "subqueryload" * self.buffered
