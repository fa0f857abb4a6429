"""What to write for single columns: to leave one out, or to have its values in a form that takes less."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from bench.layers.figures import Figure, Figures
from bench.layers.names import ARROW, CORE, ENTITY, LAYERS, POLARS, SELECTIN, TUPLE
from bench.layers.subject import Subject
from bench.layers.weighing import DECODED, HOOKED, PACKED, SHARED, is_vector
from bench.layers.weights import without
from bench.look.tables import named
from bench.relations.data import ReadColumn, Relation
from bench.yours import code, forms
from bench.yours.words import words_of
from bench.yours.written import WORTH, Advice
from common import MIB

# What saves less than this of all values is not told of a column.
LEAST = 0.05
ENTITIES = "Entities without it, by `deferred=True` in the class"
# See docs/row-shape.md.
OPTION = " `load_only`, for one query, saves less, for it keeps a dict in each entity."
VECTORS = "as arrays of NumPy's, by pgvector's adapter"
Write = Callable[[Relation, Sequence[ReadColumn]], str]
FORMS: dict[str, tuple[str, Write]] = {
    PACKED: ("as arrays of NumPy's, by a loader for psycopg's binary format", forms.packed),
    DECODED: ("by msgspec's decoder, which makes each key once", forms.decoded),
    HOOKED: ("by a hook that makes each key once, or, faster, by msgspec's decoder", forms.hooked),
    SHARED: ("with equal texts made once, by a dict of them or an enum", forms.shared),
}


def left_out(subject: Subject, figures: Figures) -> Iterator[Advice]:
    """Yield what reading without the column saves that takes half of all values, if there is one."""
    if not (wide := figures.wide):
        return
    relation = subject.relation
    name = named(f"{wide.table.name}.{wide.column.name}" if relation.children else wide.column.name)
    of = figures.values or wide.of
    much = f"Leave {name} out where you do not need it: it takes {wide.size:,.0f} of {of:,.0f} bytes of values. "
    lighter = without(subject, wide).relation
    for layers, how, write, more in (
        ((CORE, TUPLE), "Columns without it", columns, ""),
        ([layer for layer in LAYERS if layer not in (CORE, TUPLE, ENTITY)], "{layer} without it", columns, ""),
        ((ENTITY, SELECTIN), ENTITIES, code.batches, OPTION),
    ):
        layer = next((layer for layer in layers if layer in figures.without), "")
        if layer and (saves := saving(figures.by_layer[layer], figures.without[layer], words_of(relation).row)):
            yield Advice(f"{much}{how.format(layer=layer)}: {saves}.{more}", fixed(partial(write, lighter)))
            much = ""


def columns(relation: Relation) -> str:
    return code.rows(relation, code.sql(relation)) if relation.no_entities else code.columns(relation)


def saving(before: Figure, after: Figure, row: str) -> str:
    """Return in words what a layer takes before and after, if that is worth it; else an empty text."""
    if before.traced < WORTH * after.traced:
        return ""
    peaks = (
        f", {before.peak / MIB:,.1f} → {after.peak / MIB:,.1f} MiB at the peak" if before.peak > after.peak > 0 else ""
    )
    return f"{before.traced:,.0f} → {after.traced:,.0f} bytes per {row}{peaks}"


def in_other_forms(subject: Subject, figures: Figures) -> Iterator[Advice]:
    """Yield what other forms of columns' values save, where that is worth it and has code: what saves most first."""
    relation = subject.relation
    total = figures.values or sum(table.size * table.share for table in figures.weights)
    found: dict[tuple[str, int, str], list[tuple[float, ReadColumn]]] = {}
    for table in figures.weights:
        for column, weighed in table.largest:
            saved, form = weighed["saves"] * table.share, weighed["form"]
            mapped = form == SHARED and not table.table.no_entities
            if saved >= LEAST * total and not (mapped and not forms.can_be_mapped(column.stored, subject.enums)):
                alone = column.name if form == PACKED else ""  # a type of numbers has a loader of its own
                found.setdefault((form, table.table.oid, alone), []).append((saved, column))
    tables = {table.table.oid: table.table for table in figures.weights}
    for (form, oid, _), saving in sorted(found.items(), key=lambda group: -sum(saved for saved, _ in group[1])):
        how, write = FORMS[form]
        if is_vector(saving[0][1].stored):
            how = VECTORS
        above = f"{tables[oid].name}." if relation.children else ""
        names = ", ".join(named(f"{above}{column.name}") for _, column in saving)
        after = total - sum(saved for saved, _ in saving)
        of = f"{total:,.0f} → {after:,.0f} bytes of values per {words_of(relation).row}"
        text = f"{names} {how}: {of}{frames(figures) if form == PACKED else ''}."
        yield Advice(text, fixed(partial(write, tables[oid], [column for _, column in saving])))


def fixed(write: Callable[[], str]) -> Callable[[Relation], str]:
    """Return what writes the code, whatever the relation is, for the code is about another one."""
    return lambda _: write()


def frames(figures: Figures) -> str:
    """Return in words what reading all columns outside Python takes, where that was measured."""
    layers = [layer for layer in (ARROW, POLARS) if layer in figures.by_layer]
    told = ", ".join(f"{layer} {figures.by_layer[layer].traced:,.0f} bytes per row" for layer in layers)
    return f"; or all columns at once: {told}" if told else ""
