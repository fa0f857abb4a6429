"""Who belongs to whom, as each way to read a graph has it: all of them must have the same."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from bench.layers.graph_readers import JOINED, SELECTIN, WAYS, GraphReading
from bench.relations import graph_sql
from bench.relations.graphs import Graph

# A family: the key of a row of the root, the path to a child, and the child's key.
Families = set[tuple[tuple[Any, ...], str, tuple[Any, ...]]]


def read(reading: GraphReading, way: str) -> tuple[list[Any], int, int]:
    """Return what a way reads, entities while their session is open, in how many statements and rows on the wire."""
    with WAYS[way](replace(reading, layer=way)) as reader:
        rows = list(reader(reading.count))
        taken = reader.statements, reader.rows
        for row in rows if way in (SELECTIN, JOINED) else ():
            from_entities(reading.graph, [row])
        assert (reader.statements, reader.rows) == taken  # no child is read only when it is asked for
        return rows, *taken


def keys(graph: Graph) -> list[tuple[str, list[int]]]:
    """Return each table's path, and at which places its columns are its key."""
    paths = ["", *(child.path for child in graph.children)]
    return [
        (path, [number for number, column in enumerate(one.columns) if column.name in one.key])
        for path, one in zip(paths, graph.relations, strict=True)
    ]


def from_entities(graph: Graph, parents: Iterable[Any]) -> Families:
    found: Families = set()

    def key(entity: Any, place: int) -> tuple[Any, ...]:
        columns = graph.relations[place].columns
        return tuple(getattr(entity, columns[number].attribute) for number in keys(graph)[place][1])

    def visit(root: tuple[Any, ...], entity: Any, place: int) -> None:
        found.add((root, keys(graph)[place][0], key(entity, place)))
        for number, child in graph.children_of(place):
            below = getattr(entity, child.attribute)
            for one in below if child.many else [below] * (below is not None):
                visit(root, one, number)

    for parent in parents:
        visit(key(parent, 0), parent, 0)
    return found


def from_rows(graph: Graph, rows: Iterable[Any]) -> Families:
    found: Families = set()
    for row in rows:
        values, root = iter(row), None
        for (path, places), relation in zip(keys(graph), graph.relations, strict=True):
            own = [next(values) for _ in relation.columns]
            key = tuple(own[place] for place in places)
            root = root or key
            if None not in key:
                found.add((root, path, key))
    return found


def from_arrays(graph: Graph, rows: Iterable[Any]) -> Families:
    found: Families = set()
    for row in rows:
        values, root = iter(row), None
        for number, (path, places) in enumerate(keys(graph)):
            own = [next(values) for _ in graph.relations[number].columns]
            root = root or tuple(own[place] for place in places)
            child = graph.children[number - 1]
            plain = number == 0 or not (child.parent or child.many)
            others = [] if number == 0 else [next(values) for _ in graph_sql.between(graph, number)]
            assert plain or len({len(one) for one in (*own, *others) if one is not None}) <= 1
            for key in zip(*([own[place]] if plain else own[place] or () for place in places), strict=True):
                if None not in key:
                    found.add((root, path, key))
    return found
