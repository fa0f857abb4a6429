"""Read families into a session in one way, and say what they take: nothing else has happened in this process before.

usage: MEMORY_JSON=OUTPUT python -m bench.studies.graph_shape.families < READING

READING is `FamilyReading.stdin`. OUTPUT gets what `results` returns, as JSON. All families are kept in a list that was
made before, and the session stays open until that is known.
"""

import gc
import json
import os
import pickle
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, bindparam, create_engine, inspect, select
from sqlalchemy.orm import Session, joinedload, lazyload, registry, relationship, selectinload

from bench.layers.allocations import allocations_of
from bench.layers.measuring import clear_caches, drop
from bench.studies.graph_shape.model import Family, Related
from bench.studies.graph_shape.reading import LEAST, WARM_UP, FamilyReading, key_of
from common import database_url, loaded_versions

SELECT_IN, SMALL_FIRST, JOINED, LAZY = "selectinload", "selectinload, a small family first", "joinedload", "lazy"
WAYS: dict[str, Callable[..., Any]] = {
    SELECT_IN: selectinload,
    SMALL_FIRST: selectinload,
    JOINED: joinedload,
    LAZY: lazyload,
}
# Those that load relationships after the entities of their batch were made, when no key is left for them.
LATE = (SELECT_IN, LAZY)


def mapped(name: str, family: Family, made: registry, owner: str = "") -> type:
    """Return a class that is mapped to a table, and to those of its relationships, which are called `related_0`, …."""
    keys = [Column("id", Integer, primary_key=True)]
    if owner:
        keys.append(Column("owner", Integer, ForeignKey(f"{owner}.id")))
    properties: dict[str, Any] = {}
    for index, related in enumerate(family.related):
        below = f"{name}_{index}"
        if not related.counts:
            keys.append(Column(key_of(index), Integer, ForeignKey(f"{below}.id")))
        properties[f"related_{index}"] = relationship(
            mapped(below, related.family, made, name if related.counts else ""), uselist=bool(related.counts)
        )
    others: list[Column[Any]] = [Column(f"column_{number + 1}") for number in range(len(keys), family.columns)]
    kind: type = type(name, (), {})
    made.map_imperatively(kind, Table(name, made.metadata, *keys, *others), properties=properties)
    return kind


def options(kind: Any, how: Callable[..., Any]) -> Iterator[Any]:
    """Yield the options that load all of a class's relationships in one way, and those below."""
    for attribute in inspect(kind).relationships:
        yield how(attribute.class_attribute).options(*options(attribute.mapper.class_, how))


def used(entity: Any, related: Sequence[Related]) -> Any:
    """Return an entity once all that belongs to it has been asked for, which loads what is lazy."""
    for index, relation in enumerate(related):
        loaded = getattr(entity, f"related_{index}")
        for below in loaded if relation.counts else [loaded]:
            used(below, relation.family.related)
    return entity


def results(reading: FamilyReading, url: str) -> dict[str, Any]:
    """Return the bytes that are held for all families; or, if so asked, the allocations that one consists of."""
    made = registry(metadata=MetaData())
    kind: Any = mapped(reading.table, reading.family, made)
    statement = select(kind).where(kind.id.between(bindparam("first"), bindparam("last")))
    statement = statement.options(*options(kind, WAYS[reading.way]))

    def read(first: int, count: int) -> Iterator[Any]:
        for entity in session.scalars(statement, {"first": first, "last": first + count - 1}).unique():
            yield used(entity, reading.family.related)

    def all_of_them(count: int) -> Iterable[Any]:
        return read(LEAST + 1 + WARM_UP, count)

    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    with Session(engine) as session:
        if reading.way == SMALL_FIRST:
            drop(read(LEAST, 1))
        drop(read(LEAST + 1, WARM_UP))
        session.expunge_all()
        versions = loaded_versions()
        if reading.allocations:
            return {"allocations": allocations_of(all_of_them, reading.families), "versions": versions}
        kept: list[object] = [None] * reading.families
        gc.collect()
        tracemalloc.start()
        for index, entity in enumerate(all_of_them(reading.families)):
            kept[index] = entity
        gc.collect()  # empties the free lists of built-in types, as `bench.layers.measuring` does
        clear_caches()
        traced = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return {"traced": traced, "entities": len(session.identity_map), "versions": versions}


if __name__ == "__main__":
    Path(os.environ["MEMORY_JSON"]).write_text(
        json.dumps(results(pickle.load(sys.stdin.buffer), database_url())), "utf-8"
    )
