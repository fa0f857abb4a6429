"""How a table's rows lead to another's, by foreign keys: which there are, and which one a name means.

A name is that of a table whose rows refer to this one's, or to which this one's refer, or which a third table joins to
it. A column behind a colon tells several keys apart: `orders:buyer_id`. The column of an own key, by itself, names the
row that it refers to: `reports_to`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from bench.errors import UserError, visible
from bench.relations import catalog
from bench.relations.data import Found, Link, Step

# A part of a name, quoted as in SQL or not; and what stands between two of them.
PART = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^\s",.:](?:[^",.:]*[^\s",.:])?))\s*([,.:]|$)')
HOW = "write orders,addresses for two collections, orders.items for what orders have, orders:column for one key of more"
# So many names are listed.
MOST_LISTED = 10
# A partition has its table's keys once more. A temporal key (PostgreSQL 18) is no equality of columns.
KEYS = """
WITH keys AS (
    SELECT * FROM pg_catalog.pg_constraint
    WHERE contype = 'f' AND (conrelid = %(oid)s OR conrelid IN (
        SELECT conrelid FROM pg_catalog.pg_constraint WHERE contype = 'f' AND confrelid = %(oid)s
    )) AND coalesce(pg_catalog.to_jsonb(pg_constraint) ->> 'conperiod', 'false') = 'false'
)
SELECT keys.oid, conrelid, own.nspname, referring.relname, confrelid, other.nspname, referred.relname,
    {conkey}, {confkey}
FROM keys
JOIN pg_catalog.pg_class AS referring ON referring.oid = conrelid
JOIN pg_catalog.pg_namespace AS own ON own.oid = referring.relnamespace
JOIN pg_catalog.pg_class AS referred ON referred.oid = confrelid
JOIN pg_catalog.pg_namespace AS other ON other.oid = referred.relnamespace
WHERE conparentid = 0 OR NOT (
    (referring.relispartition AND conrelid <> %(oid)s) OR (referred.relispartition AND confrelid <> %(oid)s)
)
ORDER BY referring.relname, referred.relname, keys.oid
"""
COLUMNS = """(
    SELECT array_agg(attname::text ORDER BY place) FROM unnest({0}) WITH ORDINALITY AS columns(number, place)
    JOIN pg_catalog.pg_attribute ON attrelid = {1} AND attnum = number
)"""


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key: of which table's columns, to which table's."""

    oid: int
    referring: Found
    referred: Found
    columns: tuple[str, ...]
    to: tuple[str, ...]


@dataclass(frozen=True)
class NamePart:
    """A part of a name as it was written; without quotes, capitals are like small letters."""

    text: str
    quoted: bool

    def means(self, name: str) -> bool:
        return name == self.text or (not self.quoted and name.casefold() == self.text.casefold())


# A name and what stands behind its colons.
Segment = tuple[NamePart, ...]


def parsed(text: str) -> list[list[Segment]]:
    """Return the paths in a text, each of them segments between dots. Raises UserError."""
    paths: list[list[list[NamePart]]] = [[[]]]
    place, end = 0, "."
    while end:
        part = PART.match(text, place)
        if not part:
            raise UserError(f"--with '{visible(text)}' cannot be read: {HOW}")
        quoted, plain, end = part.groups()
        paths[-1][-1].append(NamePart(quoted.replace('""', '"') if quoted else plain, bool(quoted)))
        place = part.end()
        if end == ".":
            paths[-1].append([])
        elif end == ",":
            paths.append([[]])
    return [[tuple(segment) for segment in path] for path in paths]


def links(connection: "psycopg.Connection[Any]", oid: int) -> list[Link]:
    """Return how a table's rows lead to others, along one key first, then through a table between."""
    statement = KEYS.format(conkey=COLUMNS.format("conkey", "conrelid"), confkey=COLUMNS.format("confkey", "confrelid"))
    keys = [
        ForeignKey(number, Found(*tables[:3]), Found(*tables[3:]), tuple(columns), tuple(to))
        for number, *tables, columns, to in connection.execute(statement.encode(), {"oid": oid})
    ]
    inwards = [key for key in keys if key.referred.oid == oid]
    direct = [Link((Step(key.referring, key.to, key.columns),), to_many=True) for key in inwards]
    direct += [
        Link((Step(key.referred, key.columns, key.to),), to_many=False) for key in keys if key.referring.oid == oid
    ]
    through = [
        Link((Step(key.referring, key.to, key.columns), Step(other.referred, other.columns, other.to)), to_many=True)
        for key in inwards
        for other in keys
        if other.referring.oid == key.referring.oid != oid and other.oid != key.oid
    ]
    return direct + through


def matching(known: Sequence[Link], segment: Segment, schema: NamePart | None = None) -> list[Link]:
    """Return which of the links a segment means: those through a table only where no other is meant."""
    name, *behind = segment

    def meant(link: Link) -> bool:
        own = not link.to_many and not behind and not schema and any(map(name.means, link.steps[0].here))
        named = name.means(link.table.name) and (not schema or schema.means(link.table.schema))
        return own or (named and all(any(map(part.means, link.qualifiers)) for part in behind))

    candidates = [link for link in known if meant(link)]
    return [link for link in candidates if len(link.steps) == 1] or candidates


def resolve(connection: "psycopg.Connection[Any]", table: Found, path: Sequence[Segment]) -> tuple[Link, int]:
    """Return what the beginning of a path means, seen from a table, and how many segments that takes.

    Raises UserError where it means nothing, or several things.
    """
    known = links(connection, table.oid)
    taken, meant = 1, matching(known, path[0])
    if not meant and len(path) > 1 and len(path[0]) == 1:
        taken, meant = 2, matching(known, path[1], path[0][0])
    if len(meant) == 1:
        return meant[0], taken
    own = visible(table.name)
    if meant:
        other, written_so = visible(meant[0].table.name), listed(meant, known, " or ")
        if len({key_of(link) for link in meant}) == 1:
            raise UserError(f"the foreign key between {own} and {other} leads both ways: write {written_so}")
        raise UserError(f"several foreign keys lie between {own} and {other}: write {written_so}")
    name, *behind = path[0]
    there = (
        f"--with takes {listed(known, known, ', ')}" if known else f"{own} has no foreign key, and none refers to it"
    )
    word = '"' + name.text.replace('"', '""') + '"' if name.quoted else name.text
    if not catalog.exists(connection, name.text):
        raise UserError(f"{catalog.missing(connection, word)}; {there}")
    word = ":".join([word, *(part.text for part in behind)])
    raise UserError(f"no foreign key lies between {own} and {visible(word)}: {there}")


def key_of(link: Link) -> tuple[object, ...]:
    """Return what a link and the one back along the same key of a table to itself have in common."""
    if len(link.steps) > 1:
        return (link,)
    [step] = link.steps
    return (step.there, step.here) if link.to_many else (step.here, step.there)


def listed(some: Sequence[Link], known: Sequence[Link], between: str) -> str:
    """Return how one writes some of the links, no two of them alike."""
    words = list(dict.fromkeys(spelled(link, known) for link in some))
    more = [f"{len(words) - MOST_LISTED} more"] if len(words) > MOST_LISTED else []
    return visible(between.join([*words[:MOST_LISTED], *more]))


def spelled(link: Link, known: Sequence[Link]) -> str:
    """Return the shortest text that means this link and no other."""
    texts = list(spellings(link))
    return next((text for text in texts if meaning(text, known) == [link]), texts[-1])


def meaning(text: str, known: Sequence[Link]) -> list[Link]:
    [path] = parsed(text)
    schema = path[0][0] if len(path) > 1 else None
    return matching(known, path[-1], schema)


def spellings(link: Link) -> Iterator[str]:
    """Yield how one may write a link, the shortest first."""
    table, schema = written(link.table.name), written(link.table.schema)
    yield table
    yield f'"{link.table.name}"'
    if link.to_many:
        yield from (f"{table}:{written(column)}" for column in link.qualifiers)
        yield f"{table}:{':'.join(map(written, link.qualifiers))}"
        yield from (f"{schema}.{table}:{written(column)}" for column in link.qualifiers)
    else:
        yield from map(written, link.steps[0].here)
    yield f"{schema}.{table}"


def written(name: str) -> str:
    """Return a name as one writes it here, quoted where that is needed."""
    return name if re.fullmatch(r"\w+", name) else '"' + name.replace('"', '""') + '"'
