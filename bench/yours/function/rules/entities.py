"""What to write instead where entities are loaded, or models are made of them."""

import sys
from collections.abc import Iterator

from bench.errors import visible
from bench.look.tables import mib
from bench.yours.function.figures import FunctionFigures, Statement
from bench.yours.function.rules.change import ENOUGH_ROWS, Change, at, table_of
from bench.yours.function.rules.held import (
    beyond_a_batch,
    changed,
    held,
    kept,
    many,
    multiplied,
    of_lines,
    of_values,
    there,
    transient,
)
from bench.yours.function.rules.loading import FEW, of_collections

# With joined collections SQLAlchemy refuses yield_per, with selectinload it does not.
REFUSED = "; with joined collections SQLAlchemy refuses yield_per"
IF_DROPPED = ", where each is dropped before the next one"


def joined(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that collections are not to be joined: the driver's rows, and those made of them, repeat each other."""
    for one in figures.statements:
        if not multiplied(one) or not one.rows:
            continue
        of_tuple = sys.getsizeof((None,) * one.columns)
        saves = one.grew + sum(one.sizes) + one.rows * of_tuple - of_values(figures, one)
        text = (
            f"selectinload instead of joined collections at {at(one)}: {one.rows:,} rows came for "
            f"{one.loaded:,} entities. Saves about {mib(saves)} MiB, as predicted"
        )
        code = f"select(…).options({of_collections(figures, one)})"
        if not kept(figures, one):
            saved = mib(one.grew + transient(figures))
            text += f"; up to {saved} with yield_per, too, which SQLAlchemy refuses with joined collections"
            code += ".execution_options(yield_per=1000)"
        yield Change("selectinload", f"{text}.", saves, code)


def what_reads_in_chunks(statement: Statement) -> str:
    return "selectinload with yield_per" if statement.collections else "yield_per"


def in_chunks(figures: FunctionFigures, statement: Statement) -> str:
    options = f".options({of_collections(figures, statement)})" if statement.collections else ""
    return f"select(…){options}.execution_options(yield_per=1000)"


def spared(figures: FunctionFigures, statement: Statement) -> float:
    """Return what would not be there at the peak, were a statement's entities read in batches and dropped."""
    of_all = sum(there(figures, one) for one in figures.statements if not kept(figures, one))
    number = min(there(figures, statement), beyond_a_batch(statement, statement.loaded))
    traced = figures.at_peak.traced if figures.at_peak else 0  # of the run that counted them, which may have had less
    return min(transient(figures), traced) * number / of_all if of_all else 0


def in_batches(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that entities are to be read in batches, which spares them where they are not all held."""
    for one in figures.statements:
        read_so = one.yield_per or multiplied(one) or not many(one)
        if read_so or not one.loaded or kept(figures, one) or changed(figures, one):
            continue
        holds = held(figures, one)
        if holds and not one.collections:  # columns hold less
            continue
        saves = spared(figures, one)
        why = f"all {one.loaded:,} entities are built before the first one is handed out"
        if one.times > 1:
            each = (one.rows or one.loaded) // one.times
            why = f"all {each:,} rows of each of {one.times:,} executions are there at once"
        why += "" if holds else ", and few are there at the end"
        text = (
            f"{what_reads_in_chunks(one)} at {at(one)}: {why}{REFUSED * one.collections}. Saves about {mib(saves)} MiB "
            f"at the peak, as predicted{IF_DROPPED * holds}."
        )
        code = in_chunks(figures, one)
        if figures.answers:  # else the answer is built of all rows at once again
            code += "  # in a StreamingResponse"
        yield Change("yield_per", text, saves, code)


def columns(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that entities are kept, or held at the peak, of which columns hold less."""
    of_a_row, of_a_place = figures.row_size
    for one in figures.statements:
        stay = kept(figures, one)
        if not (stay or held(figures, one)) or not one.loaded or not many(one):
            continue
        if multiplied(one) or changed(figures, one) or one.loaded < FEW * one.times:  # or they are loaded one by one
            continue
        saves = of_lines(figures, one) - one.loaded * (of_a_row + of_a_place * one.columns) - of_values(figures, one)
        how = "kept" if stay else "held by your code at the peak"
        how += ", though they are read in batches" * (one.yield_per is not None)
        text = (
            f"Columns instead of entities at {at(one)}, if they are only read: {one.loaded:,} entities are {how}. "
            f"Saves about {mib(saves)} MiB, as predicted"
        )
        if not stay and not one.yield_per:
            text += f"; yield_per about {mib(spared(figures, one))}{IF_DROPPED}"
        kind = max(one.classes, key=lambda name: one.classes[name])
        names = list(figures.attributes.get(kind, {})) or one.names or figures.tables.get(table_of(one), ("", ""))[1:]
        columns = ", ".join(f"{kind.rpartition('.')[2]}.{name}" for name in names[:3])
        yield Change("columns", f"{text}.", saves, visible(f"select({columns}, …)"))


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
