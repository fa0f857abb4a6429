"""A table, a view or a query of the reader's: which columns are read, and what class their values have."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql

from bench.errors import UserError, address, visible
from bench.relations import catalog, samples
from bench.relations.attributes import attributes
from bench.relations.samples import Values
from bench.relations.statements import SYNTAX_ERROR, Field, StatementError, described, subquery

# How many rows are looked at for the classes of the values.
SAMPLE = 1000
# So many blocks show what a row takes to 10 %, where it varies over the table as evenly as from nothing to the double:
# by 0.58 of the mean, and twice that is divided by the root of their number.
ENOUGH_BLOCKS = 140
# A sample of blocks may have more rows than are expected, by no more than this factor.
EXCESS = 2
FORBIDDEN = "this role may not read it"


@dataclass(frozen=True)
class Column:
    """A column: its name, the attribute that holds it in a class, and its values' class (`int`), or `Any`."""

    name: str
    attribute: str
    type: str


@dataclass(frozen=True)
class LeftOut:
    """A column that is not read, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Relation:
    """What rows are read from: `source` is how it stands after FROM, `schema` and `name` are empty for a query."""

    source: str
    columns: tuple[Column, ...]
    schema: str = ""
    name: str = ""
    # The columns that tell a row from all others: the primary key's, or those of a unique index without NULLs.
    key: tuple[str, ...] = ()
    # Whether that is the primary key, or why there is none.
    key_is_primary: bool = False
    keyless: str = ""
    # Its number in the catalog, 0 for a query.
    oid: int = 0
    # What all columns of the source are called in the statement, those left out too; nothing: as the columns are.
    aliases: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    # Mean bytes of a row's values as the server sends them, in text.
    width: float = 0
    # What share of its blocks is read, in percent, chosen over the whole table; 0: the first rows are.
    sample: float = 0

    @property
    def statement(self) -> str:
        """The SQL that reads all rows, its columns called as the attributes are."""
        attributes = [column.attribute for column in self.columns]
        return select(self.source, attributes, self.aliases or attributes, self.sample)


def select(source: str, attributes: Sequence[str], aliases: Sequence[str], sample: float) -> str:
    """Return the SQL that reads these columns of a source, all of which are called so, or of a sample of its blocks.

    The same blocks every time: https://www.postgresql.org/docs/current/sql-select.html#SQL-TABLESAMPLE
    """
    names, all_names = (", ".join(f'"{name}"' for name in some) for some in (attributes, aliases))
    chosen = f" TABLESAMPLE SYSTEM ({sample}) REPEATABLE (0)" if sample else ""
    return f"SELECT {names} FROM {source} AS relation({all_names}){chosen}"


def from_json(found: Mapping[str, Any]) -> Relation:
    """Return the relation that `dataclasses.asdict` and JSON made that of."""
    columns = tuple(Column(**column) for column in found["columns"])
    left_out = tuple(LeftOut(**column) for column in found["left_out"])
    lists = {name: tuple(found[name]) for name in ("key", "aliases")}
    return Relation(**{**found, **lists, "columns": columns, "left_out": left_out})


def describe(connection: "psycopg.Connection[Any]", text: str, rows: int = SAMPLE, *, empty: bool = False) -> Relation:
    """Return the relation of that name, quoted as in SQL, or the query, by the rows that are read if so many are.

    The columns that cannot be read are left out. Raises UserError, where there are no rows, too, unless it may be
    `empty`; and psycopg.Error where the query fails.
    """
    text = text.strip("; \t\r\n\f\v")
    if not text:
        raise UserError("nothing is named: name a table, or give a SELECT")
    if text.encode(errors="ignore").decode() != text:
        raise UserError("the table's name or the query is no text in UTF-8")
    found = catalog.find(connection, text)
    source = sql.Identifier(found.schema, found.name).as_string() if found else query(connection, text)
    fields = described(connection, f"SELECT * FROM {source} AS relation")
    if not fields:
        raise UserError("the table has no columns, so that there is nothing to measure")
    tables = catalog.forbidden(connection, fields)
    if all(tables) or (any(tables) and not found):
        raise UserError(f"no right to read {visible(max(tables))} at {address()}: grant SELECT on it")
    in_utf8 = connection.pgconn.parameter_status(b"server_encoding") == b"UTF8"
    aliases = tuple(attributes([one.name for one in fields], in_utf8))
    types = {alias: one.type for alias, one, table in zip(aliases, fields, tables, strict=True) if not table}
    sample = share(connection, found.oid, rows) if found else 0.0
    relation, seen = look(connection, Relation(source, (), aliases=aliases, sample=sample), types, rows)
    relation = as_seen(relation, fields, seen, empty)
    hashable = {column.name for column in relation.columns if seen[column.attribute].hashable}
    return named(connection, relation, found, hashable) if found else replace(relation, keyless="a query has none")


def look(
    connection: "psycopg.Connection[Any]", relation: Relation, types: Mapping[str, int], rows: int
) -> tuple[Relation, dict[str, Values]]:
    """Return what so many rows show of these columns, given with their types' numbers; and how they were chosen."""

    def statement(names: Sequence[str]) -> str:
        return select(relation.source, names, relation.aliases, relation.sample)

    seen = samples.look_at(connection, types, statement, EXCESS * rows if relation.sample else rows)
    if relation.sample and not any(values.rows for values in seen.values()):
        # Most rows were deleted since the server counted them, and the chosen blocks are empty.
        return look(connection, replace(relation, sample=0), types, rows)
    return relation, seen


def as_seen(relation: Relation, fields: Sequence[Field], seen: Mapping[str, Values], empty: bool) -> Relation:
    """Return the relation with the columns that can be read, and those that cannot. Raises UserError."""
    columns, left_out = [], []
    for alias, one in zip(relation.aliases, fields, strict=True):
        values = seen.get(alias, Values(fault=FORBIDDEN))
        if values.fault:
            left_out.append(LeftOut(one.name, values.fault))
        else:
            columns.append(Column(one.name, alias, values.type))
    if not columns:
        raise UserError(f"no column can be read: {visible(left_out[0].name)}: {left_out[0].reason}")
    rows = seen[columns[0].attribute].rows
    if not rows and not empty:
        raise UserError("the table or query has no rows, so that there is nothing to measure")
    width = sum(seen[column.attribute].size for column in columns) / (rows or 1)
    return replace(relation, columns=tuple(columns), left_out=tuple(left_out), width=width)


def named(
    connection: "psycopg.Connection[Any]", relation: Relation, found: catalog.Found, hashable: Set[str]
) -> Relation:
    """Return the relation with its name, and the first of its keys that can be an entity's."""
    relation = replace(relation, schema=found.schema, name=found.name, oid=found.oid)
    keys = catalog.keys(connection, found.oid)
    for primary, key in keys:
        if set(key) <= hashable:
            return replace(relation, key=key, key_is_primary=primary)
    if not keys:
        return replace(relation, keyless="it has neither primary key nor unique index of NOT NULL columns")
    fault = next(name for name in keys[0][1] if name not in hashable)
    read = any(column.name == fault for column in relation.columns)
    why = "has values that cannot be hashed" if read else "is left out"
    return replace(relation, keyless=f"column {visible(fault)} of its key {why}")


def share(connection: "psycopg.Connection[Any]", oid: int, rows: int) -> float:
    """Return in what share of a table's blocks about so many rows lie, in percent; 0 where that cannot be chosen.

    That is where the table has no more rows, where it is not known how many, or where too few blocks would be chosen.
    """
    total = catalog.row_estimate(connection, oid)
    if not total or total <= rows or catalog.blocks(connection, oid) * rows < ENOUGH_BLOCKS * total:
        return 0.0
    return 100 * rows / total


def query(connection: "psycopg.Connection[Any]", text: str) -> str:
    """Return a query as it stands after FROM. Raises UserError where the text is none."""
    try:
        return subquery(connection, text)
    except StatementError as refused:
        if refused.state != SYNTAX_ERROR or refused.position != 0:
            raise
        raise UserError(f"{visible(text)} is neither a table's name, quoted as in SQL, nor a query") from None


def row_estimate(connection: "psycopg.Connection[Any]", relation: Relation) -> int | None:
    """Return how many rows the table had when it was last analysed; None if that is not known."""
    return catalog.row_estimate(connection, relation.oid)


def row_count(connection: "psycopg.Connection[Any]", relation: Relation) -> int:
    """Return how many rows there are now. Raises psycopg.Error."""
    found = connection.execute(f"SELECT count(*) FROM {relation.source} AS relation".encode()).fetchone()
    assert found
    return int(found[0])


def required(connection: "psycopg.Connection[Any]", relation: Relation) -> set[str]:
    """Return the names of the columns that cannot be NULL, as far as the server knows: none of a view's or query's."""
    return catalog.required(connection, relation.oid)


def sql_names(connection: "psycopg.Connection[Any]", names: Sequence[str]) -> list[str]:
    """Return names as one writes them in SQL, quoted where that is needed."""
    found = connection.execute(
        "SELECT quote_ident(name) FROM unnest(%s::text[]) WITH ORDINALITY AS names(name, place) ORDER BY place",
        [list(names)],
    )
    return [name for [name] in found]
