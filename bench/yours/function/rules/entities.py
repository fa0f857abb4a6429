"""What to write instead where entities are loaded, or models are made of them."""

from collections.abc import Iterator

from bench.errors import visible
from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures, Statement
from bench.yours.function.rules.change import (
    ASYNCIO,
    BATCH,
    ENOUGH,
    ENOUGH_ROWS,
    Change,
    as_code,
    at,
    in_chunks,
    kind_of,
    selected,
    table_of,
)
from bench.yours.function.rules.held import (
    answered,
    beyond_a_batch,
    changed,
    held,
    kept,
    many,
    model_of_answer,
    multiplied,
    of_driver,
    of_lines,
    of_values,
    there,
    transient,
    with_it,
)
from bench.yours.function.rules.loading import FEW, of_collections

# With joined collections SQLAlchemy refuses yield_per, with selectinload it does not.
REFUSED = "; with joined collections SQLAlchemy refuses yield_per"
DROPPED = ", where a loop drops each before the next one"
IF_DROPPED = f"{DROPPED}: without list(), .all() or .fetchall()"
IF_STREAMED = ", where each batch is encoded and dropped before the next one is read"
# As many where each has so many others with it.
FEW_AT_ONCE, MANY_OTHERS = 100, 10


def what_reads_in_chunks(statement: Statement) -> str:
    if statement.lazily:
        return f"yield_per instead of {visible(statement.loads)}, which is loaded lazily,"
    return "selectinload with yield_per" if statement.collections else "yield_per"


def code_in_chunks(figures: FunctionFigures, statement: Statement, batch: int = BATCH) -> str:
    options = f".options({of_collections(figures, statement)})" if statement.collections else ""
    return in_chunks(statement, options, batch)


def batch_of(figures: FunctionFigures, statement: Statement) -> int:
    """Return how many entities are a batch: fewer where each has many others with it."""
    return FEW_AT_ONCE if loaded_with(figures, statement) >= MANY_OTHERS * statement.loaded else BATCH


def loaded_with(figures: FunctionFigures, statement: Statement) -> int:
    return sum(one.loaded for one in with_it(figures, statement))


def spared(figures: FunctionFigures, statement: Statement) -> float:
    """Return what would not be there at the peak, were a statement's entities read in batches and dropped."""
    of_all = sum(there(figures, one) for one in figures.statements if not kept(figures, one))
    share = beyond_a_batch(statement, statement.loaded, batch_of(figures, statement)) / statement.loaded
    dropped = [one for one in with_it(figures, statement) if not kept(figures, one)]
    number = sum(min(there(figures, one), share * one.loaded) for one in dropped)
    traced = figures.at_peak.traced if figures.at_peak else 0  # of the run that counted them, which may have had less
    of_entities = min(transient(figures), traced) * number / of_all if of_all else 0
    return of_entities + share * sum(of_driver(figures, one) for one in dropped)


def in_batches(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that entities are to be read in batches, which spares them where they are not all held."""
    for one in figures.statements:
        read_so = one.yield_per or multiplied(one) or one.parent is not None
        if read_so or not one.loaded or not any(map(many, with_it(figures, one))):
            continue
        if kept(figures, one) or changed(figures, one):
            continue
        holds, model = held(figures, one), model_of_answer(figures, one)
        if holds and not is_sqlalchemys(one) and not model:  # columns hold less
            continue
        others = loaded_with(figures, one) - one.loaded
        why = f"all {one.loaded:,} entities {f'and {others:,} that come with them ' * bool(others)}are built before "
        why += "the first one is handed out"
        if one.times > 1:
            each = (one.rows or one.loaded) // one.times
            why = f"all {each:,} rows of each of {one.times:,} executions are there at once"
            why += f", {one.at_once} executions at once" * (one.at_once > 1)
        why += "" if holds else ", and few are there at the end"
        what, condition = what_reads_in_chunks(one), IF_DROPPED
        if model:
            what, condition = f"A StreamingResponse with {what}", IF_STREAMED
            why = f"all {one.loaded:,} entities, the {visible(model)} made of them and the answer are there at once"
        saves = spared(figures, one)
        text = (
            f"{what} at {at(one)}: {why}{REFUSED * one.collections}. "
            f"Saves about {mib(saves)} MiB at the peak, as predicted{condition}."
        )
        code = code_in_chunks(figures, one, batch_of(figures, one))
        if answered(figures, one):  # else the answer is built of all rows at once again
            code += "  # in a StreamingResponse"
        yield Change("yield_per", text, saves, as_code(code), conditional=is_sqlalchemys(one) and not model)


def is_sqlalchemys(statement: Statement) -> bool:
    """Return whether SQLAlchemy may hold the entities in the reader's place: in collections, or to be awaited."""
    return statement.collections or statement.lazily or ASYNCIO in statement.called


def columns(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that entities are kept, or held at the peak, of which columns hold less."""
    of_a_row, of_a_place = figures.row_size
    for one in figures.statements:
        stay = kept(figures, one)
        if not (stay or held(figures, one)) or not one.loaded or not many(one):
            continue
        if multiplied(one) or changed(figures, one) or one.loaded < FEW * one.times:  # or they are loaded one by one
            continue
        if one.parent is not None and figures.statements[one.parent].loaded >= FEW:  # which is the one to change
            continue
        saves: float = of_lines(figures, one) * share_of_line(figures, one)
        for each in with_it(figures, one):
            saves -= each.loaded * (of_a_row + of_a_place * each.columns) + of_values(figures, each)
        how = "kept" if stay else f"held by {visible(one.loads) if one.lazily else 'your code'} at the peak"
        if not stay and is_sqlalchemys(one) and not one.lazily:
            how = "there at the peak"
        how += ", though they are read in batches" * (one.yield_per is not None)
        text = (
            f"Columns instead of entities at {at(one)}, if they are only read: {loaded_with(figures, one):,} entities "
            f"are {how}. Saves about {mib(saves)} MiB, as predicted"
        )
        streamed = spared(figures, one)
        if not (stay or one.yield_per or is_sqlalchemys(one) or one.parent is not None) and streamed >= ENOUGH:
            text += f"; yield_per about {mib(streamed)}{IF_DROPPED}"
        yield Change("columns", f"{text}.", saves, visible(selected(one, columns_of(figures, one))))


def share_of_line(figures: FunctionFigures, statement: Statement) -> float:
    """Return which share a statement has in the entities that its line, or what its line calls, loads."""
    together = with_it(figures, statement)
    others = [one for one in figures.statements if one.line == statement.line and one not in together]
    return loaded_with(figures, statement) / sum(one.loaded for one in (*together, *others))


def columns_of(figures: FunctionFigures, statement: Statement) -> str:
    """Return three attributes of a statement's entities: as they are called, else as its columns are."""
    kind = max(statement.classes, key=lambda name: statement.classes[name])
    related = {attribute for _, name, attribute, *_ in figures.relationships if name == kind_of(statement)}
    names = [name for name in figures.attributes.get(kind, {}) if name not in related]
    if not names:
        prefix = f"{table_of(statement)}_"
        labelled = all(name.startswith(prefix) for name in statement.names)
        names = [name.removeprefix(prefix * labelled) for name in statement.names]
    return ", ".join([*(f"{kind_of(statement)}.{name}" for name in names[:3]), "…"])


def models(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that kept models can do without a set of the given fields in each of them, or be slim."""
    for kind, (number, of_fields, of_dict) in figures.models.items():
        sets = figures.at_return.get("set", 0)
        if number < ENOUGH_ROWS or 2 * sets < number:
            continue
        text = (
            f"A Pydantic dataclass with slots instead of {visible(kind)}: each of {number:,} kept models has a set of "
            f"its given fields ({of_fields:,.0f} bytes) and a dict ({of_dict:,.0f}). Saves up to "
            f"{mib(number * (of_fields + of_dict))} MiB; one set for all by model_construct saves "
            f"{mib(number * of_fields)}."
        )
        yield Change("dataclass", text, number * of_fields, "@pydantic.dataclasses.dataclass(slots=True)")
