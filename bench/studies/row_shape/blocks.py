"""The blocks of a page that follow from the shapes."""

from dataclasses import asdict

from bench.layers.model_readers import DJANGO, TORTOISE
from bench.look import pages
from bench.studies.row_shape import objects, tables
from bench.studies.row_shape.figures import ENTITY, MODEL, Figures
from bench.studies.row_shape.model import CHARACTERS, ELEMENTS, NAMES, RULES
from bench.studies.row_shape.shapes import ARRAY, CHARACTER, TEXT
from bench.yours import code


def blocks(figures: Figures) -> dict[str, str]:
    """Return every block's Markdown by its marker."""
    layers, others = figures.own, figures.others
    return {
        "row-shape": answer(figures),
        "overheads": tables.overheads(figures, layers).markdown(),
        "values": tables.values(figures, layers).markdown(),
        "prediction": f"{worst(figures, layers)}\n\n{tables.prediction(figures, layers).markdown()}",
        "entity": f"{tables.consists(figures, ENTITY).markdown()}\n\n{lazily(figures)}",
        "experiments": f"{tables.experiments(figures, layers).markdown()}\n\n{times(figures)}",
        "model": tables.consists(figures, MODEL).markdown(),
        "row-model": data(figures),
        "other-overheads": tables.overheads(figures, [ENTITY, *others]).markdown(),
        "other-prediction": f"{worst(figures, others)}\n\n{tables.prediction(figures, others).markdown()}",
        "django-model": tables.consists(figures, DJANGO).markdown(),
        "tortoise-model": tables.consists(figures, TORTOISE).markdown(),
    }


def answer(figures: Figures) -> str:
    """Return the answer in one line."""
    model, entity, slots = (
        figures.layers[layer].overheads[20] for layer in (MODEL, ENTITY, "Pydantic slots dataclass")
    )
    return (
        f"**From {figures.crossing} columns on, a Pydantic model costs more than an ORM entity**, where the process "
        f"loads entities before it makes any. At 20 columns its overhead takes {model:,.0f} bytes, that of an entity "
        f"{entity:,.0f}, and that of a Pydantic dataclass with slots {slots:,.0f}."
    )


def worst(figures: Figures, layers: list[str]) -> str:
    """Return how far the prediction is off at most in these layers."""
    off = max(abs(share) for (layer, _), share in figures.deviations.items() if layer in layers)
    return f"The prediction is off by {off:.1%} at most. Bytes per row: predicted, measured, deviation."


def lazily(figures: Figures) -> str:
    """Return what SQLAlchemy could make only when it is needed."""
    entities = figures.layers[ENTITY]
    size, total = objects.never_used(entities.allocations), entities.overheads[3]
    return (
        f"{size:.0f} of these bytes, {size / total:.0%} of the overhead, are a set and a dict that an entity needs "
        "once it is modified, expired, or loaded as an object of its base class: SQLAlchemy could make them then."
    )


def times(figures: Figures) -> str:
    """Return how long it takes to read in the experiments."""
    names = {ENTITY: "entities", MODEL: "models"}
    found = [
        f"{time:.2f} with {names[layer]} of {count} columns"
        for layer in names
        if (changes := figures.layers[layer].experiment)
        for count, time in changes.times.items()
    ]
    return f"To read them takes, of the time without it: {', '.join(found)}." if found else ""


def data(figures: Figures) -> str:
    """Return the model of the cost, for the page that computes with it: what was measured, the rules, and the code."""
    rules = {
        name: {
            "measured": [rule.measured.name, *([rule.longer.name] if rule.longer else [])],
            "lengths": [rule.measured.length, *([rule.longer.length] if rule.longer else [])],
            "unit": rule.unit,
            "usual": rule.usual,
        }
        for name, rule in RULES.items()
    }
    content = {
        **{"python": figures.python, "date": figures.date, "versions": figures.versions},
        **asdict(figures.model),
        "overheads": {layer: figures.model.overheads[layer] for layer in figures.own},
        "copying": [layer for layer in figures.model.copying if layer in figures.own],
        "beyond": {layer: round(figures.layers[layer].beyond, 1) for layer in figures.own},
        "rules": rules,
        "once": CHARACTER.name,
        "array": {"name": ARRAY.name, "elements": ELEMENTS, "rule": NAMES[TEXT], "length": CHARACTERS},
        "code": {"entities": code.ENTITIES, "columns": code.COLUMNS, "dataclass": code.DATACLASS},
    }
    return pages.data("row-model", content)
