"""What to write instead where rows are written: entities, or what a bulk insert is given."""

from collections.abc import Iterator

from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures, Statement
from bench.yours.function.rules.change import BATCH, ENOUGH, ENOUGH_ROWS, Change, at, awaiting, class_of, written
from bench.yours.function.rules.held import alive, changed, changes, of_lines, peak_of, transient

WRITING = ("INSERT", "COPY")
STATE = "sqlalchemy.orm.state.InstanceState"


def pending(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that entities are pending at once, or all that a bulk insert is given is there at once."""
    mapped, objects = figures.attributes.keys(), figures.objects_at_peak
    # A state outlives its entity where nobody else holds that: until the transaction ends.
    entities = max(sum(n for name, n in objects.items() if name in mapped), objects.get(STATE, 0))
    writes = [one for one in figures.statements if one.verb in WRITING]
    writes = [one for one in writes if max(one.rows or 0, one.given) >= 2 * BATCH]
    of_session = [one for one in writes if entities >= max(ENOUGH_ROWS, (one.rows or 0) / 2)]
    if len(of_session) > 1:  # which belong together: one by itself may need the keys of another
        yield flushed(figures, of_session)
    for one in writes:
        rows = one.rows or 0
        if one in of_session:
            why = f"{rows:,} entities were pending at once"
            execute = f"insert({class_of(figures, one, 'Entity')})"
            if len(of_session) == 1:
                yield in_batches(figures, one, why, peak_of(figures), rows, execute)
        elif one.given >= 2 * BATCH and one.of_given:
            why = f"{one.given:,} rows were given to it at once"
            yield in_batches(figures, one, why, min(one.of_given, transient(figures)), one.given, "…")
        elif one.given >= 2 * BATCH and of_lines(figures, one) >= ENOUGH:
            why = f"{one.given:,} rows were given to it at once"
            yield in_batches(figures, one, why, transient(figures), one.given, "…")


def flushed(figures: FunctionFigures, inserts: list[Statement]) -> Change:
    """Return that entities of several classes are to be written a part at a time."""
    rows = [one.rows or 0 for one in inserts]
    text = (
        f"Batches of 1,000, each added, flushed and dropped, at {' and '.join(dict.fromkeys(map(at, inserts)))}: "
        f"{' and '.join(f'{number:,}' for number in rows)} entities were pending at once. Saves about "
        f"{mib(peak_of(figures) * (1 - BATCH / max(rows)))} MiB at the peak, as predicted, where nothing else holds "
        "them all."
    )
    code = f"session.add_all(batch)\n{awaiting(inserts[0], 'session.flush()')}\nsession.expunge_all()"
    return Change("batches", text, peak_of(figures) * (1 - BATCH / max(rows)), code)


def in_batches(figures: FunctionFigures, one: Statement, why: str, size: int, rows: int, execute: str) -> Change:
    saves = size * (1 - BATCH / rows)
    text = (
        f"Batches of 1,000 at {at(one)}: {why}. Saves about {mib(saves)} MiB at the peak, as predicted, where nothing "
        "else holds them all."
    )
    code = awaiting(one, f"session.execute({execute}, batch)  # a list of 1,000 dicts")
    name, _, code = written(figures, one, "batches", "", code)
    return Change(name, text, saves, code)


def updated(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that the session holds entities that were changed, however they are read, until it writes them."""
    for one in figures.statements:
        there = alive(figures, one)
        if not changed(figures, one) or there < max(2 * BATCH, one.loaded / 2):
            continue
        saves = peak_of(figures) * (1 - BATCH / there)
        text = (
            f"One UPDATE for {at(one)}: {changes(figures, one):,} entities are changed, and the session holds each "
            f"until it is flushed, with yield_per, too. Saves about {mib(saves)} MiB at the peak, as predicted; a "
            "flush after each batch saves less."
        )
        kind = class_of(figures, one, "Entity")
        yield Change("update", text, saves, awaiting(one, f"session.execute(update({kind}).where(…).values(…))"))
