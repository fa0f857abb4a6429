"""What is there at the peak, of a function and of a statement's rows, and what of it a batch would spare."""

from collections.abc import Mapping

from bench.yours.function.figures import FunctionFigures, Held, Statement
from bench.yours.function.phases import EXECUTED, READ
from bench.yours.function.rules.change import BATCH, ENOUGH_ROWS, table_of

ASYNCPG = "asyncpg"
# Bytes of an answer for each row that is in it: of a dict of counts there are less.
OF_A_ROW = 20
STANDARD_LIBRARY = "standard library"
LOADING = ("sqlalchemy", "sqlmodel", "django", "psycopg", "psycopg2", "asyncpg", "greenlet", STANDARD_LIBRARY)
WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE")


def peak_of(figures: FunctionFigures) -> int:
    """Return the largest growth of the process, without what was imported; where the tracer is in it, what is known."""
    traced = figures.traced_peak or 0
    if figures.at_once or not figures.process:
        return traced + max((one.grew for one in figures.statements), default=0)
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
    return sum(size for name, size in packages.items() if name not in LOADING)


def of_module(held: Held | None, name: str) -> Mapping[str, int]:
    """Return what a module of the standard library, and those in it, have."""
    library = held.library if held else {}
    return {module: size for module, size in library.items() if f"{module}.".startswith(f"{name}.")}


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


def kept(figures: FunctionFigures, statement: Statement) -> bool:
    """Return whether most entities of a statement are still there at the return, in what the function returns."""
    return any(2 * figures.at_return.get(name, 0) > number for name, number in statement.classes.items())


def alive(figures: FunctionFigures, statement: Statement) -> int:
    """Return how many entities of a statement are there at the peak."""
    return sum(min(number, figures.objects_at_peak.get(name, 0)) for name, number in statement.classes.items())


def there(figures: FunctionFigures, statement: Statement) -> float:
    """Return of how many entities there is something at the peak, which may come while the driver's rows are read."""
    if not at_its_rows(figures, statement):
        return alive(figures, statement)
    return max(alive(figures, statement), statement.loaded / statement.times * statement.at_once)


def with_it(figures: FunctionFigures, statement: Statement) -> list[Statement]:
    """Return a statement, and those that load relationships of its entities with these."""
    return [one for one in figures.statements if one is statement or _root(figures, one) is statement]


def _root(figures: FunctionFigures, statement: Statement) -> Statement | None:
    return figures.statements[statement.parent] if statement.parent is not None else None


def of_lazy(figures: FunctionFigures, statement: Statement) -> list[Statement]:
    """Return those that load relationships of a statement's entities when they are asked for."""
    kinds = {name.rpartition(".")[2] for name in statement.classes}
    lazy = [one for one in figures.statements if one.lazily and one is not statement]
    return [one for one in lazy if one.loads.partition(".")[0] in kinds]


def held(figures: FunctionFigures, statement: Statement) -> bool:
    """Return whether the reader's code holds most entities of a statement at the peak, however they are read.

    Without yield_per SQLAlchemy has all of them until the last one is read: then they go where they are read.
    """
    there = alive(figures, statement)
    if not statement.loaded or there < ENOUGH_ROWS:
        return False
    if statement.yield_per:
        return there > 2 * statement.yield_per * statement.at_once
    return 2 * there >= statement.loaded and (statement.gone_at is None or statement.gone_at != statement.loads_at)


def changed(figures: FunctionFigures, statement: Statement) -> bool:
    """Return whether most entities of a statement are changed: the session holds them until they are written back."""
    pending = figures.at_peak.changed if figures.at_peak else {}
    if any(2 * pending.get(name, 0) >= number for name, number in statement.classes.items()):
        return True
    return bool(statement.loaded) and 2 * changes(figures, statement) >= statement.loaded


def changes(figures: FunctionFigures, statement: Statement) -> int:
    """Return how many of a statement's entities the session writes, which are not those that were set to what they had.

    Where it wrote none, those are told that were set.
    """
    pending = figures.at_peak.changed if figures.at_peak else {}
    updates = [one for one in figures.statements if one.verb == "UPDATE" and not one.called.endswith(":execute")]
    written = sum(one.rows or 0 for one in updates if table_of(one) == table_of(statement))
    return written or sum(pending.get(name, 0) for name in statement.classes)


def many(statement: Statement) -> bool:
    """Return whether a statement reads many rows; what it writes may come back, but not in batches."""
    return statement.verb not in WRITES and max(statement.rows or 0, statement.loaded) >= ENOUGH_ROWS


def beyond_a_batch(statement: Statement, rows: int, batch: int = BATCH) -> float:
    """Return how many of these rows, of all executions that are under way at once, would not be there in batches."""
    at_once = rows if not statement.times else rows / statement.times * statement.at_once
    return max(0.0, at_once - batch * statement.at_once)


def multiplied(statement: Statement) -> bool:
    """Return whether joined collections multiply each other: twice as many rows as entities of any class.

    Of one collection there is a row for each child, or for its parent that has none.
    """
    rows, most = statement.rows or 0, max(statement.classes.values(), default=0)
    return statement.collections and statement.joins >= 2 and rows >= max(ENOUGH_ROWS, 2 * most)


def answered(figures: FunctionFigures, statement: Statement) -> bool:
    """Return whether a statement's rows seem to go into the answer, by what that takes."""
    return any(size >= OF_A_ROW * statement.loaded > 0 for _, size in figures.answers)


def model_of_answer(figures: FunctionFigures, statement: Statement) -> str:
    """Return the Pydantic model of which most are there at the peak, where they seem to be made for the answer."""
    most = max(figures.modelled, key=lambda name: figures.objects_at_peak.get(name, 0), default="")
    return most if answered(figures, statement) and figures.objects_at_peak.get(most, 0) >= ENOUGH_ROWS else ""


def read_again(figures: FunctionFigures, statement: Statement) -> list[Statement]:
    """Return a statement with those that ask the same and read as much in each column; itself, if none does."""

    def what(one: Statement) -> tuple[object, ...]:
        return one.by, one.asked, one.times, one.rows, tuple(one.names), tuple(one.sizes), one.parent

    alone = (
        statement.asked is None
        or statement.times != 1
        or not statement.sizes
        or statement.parent is not None
        or not many(statement)
    )
    return [statement] if alone else [one for one in figures.statements if what(one) == what(statement)]
