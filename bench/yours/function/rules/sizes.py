"""What takes the memory at the peak, in bytes: of a function, and of a statement's rows."""

from bench.yours.function.figures import FunctionFigures, Held
from bench.yours.function.phases import EXECUTED, READ
from bench.yours.function.statement import Statement

ASYNCPG = "asyncpg"
# What makes a text of a document, and what reads one.
ENCODER, DECODER = "json.encoder", "json.decoder"
STANDARD_LIBRARY = "standard library"
LOADING = ("sqlalchemy", "sqlmodel", "django", "psycopg", "psycopg2", ASYNCPG, "greenlet", STANDARD_LIBRARY)


def peak_of(figures: FunctionFigures) -> int:
    """Return the largest growth of the process, without what was imported; where the tracer is in it, what is known."""
    traced = figures.traced_peak or 0
    if figures.at_once or not figures.process:
        reads = any(at_its_rows(figures, one) for one in figures.statements)  # else the driver has no rows any more
        return traced + reads * max((one.grew for one in figures.statements), default=0)
    return max(traced, figures.process.peak - figures.process.imports)


def transient(figures: FunctionFigures) -> int:
    """Return what is there at the peak, and not with the result in hand, unless a cycle holds it."""
    held = figures.traced or 0
    return max(0, (figures.traced_peak or 0) - (held if figures.kept is None else min(held, figures.kept)))


def of_driver(figures: FunctionFigures, statement: Statement) -> int:
    """Return what the driver holds of a statement's rows outside Python's objects, as libpq does; no tracer sees it.

    While they are read, that is all; later it is no more than what is left of the peak.
    """
    if at_its_rows(figures, statement):
        return max(0, statement.grew)
    return max(0, min(statement.grew, peak_of(figures) - (figures.traced_peak or 0)))


def at_its_rows(figures: FunctionFigures, statement: Statement) -> bool:
    """Return whether the peak came before a statement's first row, or while its rows were read."""
    phase = figures.process.phase if figures.process else None
    if not phase or phase.statement is None or phase.stage not in (EXECUTED, READ):
        return False
    return figures.statements[phase.statement] is statement


def of_connection(figures: FunctionFigures, statement: Statement) -> int:
    """Return what asyncpg's connection alone holds of a statement's rows: it has the last ones until the next."""
    records = sum(number for name, number in figures.in_result.items() if name.startswith("asyncpg."))
    last = next((one for one in reversed(figures.statements) if one.verb == "SELECT"), None)
    of_asyncpg = ASYNCPG in (statement.by, statement.driver)
    if not of_asyncpg or last is not statement or 2 * records > (statement.rows or 0):
        return 0
    stays = figures.after.traced if figures.after else 0
    return max(0, (figures.kept or 0) - (figures.of_result or 0) - stays)


def of_lines(figures: FunctionFigures, statement: Statement) -> int:
    """Return what was added, up to the peak, while the lines ran that execute a statement and read its rows."""
    lines = dict(figures.at_peak.lines) if figures.at_peak else {}
    return sum(lines.get(line, 0) for line in {statement.line, statement.loads_at} if line)


def of_others(figures: FunctionFigures) -> int:
    """Return what other packages than those that load rows have at the peak, as what is made of these rows."""
    packages = figures.at_peak.packages if figures.at_peak else {}
    of_json = of_module(figures.at_peak, ENCODER)
    return sum(size for name, size in packages.items() if name not in LOADING) + of_json


def of_module(held: Held | None, name: str) -> int:
    """Return what a module of the standard library, and those in it, have."""
    library = held.library if held else {}
    return sum(size for module, size in library.items() if f"{module}.".startswith(f"{name}."))


def of_rows(figures: FunctionFigures, statement: Statement) -> int:
    """Return what there is at the peak of rows that are no entities; after them, not what other lines added."""
    rows, phase = transient(figures), figures.process.phase if figures.process else None
    if figures.at_peak and phase and phase.stage not in (EXECUTED, READ):
        others = sum(size for line, size in figures.at_peak.lines if line not in (statement.line, statement.loads_at))
        rows = min(rows, max(0, (figures.traced_peak or 0) - others))
    return rows + of_driver(figures, statement)


def of_values(figures: FunctionFigures, statement: Statement) -> float:
    """Return what the values of a statement's entities take."""
    known = {name: figures.attributes.get(name) for name in statement.classes}
    if not all(known.values()):  # none is left to be looked at
        return sum(statement.sizes)
    return sum(sum((known[name] or {}).values()) * number for name, number in statement.classes.items())
