"""How to load children, and what to read instead, as far as the figures show that it saves."""

from collections.abc import Iterator

from bench.layers.graph_costs import GraphFigure, GraphFigures, GraphSubject
from bench.layers.graph_readers import ARRAYS, COLUMNS, DROPPED, JOINED, LAZY, SELECTIN
from bench.yours import graph_code
from bench.yours.advice import ENOUGH, WORTH, Advice
from common import MIB


def advice(subject: GraphSubject, figures: GraphFigures) -> list[Advice]:
    """Return what follows from the figures; nothing of few rows."""
    if subject.size.rows < ENOUGH:
        return []
    return [*streaming(subject, figures), *strategies(subject, figures), *values(subject, figures)]


def streaming(subject: GraphSubject, figures: GraphFigures) -> Iterator[Advice]:
    """Yield the question to ask first, with the peaks where both were measured and differ."""
    if subject.graph.keyless:
        return
    question = "Do you need all parents at once? If not, read them in batches, and keep none"
    found = figures.by_layer
    peaks = ""
    if SELECTIN in found and DROPPED in found and found[SELECTIN].peak > WORTH * max(found[DROPPED].peak, 0):
        peaks = f": {mib(found[SELECTIN].peak)} → {mib(found[DROPPED].peak)} MiB at the peak"
    yield Advice(f"{question}{peaks}.", graph_code.batches(subject.graph))


def strategies(subject: GraphSubject, figures: GraphFigures) -> Iterator[Advice]:
    """Yield which of the strategies takes less memory, or else less time, if one does."""
    found = figures.by_layer
    if LAZY in found and (other := found.get(SELECTIN) or found.get(JOINED)):
        name = "selectinload" if SELECTIN in found else "joinedload"
        before, after = found[LAZY], other
        if before.statements > WORTH * after.statements and before.seconds > WORTH * after.seconds:
            statements = f"{before.statements:,} → {after.statements:,} statements"
            yield Advice(f"{name} instead of lazy loading: {statements}, {seconds(before)} → {seconds(after)} s.")
    if SELECTIN not in found or JOINED not in found:
        return
    selectin, joined = found[SELECTIN], found[JOINED]
    if joined.traced_peak > WORTH * selectin.traced_peak:
        yield Advice(f"selectinload, as above, instead of joinedload: {compared(joined, selectin)}.")
    elif selectin.traced_peak > WORTH * joined.traced_peak or selectin.seconds > WORTH * joined.seconds:
        text = f"joinedload instead of selectinload: {compared(selectin, joined)}."
        yield Advice(text, graph_code.at_once(subject.graph))


def values(subject: GraphSubject, figures: GraphFigures) -> Iterator[Advice]:
    """Yield what of columns and arrays keeps less than entities do, if that is worth it."""
    found = figures.by_layer
    entities = [found[way] for way in (SELECTIN, JOINED) if way in found]
    others = {way: found[way] for way in (ARRAYS, COLUMNS) if way in found}
    if not entities or not others:
        return
    entity = min(entities, key=lambda one: one.traced)
    cheap, one = min(others.items(), key=lambda item: item[1].traced)
    if one.traced > 0 and entity.traced > WORTH * one.traced:
        what = {ARRAYS: "One row a parent, with arrays, instead of entities", COLUMNS: "Columns instead of entities"}
        code = {ARRAYS: graph_code.arrays, COLUMNS: graph_code.columns}
        times = f"{entity.traced / one.traced:.1f} times less"
        kept = f"{entity.traced:,.0f} → {one.traced:,.0f} bytes per parent, {times}"
        yield Advice(f"{what[cheap]}: {kept}.", code[cheap](subject.graph))


def compared(before: GraphFigure, after: GraphFigure) -> str:
    """Return in words what one way takes and another."""
    peak = f"{before.traced_peak:,.0f} → {after.traced_peak:,.0f} bytes per parent at the peak"
    return f"{peak}, {seconds(before)} → {seconds(after)} s, {before.rows:,} → {after.rows:,} rows on the wire"


def mib(size: float) -> str:
    """Return bytes in MiB."""
    return f"{max(size, 0) / MIB:,.1f}"


def seconds(one: GraphFigure) -> str:
    """Return a way's seconds."""
    return f"{one.seconds:.2f}"
