"""The model of a worker: what it imports, and so many of each part. `docs/index.html` does the same arithmetic."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

# Says by how many bytes a process grows for each piece of a part.
Size = Callable[[str], float]


def units(of: Size) -> dict[str, float]:
    """Return what a part takes once, by the names that `count.py` gives them; `of` says by how much a piece grows."""
    column = (of("mapped class of 20 columns, configured") - of("mapped class of 5 columns, configured")) / 15
    field = (of("Pydantic model of 20 integers") - of("Pydantic model of 5 integers")) / 15
    class_itself = of("mapped class of 5 columns, configured") - 5 * column
    integers, route = of("Pydantic model of 5 integers"), of("FastAPI route")
    documented = {fields: of(f"its share of `openapi()`, {fields} fields") for fields in (5, 20)}
    shown = {fields: size - of(f"route and `list[M]` of {fields} fields") for fields, size in documented.items()}
    of_columns = {columns: of(f"statement in SQLAlchemy's cache, {columns} columns") for columns in (5, 20)}
    statement_column = (of_columns[20] - of_columns[5]) / 15
    queried = {columns: of(f"mapped class of {columns} columns, queried") for columns in (5, 20)}
    # What a first query adds to a class is what is neither its own nor its statement's.
    first = {
        columns: queried[columns] - of(f"mapped class of {columns} columns, configured") - of_columns[columns]
        for columns in (5, 20)
    }
    sizes = {
        "class": class_itself,
        "column": column,
        "queried class": first[5] - (first[20] - first[5]) / 3,
        "queried column": (first[20] - first[5]) / 15,
        # What a class has from its parent's table: an attribute of its own for each of six columns.
        "inherited column": (of("heir in its parent's table") - class_itself) / 6,
        "foreign key": of("foreign key") - of("two mapped classes"),
        "relationship": (of("relationships, both ways") - of("foreign key")) / 2,
        "model": integers - 5 * field,
        "field": field,
        "default": (of("a field's default, `int | None = None`, over an integer") - integers) / 5,
        "description": (of("a field's `Field(description=…, gt=0)`, over an integer") - integers) / 5,
        "nested model": (of("a field's list of nested models, over an integer") - integers) / 5,
        "validator": of("field validator") - integers,
        "route": route,
        "response model": of("its `response_model=list[M]`") - route,
        "query parameter": (of("its query parameter") - route) / 2,
        "body": of("its body, `M`") - route,
        "dependency": of("its dependency with two parameters") - route,
        "documented route": shown[5] - (shown[20] - shown[5]) / 3,
        "documented field": (shown[20] - shown[5]) / 15,
        "statement": of_columns[5] - 5 * statement_column,
        "statement's column": statement_column,
        "engine": of("engine, without a connection"),
    }
    for driver in ("psycopg", "asyncpg"):
        connection = of(f"connection, SQLAlchemy and {driver}")
        sizes[f"connection, {driver}"] = connection
        sizes[f"prepared statement, {driver}"] = (of(f"prepared statement, SQLAlchemy and {driver}") - connection) / 20
    return sizes


@dataclass(frozen=True)
class WorkerModel:
    """What was measured on one Python, in bytes: the libraries, each after those before it, and each part.

    `code` is what a byte of compiled code takes that is no part's own. What is counted in bytes that are resident takes
    itself: the pages of `shared` libraries, and what packages have `made`.
    """

    libraries: Mapping[str, float]
    units: Mapping[str, float]
    code: float = 0

    @property
    def prices(self) -> dict[str, float]:
        return {**self.libraries, **self.units, "code": self.code, "shared": 1, "made": 1}

    def worker(self, counts: Mapping[str, float]) -> float:
        """Return the resident set size of a process with so many of each: of libraries, of parts, of bytes of code."""
        prices, size = self.prices, 0.0
        for name, count in counts.items():  # not `sum`, which rounds otherwise than a script of a page does
            size += prices.get(name, 0) * count
        return size
