"""What to write instead where all entities of a statement are there at once: read them in batches."""

from collections.abc import Iterator

from bench.errors import visible
from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures
from bench.yours.function.rules.change import BATCH, ENOUGH, Change, as_code, at, in_chunks, is_awaited
from bench.yours.function.rules.held import (
    alive,
    answered,
    beyond_a_batch,
    changed,
    held,
    kept,
    many,
    model_of_answer,
    multiplied,
    of_lazy,
    there,
    with_it,
)
from bench.yours.function.rules.loading import of_collections
from bench.yours.function.rules.sizes import of_connection, of_driver, of_others, peak_of, transient
from bench.yours.function.statement import Statement

DROPPED = ", where a loop drops each before the next one"
IF_DROPPED = f"{DROPPED}: without list(), .all(), .fetchall() or a commit in it, and no collection of them"
STREAMS = "in a StreamingResponse of Starlette's, a Stream of Litestar's, a Response of a generator of Flask's"
IF_STREAMED = ", where each batch is encoded and dropped before the next one is read"
# As many where each has so many others with it.
FEW_AT_ONCE, MANY_OTHERS = 100, 10


def what_reads_in_chunks(statement: Statement) -> str:
    if statement.lazily:
        return f"yield_per instead of {visible(statement.loads)}, which is loaded lazily,"
    if statement.yield_per:
        return f"yield_per={BATCH}"
    return "selectinload with yield_per" if statement.refused else "yield_per"


def refused(statement: Statement) -> str:
    """Return what is to be known where SQLAlchemy refuses yield_per; with selectinload it does not."""
    if not statement.refused:
        return ""
    return f"; SQLAlchemy refuses yield_per with {statement.refused}{', and with unique()' * statement.collections}"


def code_in_chunks(figures: FunctionFigures, statement: Statement, batch: int = BATCH) -> str:
    options = f".options({of_collections(figures, statement)})" if statement.refused else ""
    return in_chunks(statement, options, batch)


def batch_of(figures: FunctionFigures, statement: Statement) -> int:
    """Return how many entities are a batch: fewer where each has many others with it."""
    return FEW_AT_ONCE if loaded_with(figures, statement) >= MANY_OTHERS * statement.loaded else BATCH


def loaded_with(figures: FunctionFigures, statement: Statement) -> int:
    return sum(one.loaded for one in with_it(figures, statement))


def spared(figures: FunctionFigures, statement: Statement, made: int) -> float:
    """Return what would not be there at the peak, were a statement's entities read in batches and dropped.

    What is `made` of them, in bytes, stays.
    """
    of_all = sum(there(figures, one) for one in figures.statements if not kept(figures, one))
    if statement.yield_per:
        share = max(0.0, 1 - BATCH / statement.yield_per)
    else:
        share = beyond_a_batch(statement, statement.loaded, batch_of(figures, statement)) / statement.loaded
    dropped = [one for one in (*with_it(figures, statement), *of_lazy(figures, statement)) if not kept(figures, one)]
    number = sum(min(there(figures, one), share * one.loaded) for one in dropped)
    of_entities = transient(figures) - made
    traced = figures.at_peak.traced if figures.at_peak else 0  # of the run that counted them, which may have had less
    saved = max(0, min(of_entities, traced)) * number / of_all if of_all else 0
    of_last = of_connection(figures, statement) + sum(of_driver(figures, one) for one in dropped)
    return min(peak_of(figures), saved + share * of_last)


def made_of_rows(figures: FunctionFigures) -> int:
    """Return what is made of rows, and not returned: it stays where these are dropped, and may hold their values."""
    made = of_others(figures) - (figures.kept or 0)
    return made if made >= ENOUGH else 0


def with_made(saves: float, most: float) -> str:
    """Return how much more is saved where what is made of the rows goes with them, as text."""
    more = f"; up to {mib(most)} where what is made of each goes, too, as into a file or a streamed answer"
    return more if most - saves >= ENOUGH else ""


def about(figures: FunctionFigures) -> str:
    """Return how sure a saving is: what is made of the rows later may take as much while they are read one by one."""
    answers = max((size for _, size in figures.answers), default=0)
    return "up to" if made_of_rows(figures) or max(answers, figures.kept or 0) >= ENOUGH else "about"


def in_batches(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that entities are to be read in batches, which spares them where they are not all held."""
    for one in figures.statements:
        read_so = one.yield_per and not too_many(figures, one)
        read_so = read_so or multiplied(one) or one.parent is not None
        if read_so or not one.loaded or not any(map(many, with_it(figures, one))):
            continue
        if kept(figures, one) or changed(figures, one):
            continue
        holds, model = held(figures, one), model_of_answer(figures, one)
        if holds and not (is_sqlalchemys(one) or model or of_lazy(figures, one)):  # columns hold less
            continue
        what, condition, why = what_reads_in_chunks(one), IF_DROPPED, all_at_once(figures, one)
        why += "" if holds or one.yield_per else ", and few are there at the end"
        if model:
            what, condition = f"A streaming response with {what}", IF_STREAMED
            why = f"all {one.loaded:,} entities, the {visible(model)} made of them and the answer are there at once"
        saves = spared(figures, one, 0 if model else made_of_rows(figures))
        text = (
            f"{what} at {at(one)}: {why}{refused(one)}. "
            f"Saves {'up to' if model else about(figures)} {mib(saves)} MiB at the peak, as predicted{condition}"
            f"{with_made(saves, spared(figures, one, 0))}."
        )
        code = code_in_chunks(figures, one, batch_of(figures, one))
        if answered(figures, one):  # else the answer is built of all rows at once again
            code += f"\n# {STREAMS}"
        yield Change("yield_per", text, saves, as_code(code))


def all_at_once(figures: FunctionFigures, statement: Statement) -> str:
    """Return what of a statement is there at once, as text."""
    if statement.yield_per:
        return f"of {statement.yield_per:,} each, {alive(figures, statement):,} entities are there at once"
    if statement.times > 1:
        each = (statement.rows or statement.loaded) // statement.times
        several = f", {statement.at_once} executions at once" * (statement.at_once > 1)
        return f"all {each:,} rows of each of {statement.times:,} executions are there at once{several}"
    if statement.streamed and 2 * alive(figures, statement) < statement.loaded:  # by partitions of the result
        return f"of {statement.loaded:,} entities, {alive(figures, statement):,} are there at once"
    others = loaded_with(figures, statement) - statement.loaded
    with_them = f"and {others:,} that come with them " * bool(others)
    return f"all {statement.loaded:,} entities {with_them}are built before the first one is handed out"


def too_many(figures: FunctionFigures, statement: Statement) -> bool:
    """Return whether the batches of a statement are large."""
    return (statement.yield_per or 0) >= 2 * BATCH and alive(figures, statement) >= 2 * BATCH


def is_sqlalchemys(statement: Statement) -> bool:
    """Return whether SQLAlchemy may hold the entities in the reader's place: in collections, or to be awaited."""
    return bool(statement.refused) or statement.lazily or is_awaited(statement)
