"""What to write instead where rows are written: entities, or what a bulk insert is given."""

from collections.abc import Iterator

from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures
from bench.yours.function.rules.change import (
    BATCH,
    ENOUGH,
    ENOUGH_ROWS,
    Change,
    at,
    awaiting,
    class_of,
    table_of,
    written,
)
from bench.yours.function.rules.django import DJANGO
from bench.yours.function.rules.held import alive, changed, changes, of_class
from bench.yours.function.rules.sizes import DECODER, at_its_rows, of_lines, of_module, peak_of, transient
from bench.yours.function.statement import Statement

WRITING = ("INSERT", "COPY")
# Of the most that was traced, so much was so while a statement was executed that has a part in the peak.
NEAR = 0.75
WHEN = "django.db.models.expressions.When"
STATE = "sqlalchemy.orm.state.InstanceState"


def pending(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that entities are pending at once, or all that a bulk insert is given is there at once."""
    writes = [one for one in figures.statements if one.verb in WRITING]
    writes = [one for one in writes if max(one.rows or 0, one.given) >= 2 * BATCH]
    writes = [one for one in writes if is_near_the_peak(figures, one)]
    of_session = [one for one in writes if pending_of(figures, one) >= max(ENOUGH_ROWS, (one.rows or 0) / 2)]
    if len(of_session) > 1 and all(one.by == "sqlalchemy" for one in of_session):
        yield flushed(figures, of_session)  # together, for one may need the keys of another
        writes = [one for one in writes if one not in of_session]
    for one in writes:
        if one in of_session:
            rows, execute = one.rows or 0, f"insert({class_of(figures, one, 'Entity')})"
            why = f"{rows:,} entities were pending at once"
            yield in_batches(figures, one, why, size_of_pending(figures, one), rows, execute)
        elif one.given >= 2 * BATCH and (size := of_given(figures, one)) >= ENOUGH:
            yield in_batches(figures, one, f"{one.given:,} rows were given to it at once", size, one.given, "…")


def is_near_the_peak(figures: FunctionFigures, statement: Statement) -> bool:
    """Return whether what a statement is given is there at the peak, which else is another one's."""
    return at_its_rows(figures, statement) or statement.traced >= NEAR * (figures.traced_peak or 0)


def mapped_of(figures: FunctionFigures) -> int:
    """Return how many entities of all classes are there at the peak."""
    return sum(number for name, number in figures.objects_at_peak.items() if name in figures.attributes)


def pending_of(figures: FunctionFigures, statement: Statement) -> int:
    """Return how many entities of a written class are there at the peak, but for those that were read.

    Of SQLAlchemy's a state outlives its entity where nobody else holds that: until the transaction ends.
    """
    kind, objects = class_of(figures, statement, ""), figures.objects_at_peak
    own = max(0, of_class(objects, kind) - read_of(figures, statement, kind))
    if statement.by != "sqlalchemy" or statement.given < 2 * BATCH:
        return own
    return max(own, objects.get(STATE, 0) - (mapped_of(figures) - own if kind else 0))


def read_of(figures: FunctionFigures, statement: Statement, kind: str) -> int:
    """Return how many entities of a class were read: as SQLAlchemy tells, or by Django from the table."""
    loaded = sum(of_class(one.classes, kind) for one in figures.statements)
    same = [one for one in figures.statements if one.verb == "SELECT" and table_of(one) == table_of(statement)]
    return loaded + sum(one.rows or 0 for one in same if one.by == DJANGO and not one.values)


def size_of_pending(figures: FunctionFigures, statement: Statement) -> float:
    """Return what the pending entities of a statement take, but for the document that they are read from."""
    number, read = pending_of(figures, statement), of_module(figures.at_peak, DECODER)
    return (peak_of(figures) - read) * number / max(mapped_of(figures), number)


def of_given(figures: FunctionFigures, statement: Statement) -> int:
    """Return what the rows take that a statement is given at once: those of a driver's list, else what its line has."""
    return min(transient(figures), statement.of_given or of_lines(figures, statement))


def flushed(figures: FunctionFigures, inserts: list[Statement]) -> Change:
    """Return that entities of several classes are to be written a part at a time."""
    rows = [one.rows or 0 for one in inserts]
    saves = peak_of(figures) * (1 - BATCH / max(rows))
    text = (
        f"Batches of 1,000, each added, flushed and dropped, at {' and '.join(dict.fromkeys(map(at, inserts)))}: "
        f"{' and '.join(f'{number:,}' for number in rows)} entities were pending at once. Saves about "
        f"{mib(saves)} MiB at the peak, as predicted, where nothing else holds "
        "them all."
    )
    code = f"session.add_all(batch)\n{awaiting(inserts[0], 'session.flush()')}\nsession.expunge_all()"
    return Change("batches", text, saves, code)


def in_batches(figures: FunctionFigures, one: Statement, why: str, size: float, rows: int, execute: str) -> Change:
    saves = size * (1 - BATCH / rows)
    text = (
        f"Batches of 1,000 at {at(one)}: {why}. Saves about {mib(saves)} MiB at the peak, as predicted, where nothing "
        "else holds them all."
    )
    code = awaiting(one, f"session.execute({execute}, batch)  # a list of 1,000 dicts")
    name, _, code = written(figures, one, "batches", "", code)
    return Change(name, text, saves, code)


def expressions(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that Django's bulk_update makes the expressions of all rows before it executes the first statement.

    https://github.com/django/django/blob/5.2/django/db/models/query.py
    """
    number = figures.objects_at_peak.get(WHEN, 0)
    for one in figures.statements:
        if one.by == DJANGO and one.verb == "UPDATE" and number >= 2 * BATCH:
            saves = of_lines(figures, one) * (1 - BATCH / number)
            text = (
                f"bulk_update of 1,000 at a time at {at(one)}: its {number:,} expressions are there at once, whatever "
                f"its batch_size. Saves about {mib(saves)} MiB, as predicted."
            )
            code = f"{class_of(figures, one, 'Model')}.objects.bulk_update(batch, …)  # a list of 1,000"
            yield Change("batches", text, saves, code)


def updated(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that the session holds entities that were changed, however they are read, until it writes them."""
    for one in figures.statements:
        there = alive(figures, one)
        if not changed(figures, one) or there < max(2 * BATCH, one.loaded / 2):
            continue
        saves = peak_of(figures) * (1 - BATCH / there)
        pending = figures.at_peak.changed if figures.at_peak else {}
        most = max(pending, key=lambda name: pending[name], default="").rpartition(".")[2]
        text = (
            f"One UPDATE for {at(one)}: {changes(figures, one):,} entities are set, and the session holds each "
            f"until it is flushed, with yield_per, too. Saves about {mib(saves)} MiB at the peak, as predicted; a "
            "flush after each batch saves less."
        )
        kind = most or class_of(figures, one, "Entity")
        yield Change("update", text, saves, awaiting(one, f"session.execute(update({kind}).where(…).values(…))"))
