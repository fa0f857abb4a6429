"""How many entities and rows of a statement are there at the peak, who holds them, and what a batch would spare."""

from collections.abc import Mapping

from bench.yours.function.figures import FunctionFigures
from bench.yours.function.rules.change import BATCH, ENOUGH_ROWS, table_of
from bench.yours.function.rules.sizes import at_its_rows
from bench.yours.function.statement import Statement

# Bytes of an answer for each row that is in it: of a dict of counts there are less.
OF_A_ROW = 20
WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE")


def of_class(numbers: Mapping[str, int], kind: str) -> int:
    """Return how many of these there are of a class, by its own name without its module's."""
    return sum(number for name, number in numbers.items() if name.rpartition(".")[2] == kind)


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
    """Return how many of a statement's entities the session writes; where it wrote none, how many were set."""
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
