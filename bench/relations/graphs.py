"""A relation with its children, and theirs: the tables that are read together, along their foreign keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from bench.errors import UserError, visible
from bench.relations import relations
from bench.relations.attributes import attributes
from bench.relations.catalog import Found, keys
from bench.relations.foreign_keys import Link, Segment, Step, parsed, resolve
from bench.relations.relations import Relation
from bench.relations.statements import described

# How an array of a column's values is made, where `array_agg` alone gives none that psycopg reads: of arrays, which may
# differ in length, it makes none; and an array of a type that psycopg does not know is one text.
OF_ARRAYS, AS_TEXT = "jsonb_agg", "::text"


@dataclass(frozen=True)
class Child:
    """A table that is read with another one: `parent` is its place in `Graph.relations`."""

    parent: int
    link: Link
    relation: Relation
    # Whether a parent may have many: its rows refer to the parent's, or another table joins them.
    many: bool
    # What the relationship is called as an attribute of the parent's class; and all from the root on.
    attribute: str = ""
    path: str = ""
    # What each column needs in an array, by its name: `OF_ARRAYS`, a cast, or nothing.
    casts: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Graph:
    """The root, its children and theirs, a parent before its children; no class has two attributes of one name."""

    root: Relation
    children: tuple[Child, ...]
    # Every name as one writes it in SQL; and what each table is called there: the root, and each step to a child.
    quotes: Mapping[str, str] = field(hash=False)
    aliases: tuple[tuple[str, ...], ...]
    # What each table's columns are called in a result, no two of them alike; and a name that no column has.
    labels: tuple[tuple[str, ...], ...]
    number: str

    @property
    def relations(self) -> tuple[Relation, ...]:
        """The tables, the root first; the same one as often as it is read."""
        return (self.root, *(child.relation for child in self.children))

    def children_of(self, place: int) -> list[tuple[int, Child]]:
        """Return the children of the table at a place among the relations, with their own places."""
        return [(number, child) for number, child in enumerate(self.children, 1) if child.parent == place]

    @property
    def keyless(self) -> str:
        """Why an entity of one of the tables has no key, if one has none."""
        return next((f"{visible(one.name)}: {one.keyless}" for one in self.relations if not one.key), "")


def describe(connection: "psycopg.Connection[Any]", root: Relation, text: str) -> Graph:
    """Return the graph that `--with` names, seen from the root. Raises UserError."""
    if not root.name:
        raise UserError("a query has no foreign keys: name the table itself, so that --with can follow its keys")
    children: list[Child] = []
    for path in parsed(text):
        place, left = 0, tuple(path)
        while left:
            place, left = follow(connection, root, children, place, left)
    named = with_names(root, children)
    tables = [[root.name], *([step.table.name for step in child.link.steps] for child in named)]
    names = iter(attributes([name for some in tables for name in some]))
    aliases = [[next(names) for _ in some] for some in tables]
    quotes = quoted(connection, root, named, [name for some in aliases for name in some])
    shown = labels(root, named, aliases)
    steps = [step for child in named for step in child.link.steps]
    taken = {
        *(name for some in shown for name in some),
        *(name for step in steps for name in (*step.here, *step.there)),
    }
    columns = {column.name for child in named for column in child.relation.columns}
    number = attributes([*sorted(taken | columns), "number_of_parent"])[-1]
    return Graph(
        root, tuple(named), quotes, tuple(tuple(quotes[one] for one in some) for some in aliases), shown, number
    )


def labels(root: Relation, children: Sequence[Child], aliases: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Return what the columns of each table are called in a result: the root's as they are."""
    own = [one.name for one in root.columns]
    others = [
        f"{names[-1]}_{one.name}"
        for child, names in zip(children, aliases[1:], strict=True)
        for one in child.relation.columns
    ]
    taken = list(dict.fromkeys([*own, *(name for child in children for name in child.link.steps[0].there)]))
    found = iter(attributes([*taken, *others])[len(taken) :])
    return (tuple(own), *(tuple(next(found) for _ in child.relation.columns) for child in children))


def follow(
    connection: "psycopg.Connection[Any]", root: Relation, children: list[Child], place: int, path: tuple[Segment, ...]
) -> tuple[int, tuple[Segment, ...]]:
    """Return the place of the child that the path's beginning names, which is added if it is new, and the rest."""
    parent = [root, *(child.relation for child in children)][place]
    link, taken = resolve(connection, Found(parent.oid, parent.schema, parent.name), path)
    for number, child in enumerate(children, 1):
        if (child.parent, child.link) == (place, link):
            return number, path[taken:]
    readable(parent, link.steps[0].here)
    name = ".".join('"' + part.replace('"', '""') + '"' for part in (link.table.schema, link.table.name))
    relation = replace(relations.describe(connection, name, empty=True), sample=0)
    readable(relation, link.steps[-1].there)
    columns = {*link.steps[0].there}
    unique = len(link.steps) == 1 and any(columns >= {*key} for _, key in keys(connection, link.table.oid))
    children.append(Child(place, link, relation, link.to_many and not unique, casts=casts(connection, relation)))
    return len(children), path[taken:]


def readable(relation: Relation, columns: Sequence[str]) -> None:
    """Raise UserError where the columns of a key are not all read."""
    for one in relation.left_out:
        if one.name in columns:
            table, column = visible(relation.name), visible(one.name)
            raise UserError(f"column {column} of {table}, a foreign key's, cannot be read: {one.reason}")


def casts(connection: "psycopg.Connection[Any]", relation: Relation) -> dict[str, str]:
    """Return what each column needs in an array."""
    fields = described(connection, f"SELECT * FROM {relation.source} AS relation")
    statement = "SELECT attname::text, atttypid FROM pg_catalog.pg_attribute WHERE attrelid = %s AND attnum > 0"
    types = dict(connection.execute(statement.encode(), [relation.oid]).fetchall())
    found = {}
    for one in fields:
        known = connection.adapters.types.get(one.type)
        if not known:
            found[one.name] = AS_TEXT
        elif one.type == known.array_oid:
            found[one.name] = OF_ARRAYS
        else:
            found[one.name] = "" if types[one.name] == one.type else f"::{known.regtype}"  # a domain's own type
    return found


def with_names(root: Relation, children: Sequence[Child]) -> list[Child]:
    """Return the children with their attributes, each called as its table, and with their paths."""
    tables = [root, *(child.relation for child in children)]
    named: dict[tuple[int, Link], str] = {}
    for table in {one.oid: one for one in tables}.values():
        found = list(dict.fromkeys(child.link for child in children if tables[child.parent].oid == table.oid))
        columns = [column.attribute for column in table.columns]
        own = attributes([*columns, *(link.table.name for link in found)])[len(columns) :]
        named |= {(table.oid, link): name for link, name in zip(found, own, strict=True)}
    paths = [""]
    done = []
    for child in children:
        attribute = named[tables[child.parent].oid, child.link]
        paths.append(f"{paths[child.parent]}.{attribute}".removeprefix("."))
        done.append(replace(child, attribute=attribute, path=paths[-1]))
    return done


def quoted(
    connection: "psycopg.Connection[Any]", root: Relation, children: Sequence[Child], aliases: Sequence[str]
) -> dict[str, str]:
    """Return each name that stands in a statement as one writes it in SQL."""
    steps = [step for child in children for step in child.link.steps]
    tables = [(root.schema, root.name), *((step.table.schema, step.table.name) for step in steps)]
    columns = [column.name for one in (root, *(child.relation for child in children)) for column in one.columns]
    names = {*columns, *aliases, *(part for table in tables for part in table)}
    names |= {name for step in steps for name in (*step.here, *step.there)}
    ordered = sorted(names)
    return dict(zip(ordered, relations.sql_names(connection, ordered), strict=True))


def from_json(found: Mapping[str, Any]) -> Graph:
    """Return the graph that `dataclasses.asdict` and JSON made that of."""
    children = tuple(
        Child(**{**one, "relation": relations.from_json(one["relation"]), "link": link_from_json(one["link"])})
        for one in found["children"]
    )
    aliases, labels = (tuple(map(tuple, found[name])) for name in ("aliases", "labels"))
    root = relations.from_json(found["root"])
    return Graph(root, children, found["quotes"], aliases, labels, found["number"])


def link_from_json(found: Mapping[str, Any]) -> Link:
    """Return a link that JSON made that of."""
    steps = (Step(Found(**one["table"]), tuple(one["here"]), tuple(one["there"])) for one in found["steps"])
    return Link(tuple(steps), found["to_many"])
