"""A change, and what the rules ask of the figures."""

from dataclasses import dataclass

from bench.errors import visible
from bench.yours.function.figures import FunctionFigures, Statement
from common import MIB

# From fewer rows, or of less memory, nothing follows.
ENOUGH_ROWS, ENOUGH = 1_000, MIB
BATCH = 1_000
WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE")
# What is written where not SQLAlchemy executes a statement: a step's name, what it is called, and its code.
OF_A_SERVER = ("cursor", "A server-side cursor", 'connection.cursor("rows")')
BY_OTHERS = {
    "yield_per": {
        "django": ("cursor", "iterator", "Model.objects.iterator(chunk_size=1000)"),
        "psycopg": (*OF_A_SERVER[:2], f"{OF_A_SERVER[2]}  # or stream()"),
        "psycopg2": OF_A_SERVER,
        "asyncpg": (*OF_A_SERVER[:2], "async for row in connection.cursor(…)  # in a transaction"),
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


def written(statement: Statement, name: str, what: str, code: str) -> tuple[str, str, str]:
    """Return a step's name, what it is called and its code, in the words of the library that executes the statement."""
    return BY_OTHERS[name].get(statement.by, (name, what, code))


def at(statement: Statement) -> str:
    return visible("{}:{}".format(*statement.line)) if statement.line else "a line that is not known"


def peak_of(figures: FunctionFigures) -> int:
    """Return the largest growth of the process, without what was imported; where the tracer is in it, what is known."""
    traced = figures.traced_peak or 0
    if figures.at_once or not figures.process:
        return traced + max((one.grew for one in figures.statements), default=0)
    return max(traced, figures.process.peak - figures.process.imports)


def transient(figures: FunctionFigures) -> int:
    """Return what is there at the peak, and not with the result in hand, unless a cycle holds it."""
    held = figures.traced or 0
    return (figures.traced_peak or 0) - (held if figures.kept is None else min(held, figures.kept))


def of_connection(figures: FunctionFigures, statement: Statement) -> int:
    """Return what asyncpg's connection alone holds of a statement's rows: it has the last ones until the next."""
    records = sum(number for name, number in figures.in_result.items() if name.startswith("asyncpg."))
    if statement.by != "asyncpg" or 2 * records > (statement.rows or 0):
        return 0
    stays = figures.after.traced if figures.after else 0
    return max(0, (figures.kept or 0) - (figures.of_result or 0) - stays)


def of_lines(figures: FunctionFigures, statement: Statement) -> int:
    """Return what was added, up to the peak, while the lines ran that execute a statement and read its rows."""
    lines = dict(figures.at_peak.lines) if figures.at_peak else {}
    return sum(lines.get(line, 0) for line in {statement.line, statement.loads_at} if line)


def kept(figures: FunctionFigures, statement: Statement) -> bool:
    """Return whether most entities of a statement are still there at the return, in what the function returns."""
    return any(2 * figures.at_return.get(name, 0) > number for name, number in statement.classes.items())


def many(statement: Statement) -> bool:
    """Return whether one execution reads many rows; what it writes may come back, but not in batches."""
    rows = max(statement.rows or 0, statement.loaded)
    return statement.verb not in WRITES and rows >= ENOUGH_ROWS * max(1, statement.times)


def multiplied(statement: Statement) -> bool:
    """Return whether joined collections multiply each other: twice as many rows as entities of any class.

    Of one collection there is a row for each child, or for its parent that has none.
    """
    rows, most = statement.rows or 0, max(statement.classes.values(), default=0)
    return statement.collections and statement.joins >= 2 and rows >= max(ENOUGH_ROWS, 2 * most)
