"""Who belongs to whom, as each way to read children has it: all of them must have the same."""

from collections.abc import Iterable
from typing import Any

from bench.layers.names import JOINED, READERS, SELECTIN
from bench.layers.reading import Counting, Reading
from bench.layers.subject import Subject
from bench.relations.data import Relation
from bench.relations.joins import between
from tests.support import opened_by

# A family: the key of a row of the root, the path to a child, and the child's key.
Families = set[tuple[tuple[Any, ...], str, tuple[Any, ...]]]


def reading(subject: Subject, way: str) -> Reading:
    """Return how a way reads all that there is."""
    return Reading(READERS[way], subject.relation, subject.size.rows, subject.size.joined)


def read(subject: Subject, way: str) -> tuple[list[Any], int, int]:
    """Return what a way reads, entities while their session is open, in how many statements and rows on the wire."""
    with opened_by(reading(subject, way)) as reader:
        assert isinstance(reader, Counting)
        with reader.counting() as traffic:
            rows = list(reader(subject.size.rows))
        if way in (SELECTIN, JOINED):
            with reader.counting() as later:
                from_entities(subject.relation, rows)
            assert later == {"statements": 0, "wire_rows": 0}  # no child is read only when it is asked for
        return rows, traffic["statements"], traffic["wire_rows"]


def keys(relation: Relation) -> list[tuple[str, list[int]]]:
    """Return each table's path, and at which places its columns are its key."""
    paths = ["", *(child.path for child in relation.children)]
    return [
        (path, [number for number, column in enumerate(table.columns) if column.name in table.key])
        for path, table in zip(paths, relation.tables, strict=True)
    ]


def from_entities(relation: Relation, parents: Iterable[Any]) -> Families:
    found: Families = set()

    def key(entity: Any, place: int) -> tuple[Any, ...]:
        columns = relation.tables[place].columns
        return tuple(getattr(entity, columns[number].attribute) for number in keys(relation)[place][1])

    def visit(root: tuple[Any, ...], entity: Any, place: int) -> None:
        found.add((root, keys(relation)[place][0], key(entity, place)))
        for number, child in relation.children_of(place):
            below = getattr(entity, child.attribute)
            for one in below if child.many else [below] * (below is not None):
                visit(root, one, number)

    for parent in parents:
        visit(key(parent, 0), parent, 0)
    return found


def from_rows(relation: Relation, rows: Iterable[Any]) -> Families:
    found: Families = set()
    for row in rows:
        values, root = iter(row), None
        for (path, places), table in zip(keys(relation), relation.tables, strict=True):
            own = [next(values) for _ in table.columns]
            key = tuple(own[place] for place in places)
            root = root or key
            if None not in key:
                found.add((root, path, key))
    return found


def from_arrays(relation: Relation, rows: Iterable[Any]) -> Families:
    found: Families = set()
    for row in rows:
        values, root = iter(row), None
        for number, (path, places) in enumerate(keys(relation)):
            own = [next(values) for _ in relation.tables[number].columns]
            root = root or tuple(own[place] for place in places)
            child = relation.children[number - 1]
            plain = number == 0 or not (child.parent or child.many)
            others = [] if number == 0 else [next(values) for _ in between(relation, child)]
            assert plain or len({len(one) for one in (*own, *others) if one is not None}) <= 1
            for key in zip(*([own[place]] if plain else own[place] or () for place in places), strict=True):
                if None not in key:
                    found.add((root, path, key))
    return found
