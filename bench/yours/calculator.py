"""The address of the calculator's page on disk, with what was measured of the reader's columns."""

import sys
from collections.abc import Sequence
from urllib.parse import urlencode

from bench.layers.values import Weighed
from bench.relations.data import ReadColumn, Relation
from bench.scripts import PROJECT

PAGE = PROJECT / "docs" / "index.html"
# By the class of a column's values, a type of PostgreSQL's that the page reads, where the server's is not known.
TYPES = {
    **{"bool": "boolean", "int": "integer", "float": "double precision"},
    **{"decimal.Decimal": "numeric", "bytes": "bytea"},
    **{"datetime.datetime": "timestamptz", "datetime.date": "date", "datetime.time": "time"},
    **{"datetime.timedelta": "interval", "uuid.UUID": "uuid", "dict": "jsonb", "list": "text[]"},
}
# By what most of the values are, the page's rule; of integers, by how many digits they have in CPython.
RULES = {
    **{"wide": "text beyond Latin-1", "small": "integer from -5 to 256"},
    **{"1": "integer of up to 9 digits", "2": "integer of 10 to 18 digits", "3": "integer of 19 digits"},
}
# The rule that a type of integers stands for by itself.
USUAL = {"smallint": "1", "integer": "1", "oid": "1", "bigint": "2"}


def address(relation: Relation, rows: int, weighed: Sequence[Weighed] = ()) -> str:
    """Return the page's address for so many rows, with what each column takes where that was measured."""
    measured = [*weighed, *[None] * (len(relation.read) - len(weighed))]
    columns = [parts(relation, column, each) for column, each in zip(relation.read, measured, strict=True)]
    escaped = ("|".join(part.replace("\\", r"\\").replace("|", r"\|") for part in column) for column in columns)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    parameters = [("t", relation.sql_name), ("rows", str(rows)), ("python", python), *(("c", one) for one in escaped)]
    return f"{PAGE.as_uri()}#{urlencode(parameters)}"


def parts(relation: Relation, column: ReadColumn, weighed: Weighed | None) -> list[str]:
    """Return a column as the page reads it.

    That is name, type, length, elements, NULLs in percent, rule; bytes per row, as objects and as text; and whether it
    is part of a key of several columns.
    """
    kind = column.stored or TYPES.get(column.type, "text")
    required = [column.name, kind + " NOT NULL" * (column.name in relation.required)]
    key = "key" if len(relation.key) > 1 and column.name in relation.key else ""
    found = [*(values_of(column, weighed) if weighed else [""] * 6), key]
    while found and not found[-1]:
        found.pop()
    return [*required, *found]


def values_of(column: ReadColumn, weighed: Weighed) -> list[str]:
    rule = "" if weighed["trait"] == USUAL.get(column.stored.removesuffix("[]")) else RULES.get(weighed["trait"], "")
    return [
        f"{weighed['length']:.2f}" if weighed["length"] else "",
        f"{weighed['elements']:.2f}" if weighed["elements"] else "",
        f"{100 * weighed['nulls']:.4f}".rstrip("0").rstrip(".") if weighed["nulls"] else "",
        rule,
        f"{max(weighed['size'], 0.0):.1f}",
        f"{column.width:.1f}" if column.width else "",
    ]
