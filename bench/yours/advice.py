"""What to write instead, and what it saves, as far as the figures show it."""

from collections.abc import Iterator
from functools import partial

from bench.layers.figures import OTHER_VALUES, Figure, Figures
from bench.layers.names import (
    ARRAYS,
    COLUMNS,
    CORE,
    DICT,
    DROPPED,
    ENTITY,
    JOINED,
    LAYERS,
    LAZY,
    MODEL,
    SELECTIN,
    SLOTS,
    STREAMED,
    VALIDATED,
)
from bench.layers.subject import Subject
from bench.nouns import counted
from bench.relations.data import Relation
from bench.yours import code
from bench.yours.by_column import in_other_forms, left_out
from bench.yours.words import all_rows, words_of
from bench.yours.written import WORTH, Advice
from common import MIB

ARTICLES = {ENTITY: "an ORM entity", MODEL: "a Pydantic model", CORE: "a Core row", DICT: "a dict"}
# What keeps entities, and the same in batches, of which none is kept.
STREAMS = ((ENTITY, STREAMED), (SELECTIN, DROPPED))


def advice(subject: Subject, figures: Figures) -> list[Advice]:
    """Return what follows from the figures, what saves most first; nothing of few rows, or of a layer that failed."""
    if not subject.enough(figures.count):
        return []
    by_column = [*left_out(subject, figures), *in_other_forms(subject, figures)]
    asked = list(streaming(subject, figures))
    cheaper = [*strategies(subject.relation, figures), *values(figures), *others(figures)]
    return [*by_column, *asked, *(cheaper or ([] if by_column else nothing(subject, figures)))]


def streaming(subject: Subject, figures: Figures) -> Iterator[Advice]:
    """Yield the question to ask first, with the peaks where both were measured and differ.

    Children have code for it only where selectinload was seen to find all of them.
    """
    relation = subject.relation
    if relation.children and relation.no_entities:
        return
    rows = f"{words_of(relation).row}s"
    text = f"Do you need all {rows} at once? If not, read them in batches, and keep none"
    for kept, dropped in STREAMS:
        if {kept, dropped} <= figures.by_layer.keys():
            before, after = (max(figures.by_layer[layer].peak, 0) / MIB for layer in (kept, dropped))
            if before > WORTH * after:
                of = "" if relation.children else f" of {figures.count:,} entities"
                text += f": {before:,.1f} → {after:,.1f} MiB at the peak{of}{of_all(subject, figures, kept)}"
    seen = not relation.children or {SELECTIN, DROPPED} & figures.by_layer.keys()
    yield Advice(f"{text}.", code.batches if seen else None)


def of_all(subject: Subject, figures: Figures, kept: str) -> str:
    """Return what batches save of all rows, where two of them, which are there at once, are all that was read."""
    batch, rows = subject.relation.batch, f"{words_of(subject.relation).row}s"
    if 2 * batch < figures.count:
        return ""
    total, _ = all_rows(subject, figures)
    told = f"; two batches of {batch:,} are all that was read"
    if not total or total <= figures.count:
        return told
    size = figures.by_layer[kept].traced * total / MIB
    return f"{told}, while all {total:,} {rows} would take {size:,.0f} MiB, and batches no more than these"


def strategies(relation: Relation, figures: Figures) -> Iterator[Advice]:
    """Yield which of the strategies takes less memory, or else less time, if one does."""
    by_layer = figures.by_layer
    if LAZY in by_layer and (other := by_layer.get(SELECTIN) or by_layer.get(JOINED)):
        name = "selectinload" if SELECTIN in by_layer else "joinedload"
        yield from less_often(name, by_layer[LAZY], other)
    if SELECTIN not in by_layer or JOINED not in by_layer:
        return
    selectin, joined = by_layer[SELECTIN], by_layer[JOINED]
    if joined.traced_peak > WORTH * selectin.traced_peak:
        to_many = [child.link.to_many for child in relation.children]
        above = (", as above," if all(to_many) else " for all") if any(to_many) else ""
        write = None if all(to_many) else partial(code.batches, to_one="selectinload")
        yield Advice(f"selectinload{above} instead of joinedload: {compared(joined, selectin)}.", write)
    elif selectin.traced_peak > WORTH * joined.traced_peak or selectin.seconds > WORTH * joined.seconds:
        text = f"joinedload instead of selectinload: {compared(selectin, joined)}."
        yield Advice(text, code.at_once)


def less_often(name: str, lazy: Figure, other: Figure) -> Iterator[Advice]:
    """Yield that another strategy asks the server less often, if that was counted and takes less time."""
    if not lazy.statements or not other.statements:
        return
    if lazy.statements > WORTH * other.statements and lazy.seconds > WORTH * other.seconds:
        statements = f"{lazy.statements:,} → {counted(other.statements, 'statement')}"
        yield Advice(f"{name} instead of lazy loading: {statements}, {seconds(lazy, other)}.")


def compared(before: Figure, after: Figure) -> str:
    peak = f"{before.traced_peak:,.0f} → {after.traced_peak:,.0f} bytes per parent at the peak"
    known = before.rows is not None and after.rows is not None
    rows = f", {before.rows:,} → {after.rows:,} rows on the wire" if known else ""
    return f"{peak}, {seconds(before, after)}{rows}"


def seconds(before: Figure, after: Figure) -> str:
    return f"{before.seconds:.2f} → {after.seconds:.2f} s"


def values(figures: Figures) -> Iterator[Advice]:
    """Yield what of columns and arrays keeps less than entities do, if that is worth it."""
    entities = [figures.by_layer[way] for way in (SELECTIN, JOINED) if way in figures.by_layer]
    others = {way: figures.by_layer[way].traced for way in (ARRAYS, COLUMNS) if way in figures.by_layer}
    if not entities or not others:
        return
    before, (cheap, after) = min(entity.traced for entity in entities), min(others.items(), key=lambda way: way[1])
    if after > 0 and before > WORTH * after:
        saves = f"{before:,.0f} → {after:,.0f} bytes per parent, {before / after:.1f} times less"
        if cheap == ARRAYS:
            yield Advice(f"One row a parent, with arrays, instead of entities: {saves}.", code.of_arrays)
        else:
            yield Advice(f"Columns instead of entities: {saves}.", code.of_join)


def others(figures: Figures) -> Iterator[Advice]:
    if saves := saving(figures, ENTITY, CORE):
        yield Advice(f"Columns instead of entities: {saves}.", code.columns)
    articles = {} if figures.failures.keys() & ARTICLES else ARTICLES
    if layer := next((layer for layer in articles if saving(figures, layer, SLOTS)), ""):
        text = f"A dataclass with slots instead of {articles[layer]}: {saving(figures, layer, SLOTS)}."
        yield Advice(text + other_values(figures, layer), code.dataclass)
    if saves := saving(figures, MODEL, VALIDATED):
        imported = "`from pydantic.dataclasses import dataclass`"
        yield Advice(f"Validated, by {imported} in the same code, instead of a Pydantic model: {saves}.")


def saving(figures: Figures, expensive: str, cheap: str) -> str:
    """Return in words what one layer saves against another, if that is worth it; else an empty text."""
    if expensive not in figures.by_layer or cheap not in figures.by_layer:
        return ""
    before, after = figures.by_layer[expensive].traced, figures.by_layer[cheap].traced
    if after <= 0 or before / after < WORTH:
        return ""
    return f"{before:,.0f} → {after:,.0f} bytes per row, {before / after:.1f} times less"


def other_values(figures: Figures, layer: str) -> str:
    """Return a sentence on the columns whose values are others in this layer than in psycopg's rows, if any are."""
    _, other, those = figures.by_layer[layer].no_overhead.partition(OTHER_VALUES)
    return f" It holds psycopg's values, where those of {ARTICLES[layer]} are others: {those}." if other else ""


def nothing(subject: Subject, figures: Figures) -> Iterator[Advice]:
    """Yield that no layer saves much, where all of them were measured."""
    if figures.values and {*LAYERS} & {*subject.layers} <= figures.by_layer.keys():
        share = figures.values / max(figures.by_layer[layer].traced for layer in LAYERS if layer in figures.by_layer)
        yield Advice(f"No layer saves much: the values are {share:.0%} of the most expensive row. Read fewer columns.")
