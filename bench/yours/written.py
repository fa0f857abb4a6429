"""An advice: a sentence, and the code that it means."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.relations.data import Relation

# What saves less than this is not worth another way to write it.
WORTH = 1.15


@dataclass(frozen=True)
class Advice:
    """What to write, what it saves, and what writes the code, if there is any to show."""

    text: str
    write: Callable[[Relation], str] | None = None

    def code(self, relation: Relation) -> str:
        return self.write(relation) if self.write else ""
