"""A table, a view or a query of the reader's: what its columns are called, and what class their values have."""

from errors import UserError, address

import keyword
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

QUERY = re.compile(r"\s*(SELECT|WITH|VALUES|TABLE|\()(?!\w)", re.IGNORECASE)
# The relations that hold rows (https://www.postgresql.org/docs/16/catalog-pg-class.html).
KINDS = "rvmpf"
# How many rows are looked at for the classes of the values.
SAMPLE = 1000
# What a class may not have as an attribute: SQLAlchemy's declarative base reserves the first two
# (https://docs.sqlalchemy.org/en/21/orm/declarative_tables.html), `self` is a dataclass's own parameter.
TAKEN = frozenset(("metadata", "registry", "self"))


@dataclass(frozen=True)
class Column:
    """A column: its name, the attribute that holds it in a class, and its values' class (`int`), or `Any`."""

    name: str
    attribute: str
    type: str


@dataclass(frozen=True)
class Relation:
    """What rows are read from: `source` is how it stands after FROM, `schema` and `name` are empty for a query."""

    source: str
    columns: tuple[Column, ...]
    schema: str = ""
    name: str = ""
    # The columns that tell a row from all others: the primary key's, or those of a unique index without NULLs.
    key: tuple[str, ...] = ()

    @property
    def statement(self) -> str:
        """The SQL that reads all rows, its columns called as the attributes are."""
        names = ", ".join(f'"{column.attribute}"' for column in self.columns)
        return f"SELECT * FROM {self.source} AS relation({names})"


def connect(url: str, timeout: int) -> "psycopg.Connection[Any]":
    """Return a connection that can only read, and no statement of which takes more than `timeout` seconds."""
    connection = psycopg.connect(url, connect_timeout=10, autocommit=True)
    connection.execute(f"SET statement_timeout = '{timeout}s'")
    connection.autocommit = False
    connection.read_only = True
    return connection


def describe(connection: "psycopg.Connection[Any]", text: str) -> Relation:
    """Return the relation of that name, quoted as in SQL, or the query. Raises UserError and psycopg.Error."""
    if QUERY.match(text):
        return Relation(source := f"({text.rstrip().rstrip(';')}\n)", columns(connection, source))
    schema, name, oid = find(connection, text)
    source = f"{quoted(schema)}.{quoted(name)}"
    return Relation(source, columns(connection, source), schema, name, key(connection, oid))


def find(connection: "psycopg.Connection[Any]", text: str) -> tuple[str, str, int]:
    """Return a relation's schema, name and number. Raises UserError."""
    try:
        found = connection.execute(
            "SELECT nspname, relname, pg_class.oid, relkind FROM pg_class JOIN pg_namespace ON pg_namespace.oid "
            "= relnamespace WHERE pg_class.oid = to_regclass(%s)",
            [text],
        ).fetchone()
    except (psycopg.errors.SyntaxError, psycopg.errors.InvalidName, psycopg.errors.FeatureNotSupported):
        raise UserError(f"{text!r} is no name of a table: quote it as in SQL, or write a query: SELECT …") from None
    if not found:
        raise UserError(f"there is no table {text} at {address()}")
    schema, name, oid, kind = found
    if kind not in KINDS:
        raise UserError(f"{text} is no table or view")
    return schema, name, oid


def columns(connection: "psycopg.Connection[Any]", source: str) -> tuple[Column, ...]:
    """Return the columns with the classes of their values. Raises UserError where there is no column or no row."""
    cursor = connection.execute(f"SELECT * FROM {source} AS relation LIMIT {SAMPLE}".encode())
    names = [column.name for column in cursor.description or ()]
    if not names:
        raise UserError("the table or query has no columns, so that there is nothing to measure")
    rows = cursor.fetchall()
    if not rows:
        raise UserError("the table or query has no rows, so that there is nothing to measure")
    types = [common_type(values) for values in zip(*rows, strict=True)]
    return tuple(map(Column, names, attributes(names), types))


def common_type(values: Iterable[object]) -> str:
    """Return the name of the class that all values but NULL have, where the standard library has it; else `Any`."""
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) != 1:
        return "Any"
    [kind] = kinds
    if kind.__module__ == "builtins":
        return kind.__name__
    return f"{kind.__module__}.{kind.__name__}" if kind.__module__ in ("datetime", "decimal", "uuid") else "Any"


def attributes(names: Sequence[str]) -> list[str]:
    """Return for each column's name that of an attribute: an identifier that no class of any layer has taken."""
    import pydantic  # only here, for it is one of the layers

    taken = TAKEN | set(dir(pydantic.BaseModel))
    found: list[str] = []
    for name in names:
        attribute = re.sub(r"\W", "_", name).lstrip("_") or "column"
        if attribute[0].isdigit():
            attribute = f"column_{attribute}"
        if keyword.iskeyword(attribute) or attribute in taken:
            attribute += "_"
        unique, number = attribute, 1
        while unique in found or (unique != name and unique in names):
            number += 1
            unique = f"{attribute.rstrip('_')}_{number}"
        found.append(unique)
    return found


def key(connection: "psycopg.Connection[Any]", oid: int) -> tuple[str, ...]:
    """Return the names of the columns that tell a row from all others, else nothing."""
    found = connection.execute(
        """
        SELECT array_agg(attname::text ORDER BY place) FROM pg_index
        CROSS JOIN unnest(indkey) WITH ORDINALITY AS columns(number, place)
        JOIN pg_attribute ON attrelid = indrelid AND attnum = number
        WHERE indrelid = %s AND indisunique AND indisvalid AND indpred IS NULL AND place <= indnkeyatts
        GROUP BY indexrelid, indisprimary, indnkeyatts
        HAVING bool_and(attnotnull) AND count(*) = indnkeyatts
        ORDER BY indisprimary DESC, indnkeyatts, indexrelid LIMIT 1
        """,
        [oid],
    ).fetchone()
    return tuple(found[0]) if found else ()


def quoted(name: str) -> str:
    """Return an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
