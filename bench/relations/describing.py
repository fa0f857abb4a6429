"""A table, a view or a query of the reader's: which columns are read, and what class their values have."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import sql

from bench.errors import UserError, address, visible
from bench.relations import catalog, samples, statements
from bench.relations.attributes import attributes
from bench.relations.data import Found, LeftOut, ReadColumn, Relation, select
from bench.relations.samples import Sampled
from bench.relations.statements import Field, described

# How many rows are looked at for the classes of the values.
SAMPLE = 1000
# A sample of blocks may have more rows than are expected, by no more than this factor.
EXCESS = 2
FORBIDDEN = "this role may not read it"
NO_ROWS = "the table or query has no rows, so that there is nothing to measure"
NO_ROWS_SEEN = "the table or query has no rows that this role may see, for it has row-level security"


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
    listed = catalog.find(connection, text)
    source = sql.Identifier(listed.schema, listed.name).as_string() if listed else statements.query(connection, text)
    fields = described(connection, f"SELECT * FROM {source} AS relation")
    if not fields:
        raise UserError("the table has no columns, so that there is nothing to measure")
    with catalog.catalog_first(connection):
        tables, stored = catalog.forbidden(connection, fields), catalog.types(connection, fields)
        sample = samples.share(connection, listed.oid, rows) if listed else 0.0
        without_rows = NO_ROWS_SEEN if catalog.has_hidden_rows(connection, fields) else NO_ROWS
    if all(tables) or (any(tables) and not listed):
        raise UserError(f"no right to read {visible(max(tables))} at {address()}: grant SELECT on it")
    in_utf8 = connection.pgconn.parameter_status(b"server_encoding") == b"UTF8"
    aliases = tuple(attributes([field.name for field in fields], in_utf8))
    types = {alias: field.type for alias, field, table in zip(aliases, fields, tables, strict=True) if not table}
    relation, seen = look(connection, Relation(source, (), aliases=aliases, sample=sample), types, rows)
    relation = as_seen(relation, fields, stored, seen, "" if empty else without_rows)
    if not listed:
        return replace(relation, keyless="a query has none")
    with catalog.catalog_first(connection):
        return named(connection, relation, listed, {name for name, values in seen.items() if values.hashable})


def look(
    connection: "psycopg.Connection[Any]", relation: Relation, types: Mapping[str, int], rows: int
) -> tuple[Relation, dict[str, Sampled]]:
    """Return what so many rows show of these columns, given with their types' numbers; and how they were chosen."""

    def statement(names: Sequence[str]) -> str:
        return select(relation.source, names, relation.aliases, relation.sample)

    seen = samples.look_at(connection, types, statement, EXCESS * rows if relation.sample else rows)
    if relation.sample and not any(values.rows for values in seen.values()):
        # Most rows were deleted since the server counted them, and the chosen blocks are empty.
        return look(connection, replace(relation, sample=0), types, rows)
    return relation, seen


def as_seen(
    relation: Relation, fields: Sequence[Field], stored: Sequence[str], seen: Mapping[str, Sampled], without_rows: str
) -> Relation:
    """Return the relation with the columns that can be read, and those that cannot.

    Raises UserError, where there are no rows, too, if there is anything to say of that.
    """
    columns, left_out = [], []
    for alias, field, kind in zip(relation.aliases, fields, stored, strict=True):
        values = seen.get(alias, Sampled(fault=FORBIDDEN))
        if values.fault:
            left_out.append(LeftOut(field.name, values.fault))
        else:
            rows = values.rows or 1
            columns.append(ReadColumn(field.name, alias, values.type, kind, values.size / rows, values.nested / rows))
    if not columns:
        raise UserError(f"no column can be read: {visible(left_out[0].name)}: {left_out[0].reason}")
    if without_rows and not seen[columns[0].attribute].rows:
        raise UserError(without_rows)
    return replace(relation, columns=tuple(columns), left_out=tuple(left_out))


def named(connection: "psycopg.Connection[Any]", relation: Relation, table: Found, hashable: Set[str]) -> Relation:
    """Return the relation with its names, and the first of its keys whose attributes are hashable: an entity's."""
    names = {column.name: column.attribute for column in relation.columns}
    relation = replace(
        relation,
        schema=table.schema,
        name=table.name,
        oid=table.oid,
        required=frozenset(catalog.required(connection, table.oid)),
        written=frozenset(catalog.written(connection, table.oid)),
        quotes=catalog.quoted(connection, [table.schema, table.name, *names]),
    )
    keys = catalog.keys(connection, table.oid)
    for primary, key in keys:
        if all(names.get(name) in hashable for name in key):
            return replace(relation, key=key, key_is_primary=primary)
    if not keys:
        return replace(relation, keyless="it has neither primary key nor unique index of NOT NULL columns")
    fault = next(name for name in keys[0][1] if names.get(name) not in hashable)
    why = "has values that cannot be hashed" if fault in names else "is left out"
    return replace(relation, keyless=f"column {visible(fault)} of its key {why}")
