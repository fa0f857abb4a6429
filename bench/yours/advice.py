"""What to write instead, and what it saves, as far as the figures show it."""

from dataclasses import dataclass

from bench.layers.costs import STREAMED, Subject
from bench.layers.figures import ENTITY, OTHER_VALUES, Figures
from bench.layers.readers import LAYERS
from bench.yours import code
from common import MIB

# Fewer rows make no figure to advise by, for what is fixed weighs in them.
ENOUGH = 1000
# What saves less than this is not worth another way to write it.
WORTH = 1.15
ROW, VALIDATED, CORE, MODEL, DICT = (
    *("slots dataclass", "Pydantic slots dataclass", "Core row", "Pydantic model", "psycopg, dict"),
)
ARTICLES = {ENTITY: "an ORM entity", MODEL: "a Pydantic model", CORE: "a Core row", DICT: "a dict"}


@dataclass(frozen=True)
class Advice:
    """What to write, what it saves, and the code, if there is any to show."""

    text: str
    code: str = ""


def advice(subject: Subject, figures: Figures) -> list[Advice]:
    """Return what follows from the figures, what saves most first; nothing of few rows, or of a layer that failed."""
    if figures.count < ENOUGH:
        return []
    found = [Advice(streaming(figures), code.streamed(subject))]
    if saves := saving(figures, ENTITY, CORE):
        found.append(Advice(f"Columns instead of entities: {saves}.", code.columns(subject)))
    others = () if figures.failures.keys() & ARTICLES else ARTICLES
    if instead_of := next((name for name in others if saving(figures, name, ROW)), ""):
        text = f"A dataclass with slots instead of {ARTICLES[instead_of]}: {saving(figures, instead_of, ROW)}."
        found.append(Advice(text + other_values(figures, instead_of), code.dataclass(subject)))
    if saves := saving(figures, MODEL, VALIDATED):
        imported = "`from pydantic.dataclasses import dataclass`"
        found.append(Advice(f"Validated, by {imported} in the same code, instead of a Pydantic model: {saves}."))
    if len(found) == 1 and figures.values and {*LAYERS} & {*subject.layers} <= figures.by_layer.keys():
        share = figures.values / max(figures.by_layer[layer].traced for layer in LAYERS if layer in figures.by_layer)
        found.append(
            Advice(f"No layer saves much: the values are {share:.0%} of the most expensive row. Read fewer columns.")
        )
    return found


def streaming(figures: Figures) -> str:
    """Return the question to ask first, with the peaks where both were measured and differ."""
    question = "Do you need all rows at once? If not, read them in batches, and keep none"
    if ENTITY in figures.by_layer and STREAMED in figures.by_layer:
        before, after = (max(figures.by_layer[layer].peak, 0) / MIB for layer in (ENTITY, STREAMED))
        if before > WORTH * after:
            return f"{question}: {before:,.1f} → {after:,.1f} MiB at the peak of {figures.count:,} entities."
    return f"{question}."


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
