"""A process that reads a relation in one layer: what its parent hands it, and how it is run."""

import pickle
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bench.layers.values import Taken
from bench.relations.data import Relation

# How many rows a layer reads, unless told otherwise.
COUNT = 20_000
# CPython 3.12 gives the first thirty instances of a class room for more attributes than they have: each one less.
FIRST_INSTANCES = 30

# Gives that many rows, as objects of a layer.
Read = Callable[[int], Iterable[object]]
Opened = AbstractContextManager[Read]


@runtime_checkable
class Counting(Protocol):
    """What counts while it reads."""

    def counting(self) -> AbstractContextManager[Taken]:
        """Begin to count; what was counted is there at the end."""


@dataclass(frozen=True)
class Reader:
    """How rows are read into objects of a layer, or parents with their children: `module` does it, by this name."""

    name: str
    module: str
    # It reads children, too.
    children: bool = False
    # It makes entities, which need a key; or arrays, which are of a collection.
    keyed: bool = False
    arrays: bool = False
    # It reads a row for each row of the join; or some of the parents, in place of all.
    joins: bool = False
    samples: bool = False
    # Its rows are kept, else each is dropped after use. Their values are objects, else they lie outside Python.
    keeps: bool = True
    native: bool = False
    # How many rows show, traced, what is fixed.
    first: int = FIRST_INSTANCES

    def reads(self, relation: Relation) -> bool:
        if self.children != bool(relation.children) or (self.arrays and not relation.has_collections):
            return False
        return not (self.keyed and relation.no_entities)


@dataclass(frozen=True)
class Reading:
    """The process that reads so many rows of a relation in one layer."""

    reader: Reader
    relation: Relation
    count: int = COUNT
    # How many objects that may be at most, where a join has more rows than there are parents.
    joined: int = 0
    # How many rows show what is fixed: where there are children, a child of each kind.
    first: int = 1
    # Seconds that a statement may take.
    timeout: int = 60
    # What each column takes is told, too.
    weighs: bool = False
    # The file by whose lock processes take turns, where their times count.
    turns: str = ""

    @property
    def layer(self) -> str:
        return self.reader.name

    @property
    def places(self) -> int:
        """How many objects there may be at most."""
        return self.joined if self.reader.joins else self.count

    @property
    def name(self) -> str:
        if self.relation.children:
            return f"{self.relation.name} with its children by {self.layer}"
        return f"{self.relation.name or 'the query'} as {self.layer}"

    @property
    def short(self) -> str:
        """The way to read; without children there are many relations, which their number of columns tells apart."""
        columns = len(self.relation.read)
        return self.layer if self.relation.children else f"{self.layer}, {columns} column{'s' * (columns != 1)}"

    @property
    def command(self) -> list[str]:
        return ["-m", "bench.layers", self.reader.module, self.turns]

    @property
    def stdin(self) -> bytes:
        return pickle.dumps(self)
