"""What is known before anything is read: how the reader's own psycopg would read, and which keys have no index."""

import os
from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bench.relations.catalog import PARTS
from bench.relations.data import Relation, Step

# A table of fewer rows is read in no time; one that was never analysed has as many as there are such parts of its size.
MANY, ROW_BYTES = 5000, 100
# Of the table and its partitions, those that no index helps, which begins with one of these columns and knows equality.
# BRIN only says in which blocks they may be.
UNINDEXED = f"""{PARTS}
SELECT coalesce(sum(CASE WHEN reltuples < 0 THEN pg_relation_size(part.oid) / %s ELSE reltuples END), 0)::float8
FROM pg_catalog.pg_class AS part JOIN parts ON part.oid = number
WHERE relkind = 'r' AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_index JOIN pg_catalog.pg_class AS index ON index.oid = indexrelid
    JOIN pg_catalog.pg_am ON pg_am.oid = index.relam
    JOIN pg_catalog.pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
    JOIN pg_catalog.pg_opclass ON pg_opclass.oid = indclass[0]
    JOIN pg_catalog.pg_amop ON amopfamily = opcfamily
    JOIN pg_catalog.pg_operator ON pg_operator.oid = amopopr
    WHERE indrelid = part.oid AND indisvalid AND amname <> 'brin' AND oprname = '=' AND attname = ANY(%s)
    AND (indpred IS NULL OR pg_catalog.pg_get_expr(indpred, indrelid) = ANY(%s::text[]))
)
"""


def own_encoding(connection: "psycopg.Connection[Any]", url: str) -> str:
    """Return in which encoding psycopg would read at this address by itself; nothing where that is UTF-8."""
    asked = conninfo_to_dict(url).get("client_encoding") or os.environ.get("PGCLIENTENCODING")
    statement = (
        "SELECT pg_catalog.pg_encoding_to_char(pg_catalog.pg_char_to_encoding(coalesce(%s, reset_val)::name)) "
        "FROM pg_catalog.pg_settings WHERE name = 'client_encoding'"
    )
    [encoding] = connection.execute(statement.encode(), [asked]).fetchone() or [""]
    return "" if encoding == "UTF8" else encoding


def unindexed(connection: "psycopg.Connection[Any]", relation: Relation) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return, as SQL has them, the large tables that are read along columns without an index, and these columns."""
    steps = dict.fromkeys(step for child in relation.children for step in child.link.steps)
    found = {}
    for step in steps:
        table = f"{relation.quotes[step.table.schema]}.{relation.quotes[step.table.name]}"
        columns = tuple(relation.quotes[name] for name in step.there)
        if (table, columns) not in found:
            found[table, columns] = rows_without_index(connection, step, columns)
    return tuple(key for key, rows in found.items() if rows >= MANY)


def rows_without_index(connection: "psycopg.Connection[Any]", step: Step, columns: Iterable[str]) -> float:
    """Return how many rows lie where no index leads to them. A predicate that equality implies does no harm."""
    implied = [f"({column} IS NOT NULL)" for column in columns]
    values = [step.table.oid, ROW_BYTES, list(step.there), [*implied, f"({' AND '.join(implied)})"]]
    answer = connection.execute(UNINDEXED.encode(), values).fetchone()
    return answer[0] if answer else 0.0
