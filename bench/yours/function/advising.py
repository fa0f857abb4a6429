"""Which changes are worth to be told: what saves most, from all rules."""

from collections.abc import Callable, Iterator
from math import inf

from bench.yours.function.figures import FunctionFigures
from bench.yours.function.rules.change import ENOUGH, Change, peak_of
from bench.yours.function.rules.keeping import cache, pending, texts
from bench.yours.function.rules.reading import (
    columns,
    driver,
    in_batches,
    joined,
    models,
    often,
    wide_column,
    wide_value,
)

MOST = 3
# Of a smaller share of the peak, nothing follows.
ENOUGH_OF_PEAK = 0.05
RULES: tuple[Callable[[FunctionFigures], Iterator[Change]], ...] = (
    *(joined, in_batches, columns, wide_column, wide_value, models, driver, often, pending, cache, texts),
)


def advice(figures: FunctionFigures) -> list[Change]:
    """Return at most three steps, n + 1 first, then what saves most; none where there is little to save."""
    least = max(ENOUGH, ENOUGH_OF_PEAK * peak_of(figures))
    steps = [step for rule in RULES for step in rule(figures) if step.saves is None or step.saves >= least]
    names: dict[str, Change] = {}
    for step in sorted(steps, key=lambda step: -(inf if step.saves is None else step.saves)):
        names.setdefault(f"{step.name} {step.code}", step)
    return list(names.values())[:MOST]
