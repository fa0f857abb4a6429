"""What rows and layers are called: with children, a row is a parent, and a layer is a way to read."""

from dataclasses import dataclass

from bench.errors import UserError, visible
from bench.layers.figures import Figures
from bench.layers.names import DROPPING, KEYED, LAYERS, OTHERS, WAYS, missing
from bench.layers.subject import Subject
from bench.relations.data import Relation


@dataclass(frozen=True)
class Words:
    """What is said of rows, and of parents."""

    row: str
    layer: str
    # The title of the table's first column, the short one of the bytes, and what a short title of all rows begins with.
    first: str
    short: str
    all: str
    # What is said of bytes where no row is kept; and what the short titles mean.
    none: str
    note: str


ROWS = Words(
    "row",
    "layer",
    first="Layer",
    short="bytes/row",
    all="all: ",
    none="none kept",
    note="bytes/row: what tracemalloc counts; MiB: what the process grew by, peak: at most.",
)
PARENTS = Words(
    "parent",
    "way",
    first="Read by",
    short="bytes",
    all="all ",
    none="none",
    note=(
        "bytes: what tracemalloc counts per parent; MiB: what the process grew by, peak: at most; rows: those that the "
        "server sent per parent."
    ),
)


def words_of(relation: Relation) -> Words:
    return PARENTS if relation.children else ROWS


def all_rows(subject: Subject, figures: Figures) -> tuple[int | None, str]:
    """Return how many rows there are in all, if that is known, and how it is known."""
    if subject.counted:
        return subject.total, "counted"
    if subject.complete(figures.count):
        return figures.count, "and all were read"
    if subject.total is None or subject.total < figures.count:
        return None, "not known: --count counts them"
    return subject.total, "as the server estimates: --count counts them"


def chosen(subject: Subject, parts: str) -> list[str]:
    """Return the layers whose names have one of these parts, with commas between.

    Raises UserError where a part is in no name, or where all of them are of layers that cannot hold these rows.
    """
    relation, layers = subject.relation, subject.layers
    wanted = [part.strip().casefold() for part in parts.split(",")]
    named = [layer for layer in layers if any(part in layer.casefold() for part in wanted)]
    # Those that are left out here, as is told, unless nothing else is wanted.
    known = [*layers, *((WAYS if relation.children else LAYERS | DROPPING | OTHERS) if named else ())]
    for part in wanted:
        if not any(part in layer.casefold() for layer in known):
            keyed = any(part in layer.casefold() for layer in (WAYS if relation.children else KEYED))
            why = f"an entity needs a key, and {relation.no_entities}; " if keyed and relation.no_entities else ""
            there = "; ".join([*layers, *(filter(None, [missing()]) if not relation.children else ())])
            raise UserError(f"no {words_of(relation).layer}'s name has '{visible(part)}': {why}there are {there}")
    return named
