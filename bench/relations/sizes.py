"""How many rows a relation with its children has: counted by the server, before any of them is read."""

from dataclasses import dataclass
from typing import Any

import psycopg

from bench.relations.data import Child, Relation
from bench.relations.joins import CHOSEN, chosen, inwards, path


@dataclass(frozen=True)
class ChildSize:
    """How many rows of one child there are, how many one parent has at most, and which parent is the first to have any.

    A parent is a row of the root, also where the child is a child's child.
    """

    rows: int
    most: int
    first: int


@dataclass(frozen=True)
class Size:
    """How many rows are read of a relation itself, how many their join has at most, and what each child has."""

    rows: int
    joined: int
    children: tuple[ChildSize, ...] = ()

    @property
    def first(self) -> int:
        """How many rows one reads to meet a child of each kind."""
        return max([1, *(child.first for child in self.children)])


def size_of(connection: "psycopg.Connection[Any]", relation: Relation, count: int, most: int) -> tuple[Size, int]:
    """Return what so many parents have, and the number of the first that alone has more than `most` rows, else 0."""
    answer = connection.execute(statement(relation, count, most).encode()).fetchone()
    assert answer
    parents, joined, large, *others = (int(number or 0) for number in answer)
    children = tuple(ChildSize(*others[place : place + 3]) for place in range(0, len(others), 3))
    return Size(parents, joined, children), large


def parents(connection: "psycopg.Connection[Any]", relation: Relation, count: int) -> tuple[int, int]:
    """Return how many of so many parents are there now, and how many keys these have."""
    key = ", ".join(relation.quotes[name] for name in relation.key)
    counts = f"count(*), count(DISTINCT ({key}))" if key else "count(*), count(*)"
    answer = connection.execute(f"SELECT {counts} FROM ({chosen(relation, count)}) AS {CHOSEN}".encode()).fetchone()
    assert answer
    return answer[0], answer[1]


def pairs(relation: Relation, count: int, one_of: int) -> str:
    """Return the SQL that counts the rows of each child of one of so many of the root's, and those with distinct keys.

    Entities are as many as either: two rows of one key are one object, which a collection may have twice.
    """
    top, number = relation.alias, relation.number
    numbered = f"SELECT row_number() OVER () AS {number}, {top}.* FROM ({chosen(relation, count)}) AS {top}"
    some = f"SELECT * FROM ({numbered}) AS {top} WHERE {number} % {one_of} = 0"
    counts = [f"({counted(relation, child)}) AS child_{place}" for place, child in enumerate(relation.children, 1)]
    return f"WITH {CHOSEN} AS MATERIALIZED ({some}) SELECT * FROM {', '.join(counts)}"


def counted(relation: Relation, child: Child) -> str:
    children = path(relation, child)
    named = [(relation.alias, relation), *((one.aliases[-1], one.relation) for one in children)]
    keys = ", ".join(f"{alias}.{relation.quotes[name]}" for alias, table in named for name in table.key)
    joins = " ".join(inwards(relation, children))
    return f"SELECT count(*), count(DISTINCT ({keys})) FROM {CHOSEN} AS {relation.alias} {joins}"


def statement(relation: Relation, count: int, most: int) -> str:
    """Return the SQL that counts rows, of so many of the root.

    That is: the root's; the rows of a join, at most; the number of the first parent that has more than `most` of these;
    and of each child the rows, the most of one parent, and the number of the first parent that has any.
    """
    top, parent, places = relation.alias, relation.number, range(1, len(relation.tables))
    numbers = [f'coalesce(child_{place}."rows", 0)::float8' for place in places]
    joined = bound(relation, 0, numbers)
    counts = ["count(*)", f"sum({joined})", f"min({parent}) FILTER (WHERE {joined} > {most})"]
    for number in numbers:
        counts += [f"sum({number})", f"max({number})", f"min({parent}) FILTER (WHERE {number} > 0)"]
    numbered = f"SELECT row_number() OVER () AS {parent}, {top}.* FROM ({chosen(relation, count)}) AS {top}"
    joins = " ".join(
        f"LEFT JOIN ({of_child(relation, child)}) AS child_{place} USING ({parent})"
        for place, child in enumerate(relation.children, 1)
    )
    return f"WITH {CHOSEN} AS MATERIALIZED ({numbered}) SELECT {', '.join(counts)} FROM {CHOSEN} {joins}"


def of_child(relation: Relation, child: Child) -> str:
    """Return the SQL that counts a child's rows for each numbered row of the root."""
    joins = " ".join(inwards(relation, path(relation, child)))
    return f'SELECT {relation.number}, count(*) AS "rows" FROM {CHOSEN} AS {relation.alias} {joins} GROUP BY 1'


def bound(relation: Relation, place: int, numbers: list[str]) -> str:
    """Return how many rows of a join one row of a table becomes at most: collections multiply, what is below adds."""
    factors = ["1"]
    for number, _ in relation.children_of(place):
        below = f" + {bound(relation, number, numbers)}" if relation.children_of(number) else ""
        factors.append(f"greatest(1, {numbers[number - 1]}{below})")
    return " * ".join(factors)
