"""A relation's children, and theirs: the tables that are read with it, along foreign keys."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg

from bench.errors import UserError, visible
from bench.relations import catalog
from bench.relations.attributes import attributes
from bench.relations.data import Child, Found, Link, Relation
from bench.relations.describing import describe
from bench.relations.foreign_keys import Segment, parsed, resolve
from bench.relations.joins import AS_TEXT, OF_ARRAYS
from bench.relations.statements import described


def with_children(connection: "psycopg.Connection[Any]", root: Relation, text: str) -> Relation:
    """Return the relation with the children that `--with` names, seen from it. Raises UserError."""
    if not root.name:
        raise UserError("a query has no foreign keys: name the table itself, so that --with can follow its keys")
    children: list[Child] = []
    for path in parsed(text):
        place, left = 0, tuple(path)
        while left:
            place, left = follow(connection, root, children, place, left)
    steps = [step for child in children for step in child.link.steps]
    alias, *aliases = attributes([root.name, *(step.table.name for step in steps)])
    names = [part for step in steps for part in (step.table.schema, step.table.name, *step.here, *step.there)]
    columns = [column.name for child in children for column in child.relation.columns]
    quotes = {**root.quotes, **catalog.quoted(connection, [alias, *aliases, *names, *columns])}
    labelled = with_labels(root, with_attributes(root, children), aliases)
    called = (replace(child, aliases=tuple(quotes[name] for name in child.aliases)) for child in labelled)
    return replace(root, children=tuple(called), quotes=quotes, alias=quotes[alias])


def with_labels(root: Relation, children: Sequence[Child], aliases: Sequence[str]) -> list[Child]:
    """Return the children with what their tables are called, and their columns in a result: the root's keep theirs."""
    left = iter(aliases)
    own = [[next(left) for _ in child.link.steps] for child in children]
    taken = [column.name for column in root.columns]
    taken = list(dict.fromkeys([*taken, *(name for child in children for name in child.link.steps[0].there)]))
    others = [
        f"{names[-1]}_{column.name}"
        for child, names in zip(children, own, strict=True)
        for column in child.relation.columns
    ]
    labels = iter(attributes([*taken, *others])[len(taken) :])
    return [
        replace(child, aliases=tuple(names), labels=tuple(next(labels) for _ in child.relation.columns))
        for child, names in zip(children, own, strict=True)
    ]


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
    relation = replace(describe(connection, name, empty=True), sample=0)
    readable(relation, link.steps[-1].there)
    columns = {*link.steps[0].there}
    unique = len(link.steps) == 1 and any(columns >= {*key} for _, key in catalog.keys(connection, link.table.oid))
    children.append(Child(place, link, relation, link.to_many and not unique, casts=casts(connection, relation)))
    return len(children), path[taken:]


def readable(relation: Relation, columns: Sequence[str]) -> None:
    """Raise UserError where the columns of a key are not all read."""
    for left_out in relation.left_out:
        if left_out.name in columns:
            table, column = visible(relation.name), visible(left_out.name)
            raise UserError(f"column {column} of {table}, a foreign key's, cannot be read: {left_out.reason}")


def casts(connection: "psycopg.Connection[Any]", relation: Relation) -> dict[str, str]:
    fields = described(connection, f"SELECT * FROM {relation.source} AS relation")
    statement = "SELECT attname::text, atttypid FROM pg_catalog.pg_attribute WHERE attrelid = %s AND attnum > 0"
    types = dict(connection.execute(statement.encode(), [relation.oid]).fetchall())
    needed = {}
    for field in fields:
        known = connection.adapters.types.get(field.type)
        if not known:
            needed[field.name] = AS_TEXT
        elif field.type == known.array_oid:
            needed[field.name] = OF_ARRAYS
        else:  # a domain has a type of its own
            needed[field.name] = "" if types[field.name] == field.type else f"::{known.regtype}"
    return needed


def with_attributes(root: Relation, children: Sequence[Child]) -> list[Child]:
    """Return the children with their attributes, each called as its table, and with their paths."""
    tables = [root, *(child.relation for child in children)]
    names: dict[tuple[int, Link], str] = {}
    for table in {table.oid: table for table in tables}.values():
        links = list(dict.fromkeys(child.link for child in children if tables[child.parent].oid == table.oid))
        columns = [column.attribute for column in table.columns]
        own = attributes([*columns, *(link.table.name for link in links)])[len(columns) :]
        names |= {(table.oid, link): name for link, name in zip(links, own, strict=True)}
    named: list[Child] = []
    for child in children:
        attribute = names[tables[child.parent].oid, child.link]
        above = f"{named[child.parent - 1].path}." if child.parent else ""
        named.append(replace(child, attribute=attribute, path=f"{above}{attribute}"))
    return named
