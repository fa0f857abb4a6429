"""A change: what to write instead, in the words of the library that is to do it."""

from dataclasses import dataclass

from bench.errors import visible
from bench.yours.function.figures import FunctionFigures, Statement
from common import MIB

# From fewer rows, or of less memory, nothing follows.
ENOUGH_ROWS, ENOUGH = 1_000, MIB
BATCH = 1_000
# What is written where not SQLAlchemy executes a statement: a step's name, what it is called, and its code.
OF_A_SERVER = ("cursor", "A server-side cursor", 'connection.cursor("rows")')
OF_PANDAS = "pandas.read_sql(…, connection.execution_options(stream_results=True), chunksize=1000)"
OF_POLARS = "polars.read_database(…, …, iter_batches=True, batch_size=1000)  # stream_results=True"
BY_OTHERS = {
    "yield_per": {
        "django": ("cursor", "iterator", "Model.objects.iterator(chunk_size=1000)"),
        "psycopg": (*OF_A_SERVER[:2], f"{OF_A_SERVER[2]}  # or stream()"),
        "psycopg2": OF_A_SERVER,
        "asyncpg": (*OF_A_SERVER[:2], "async for row in connection.cursor(…)  # in a transaction"),
        "pandas": ("chunks", "chunksize with stream_results", OF_PANDAS),
        "polars": ("chunks", "iter_batches with stream_results", OF_POLARS),
    },
    "n + 1": {
        "psycopg": ("n + 1", "One statement", "WHERE … = ANY(%s)"),
        "psycopg2": ("n + 1", "One statement", "WHERE … = ANY(%s)"),
        "asyncpg": ("n + 1", "One statement", "WHERE … = ANY($1)"),
    },
    "batches": {"django": ("batches", "Batches of 1,000", "Model.objects.bulk_create(batch)  # a list of 1,000")},
}


@dataclass(frozen=True)
class Change:
    """What to write instead, by the name of the remedy, and how many bytes it saves; None where it saves time."""

    name: str
    text: str
    saves: float | None
    code: str = ""


def written(figures: FunctionFigures, statement: Statement, name: str, what: str, code: str) -> tuple[str, str, str]:
    """Return a step's name, what it is called and its code, in the words of the library that executes the statement."""
    if statement.by not in BY_OTHERS[name]:
        return name, what, visible(code)
    name, what, code = BY_OTHERS[name][statement.by]
    kind, _ = figures.tables.get(table_of(statement), ("Model", ""))
    return name, what, visible(code.replace("Model", kind))


def table_of(statement: Statement) -> str:
    return statement.text.partition(" ")[2].replace('"', "")


def at(statement: Statement) -> str:
    return visible("{}:{}".format(*statement.line)) if statement.line else "a line that is not known"
