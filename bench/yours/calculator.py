"""The address of the calculator's page on disk, with the reader's columns filled in: no name leaves the machine."""

from urllib.parse import urlencode

from bench.relations.data import Relation
from bench.scripts import PROJECT

PAGE = PROJECT / "docs" / "index.html"
# By the class of a column's values, a type of PostgreSQL's that the page reads; what it does not know is a text.
TYPES = {
    **{"bool": "boolean", "int": "integer", "float": "double precision"},
    **{"decimal.Decimal": "numeric", "bytes": "bytea"},
    **{"datetime.datetime": "timestamptz", "datetime.date": "date", "datetime.time": "time"},
    **{"datetime.timedelta": "interval", "uuid.UUID": "uuid", "dict": "jsonb", "list": "text[]"},
}


def address(relation: Relation, rows: int) -> str:
    """Return the page's address for so many rows; how long texts are, the page assumes."""
    columns = [
        (column.name, TYPES.get(column.type, "text") + " NOT NULL" * (column.name in relation.required))
        for column in relation.columns
    ]
    escaped = ("|".join(part.replace("\\", r"\\").replace("|", r"\|") for part in column) for column in columns)
    parameters = [("t", relation.sql_name), ("rows", str(rows)), *(("c", column) for column in escaped)]
    return f"{PAGE.as_uri()}#{urlencode(parameters)}"
