"""A table, a view or a query of the reader's: what its columns are called, and what class their values have."""

import difflib
import keyword
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from errors import UserError, address

# What a query begins with, after comments; alone, such a word may be a table's name.
QUERY = re.compile(r"(\s|--.*\n|/\*(.|\n)*?\*/)*(\(|(SELECT|WITH|VALUES|TABLE)\b(?=.*\S))", re.IGNORECASE)
# What may follow a query and has no place in a subquery; a comment with a quote may be the end of a text.
END = re.compile(r"(\s*;(\s|--[^\n'\"$]*(\n|$))*)+$")
# A name as it stands in SQL, if need be with its schema.
NAME = re.compile(r"""\s*(("([^"]|"")+"|[^\W\d][\w$]*)\s*(\.\s*(?=\S)|$)){1,3}""")
# The relations that hold rows (https://www.postgresql.org/docs/16/catalog-pg-class.html).
KINDS = "rvmpf"
# How many rows are looked at for the classes of the values.
SAMPLE = 1000
# The longest name that PostgreSQL does not cut, in bytes
# (https://www.postgresql.org/docs/16/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS).
LONGEST = 63
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
    connection.execute("SET default_transaction_read_only = on")
    connection.autocommit = False
    connection.read_only = True
    return connection


def describe(connection: "psycopg.Connection[Any]", text: str) -> Relation:
    """Return the relation of that name, quoted as in SQL, or the query. Raises UserError and psycopg.Error."""
    if QUERY.match(text):
        return Relation(source := f"({END.sub('', text)}\n)", columns(connection, source))
    schema, name, oid = find(connection, text)
    source = f"{quoted(schema)}.{quoted(name)}"
    return Relation(source, columns(connection, source), schema, name, key(connection, oid))


def find(connection: "psycopg.Connection[Any]", text: str) -> tuple[str, str, int]:
    """Return a relation's schema, name and number. Raises UserError."""
    if not NAME.fullmatch(text):
        raise UserError(f"{text!r} is neither a table's name, quoted as in SQL, nor a query, which begins with SELECT")
    found = connection.execute(
        "SELECT nspname, relname, pg_class.oid, relkind FROM pg_class JOIN pg_namespace ON pg_namespace.oid "
        "= relnamespace WHERE pg_class.oid = to_regclass(%s)",
        [text],
    ).fetchone()
    if not found:
        similar = " or ".join(nearest(connection, text))
        raise UserError(f"there is no table {text} at {address()}" + (f": is it {similar}?" if similar else ""))
    schema, name, oid, kind = found
    if kind not in KINDS:
        raise UserError(f"{text} at {address()} is no table or view")
    return schema, name, oid


def nearest(connection: "psycopg.Connection[Any]", text: str) -> list[str]:
    """Return the names, with their schemas, of the relations whose names are most like that one."""
    found = connection.execute(
        "SELECT quote_ident(nspname), quote_ident(relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid "
        "= relnamespace WHERE relkind = ANY(%s) AND has_schema_privilege(pg_namespace.oid, 'USAGE') "
        "AND nspname !~ '^pg_(toast|temp)' ORDER BY nspname ~ '^pg_|^information_schema', nspname, relname",
        [list(KINDS)],
    ).fetchall()

    def plain(name: str) -> str:
        return name.replace('"', "").casefold()

    by_name: dict[str, list[str]] = {}
    for schema, name in found:
        by_name.setdefault(plain(f"{schema}.{name}" if "." in text else name), []).append(f"{schema}.{name}")
    return [name for near in difflib.get_close_matches(plain(text), by_name) for name in by_name[near]][:3]


def columns(connection: "psycopg.Connection[Any]", source: str) -> tuple[Column, ...]:
    """Return the columns with the classes of their values. Raises UserError where there is no column or no row."""
    # With a parameter, for then the server takes one statement only, and none can follow that ends the transaction.
    statement = f"SELECT * FROM {source.replace('%', '%%')} AS relation LIMIT %s"
    cursor = connection.execute(statement.encode(), [SAMPLE])
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
        plain = unicodedata.normalize("NFKC", name)  # as Python reads it
        attribute = "".join(char if f"x{char}".isidentifier() else "_" for char in plain).lstrip("_") or "column"
        if not attribute.isidentifier():
            attribute = f"column_{attribute}"
        if keyword.iskeyword(attribute) or attribute in taken:
            attribute += "_"
        unique, number = cut(attribute, LONGEST), 1
        while unique in found or (unique != name and unique in names):
            number += 1
            unique = f"{cut(attribute.rstrip('_'), LONGEST - 5)}_{number}"
        found.append(unique)
    return found


def cut(text: str, size: int) -> str:
    """Return as much of the text as fits so many bytes."""
    return text.encode()[:size].decode(errors="ignore")


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


def is_primary_key(connection: "psycopg.Connection[Any]", relation: Relation) -> bool:
    """Return whether the relation's key is its primary one."""
    found = connection.execute(
        "SELECT 1 FROM pg_index WHERE indrelid = to_regclass(%s) AND indisprimary", [relation.source]
    )
    return found.fetchone() is not None


def required(connection: "psycopg.Connection[Any]", relation: Relation) -> set[str]:
    """Return the names of the columns that cannot be NULL, as far as the server knows: none of a view's or query's."""
    if not relation.name:
        return set()
    found = connection.execute(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND attnotnull",
        [relation.source],
    )
    return {name for [name] in found}


def row_estimate(connection: "psycopg.Connection[Any]", relation: Relation) -> int | None:
    """Return how many rows the table and its partitions had when they were last analysed; None if that is not known."""
    found = connection.execute(
        """
        WITH RECURSIVE parts(number) AS (
            SELECT to_regclass(%s)::oid UNION SELECT inhrelid FROM pg_inherits JOIN parts ON inhparent = number
        )
        SELECT CASE WHEN min(reltuples) >= 0 AND sum(reltuples) > 0 THEN sum(reltuples)::bigint END
        FROM pg_class JOIN parts ON oid = number WHERE relkind IN ('r', 'm', 'f')
        """,
        [relation.source if relation.name else None],
    ).fetchone()
    return found[0] if found else None


def row_count(connection: "psycopg.Connection[Any]", relation: Relation) -> int:
    """Return how many rows there are now. Raises psycopg.Error."""
    found = connection.execute(f"SELECT count(*) FROM {relation.source} AS relation".encode()).fetchone()
    assert found
    return int(found[0])


def sql_names(connection: "psycopg.Connection[Any]", names: Sequence[str]) -> list[str]:
    """Return names as one writes them in SQL, quoted where that is needed."""
    found = connection.execute(
        "SELECT quote_ident(name) FROM unnest(%s::text[]) WITH ORDINALITY AS names(name, place) ORDER BY place",
        [list(names)],
    )
    return [name for [name] in found]
