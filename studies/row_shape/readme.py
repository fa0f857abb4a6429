"""The blocks of README that follow from the shapes."""

from runner.results import Parts
from studies.row_shape import objects, tables
from studies.row_shape.cost_model import ENTITY, MODEL, TUPLE, crossing, deviations, overhead


def blocks(parts: Parts) -> dict[str, str]:
    """Return every block's Markdown by its marker."""
    values = tables.values(parts, parts[TUPLE])
    return {
        "row-shape": answer(parts),
        "overheads": tables.overheads(parts).markdown(),
        "values": values.markdown(),
        "prediction": f"{worst(parts)}\n\n{tables.prediction(parts, parts).markdown()}",
        "entity": f"{whole(parts, ENTITY)}\n\n{lazily(parts)}",
        "model": whole(parts, MODEL),
    }


def whole(parts: Parts, layer: str) -> str:
    """Return the table of a row's objects."""
    return tables.consists(layer, parts[layer]).markdown()


def answer(parts: Parts) -> str:
    """Return the answer in one line."""
    model, entity, slots = (overhead(parts[layer], 20) for layer in (MODEL, ENTITY, "Pydantic slots dataclass"))
    return (
        f"**From {crossing(parts)} columns on, a Pydantic model costs more than an ORM entity**, in a process that "
        f"reads before it makes any. At 20 columns its overhead takes {model:,.0f} bytes, that of an entity "
        f"{entity:,.0f}, and that of a Pydantic dataclass with slots {slots:,.0f}."
    )


def worst(parts: Parts) -> str:
    """Return how far the prediction is off at most."""
    return f"The prediction is off by {max(map(abs, deviations(parts).values())):.1%} at most:"


def lazily(parts: Parts) -> str:
    """Return what SQLAlchemy could make only when it is needed."""
    part = parts[ENTITY]
    size, total = objects.never_used(part), overhead(part, 3)
    return (
        f"{size:.0f} of these bytes, {size / total:.0%} of the overhead, are a set and a dict that stay empty until "
        "an entity is modified or expired: SQLAlchemy could make them when they are first needed."
    )
