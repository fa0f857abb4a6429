"""What an experiment does in a fresh process: what the instances of a class share depends on which were made before."""

import gc
import tracemalloc
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Integer, create_engine, func, select
from sqlalchemy.orm import Session, deferred, registry

# How many rows are read, which is enough for a figure that is exact to a few bytes a row.
COUNT = 1_000
# What an integer from 257 to 2^30 takes, in bytes.
INTEGER = 28


def numbers() -> ColumnElement[int]:
    """Return the numbers from 1001 on, COUNT of them, as a column to select."""
    return func.generate_series(1_001, 1_000 + COUNT, type_=Integer).column_valued("number")


def entity_class(columns: int, deferred_ones: Iterable[str] = ()) -> Any:
    """Map a class with so many columns, all of them integers that no two rows share."""
    number = numbers()
    others = [(number + 10_000 * column).label(f"column_{column}") for column in range(2, columns + 1)]
    table = select(number.label("id"), *others).subquery()
    properties = {name: deferred(table.c[name]) for name in deferred_ones}
    mapped = type("Row", (), {})
    registry().map_imperatively(mapped, table, primary_key=[table.c.id], properties=properties)
    return mapped


def open_session(url: str) -> Session:
    """Connect, and execute a statement, so that what is needed once is there."""
    session = Session(create_engine(url.replace("postgresql:", "postgresql+psycopg:")))
    session.execute(select(1))
    return session


def held() -> int:
    """Return how many bytes are traced, which begins with the first call."""
    gc.collect()
    if not tracemalloc.is_tracing():
        tracemalloc.start()
    return tracemalloc.get_traced_memory()[0]
