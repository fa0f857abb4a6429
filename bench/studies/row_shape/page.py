"""What the pages show of rows of many shapes."""

from collections.abc import Container
from dataclasses import asdict
from typing import Any

from bench.layers.names import DJANGO, ENTITY, LAYERS, MODEL, TORTOISE, VALIDATED
from bench.look import blocks as look
from bench.look.tables import Table, whole
from bench.results import Results
from bench.studies.row_shape import objects
from bench.studies.row_shape.model import CHARACTERS, ELEMENTS, RULES
from bench.studies.row_shape.model import NAMES as RULE_NAMES
from bench.studies.row_shape.overheads import OTHER_MODELS, RowShapes, shapes_of_layer
from bench.studies.row_shape.shapes import ARRAY, CHARACTER, TEXT
from bench.studies.row_shape.tables import CONSISTS, consists, experiments, overheads, prediction, values
from bench.yours import templates

NAMES = (*LAYERS, *OTHER_MODELS)


def figures(results: Results) -> RowShapes:
    header = results.header
    layers = {name: shapes_of_layer(name, record) for name, record in results.records.items()}
    return RowShapes(layers, header["versions"], header["python"].rpartition(" ")[2], header["date"])


def tables(shapes: RowShapes, new: Container[str]) -> list[Table[Any]]:
    """Return the tables of the new layers; the tuple's values, to predict from, are always there."""
    layers = [layer for layer in shapes.layers if layer in new]
    shown = [shapes.layers[layer] for layer in layers]
    return [
        overheads(shapes, layers),
        values(shapes, layers),
        *([prediction(shapes, layers)] if any(layer.tables for layer in shown) else []),
        *(consists(shapes, layer) for layer in CONSISTS if layer in layers),
        *([experiments(shapes, layers)] if any(layer.experiment for layer in shown) else []),
    ]


def blocks(shapes: RowShapes) -> dict[str, str]:
    layers, others = shapes.own, shapes.others
    return {
        "row-shape": answer(shapes),
        "overheads": overheads(shapes, layers).markdown(),
        "values": values(shapes, layers).markdown(),
        "prediction": f"{worst(shapes, layers)}\n\n{prediction(shapes, layers).markdown()}",
        "entity": f"{consists(shapes, ENTITY).markdown()}\n\n{lazily(shapes)}",
        "experiments": f"{experiments(shapes, layers).markdown()}\n\n{times(shapes)}",
        "model": consists(shapes, MODEL).markdown(),
        "row-model": row_model(shapes),
        "other-overheads": overheads(shapes, [ENTITY, *others]).markdown(),
        "other-prediction": f"{worst(shapes, others)}\n\n{prediction(shapes, others).markdown()}",
        "django-model": consists(shapes, DJANGO).markdown(),
        "tortoise-model": consists(shapes, TORTOISE).markdown(),
    }


def charts(shapes: RowShapes) -> dict[str, str]:
    from bench.studies.row_shape import charts  # with matplotlib, which `make bench` does without

    return charts.of(shapes)


def answer(shapes: RowShapes) -> str:
    model, entity, slots = (shapes.layers[layer].overheads[20] for layer in (MODEL, ENTITY, VALIDATED))
    return (
        f"**From {shapes.crossing} columns on, a Pydantic model costs more than an ORM entity** that was read, "
        f"in a process that has made none by `Entity(…)` before. At 20 columns its overhead takes {model:,.0f} bytes, "
        f"that of an entity {entity:,.0f}, and that of a Pydantic dataclass with slots {slots:,.0f}."
    )


def worst(shapes: RowShapes, layers: list[str]) -> str:
    off = max(abs(share) for (layer, _), share in shapes.deviations.items() if layer in layers)
    return f"The prediction is off by {off:.1%} at most. Bytes per row: predicted; measured; deviation."


def lazily(shapes: RowShapes) -> str:
    entities = shapes.layers[ENTITY]
    size, total = objects.never_used(entities.allocations), entities.overheads[3]
    return (
        f"{whole(size)} of these bytes, {size / total:.0%} of the overhead, are a set and a dict that an entity needs "
        "once it is modified, expired, or loaded as an object of its base class: SQLAlchemy could make them then."
    )


def times(shapes: RowShapes) -> str:
    names = {ENTITY: "entities", MODEL: "models"}
    texts = [
        f"{time:.2f} with {names[layer]} of {count} columns"
        for layer in names
        if (changes := shapes.layers[layer].experiment)
        for count, time in changes.times.items()
    ]
    return f"To read them takes, of the time without it: {', '.join(texts)}." if texts else ""


def row_model(shapes: RowShapes) -> str:
    """Return the model of the cost, for the page that computes with it: what was measured, the rules, and the code.

    A rule whose values were not measured is left out.
    """
    rules = {
        name: {
            "measured": [rule.measured.name, *([rule.longer.name] if rule.longer else [])],
            "lengths": [rule.measured.length, *([rule.longer.length] if rule.longer else [])],
            "unit": rule.unit,
            "usual": rule.usual,
        }
        for name, rule in RULES.items()
        if rule.measured.name in shapes.model.values
    }
    content = {
        **{"python": shapes.python, "date": shapes.date, "versions": shapes.versions},
        **asdict(shapes.model),
        "beyond": {name: round(layer.beyond, 1) for name, layer in shapes.layers.items()},
        "others": shapes.others,
        "rules": rules,
        "once": CHARACTER.name,
        "array": {"name": ARRAY.name, "elements": ELEMENTS, "rule": RULE_NAMES[TEXT], "length": CHARACTERS},
        "code": {"entities": templates.ENTITIES, "columns": templates.COLUMNS, "dataclass": templates.DATACLASS},
    }
    return look.data("row-model", content)
