"""What comes first in a process changes what all later entities take; each experiment has a process of its own.

A dict that shares its keys has a table of no more than 30 values; one of its own shows by its size.
"""

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from sqlalchemy import bindparam, inspect, select
from sqlalchemy.orm import foreign, joinedload, load_only, registry, relationship, selectinload

from tests.claims.fresh import COUNT, INTEGER, entity_class, held, in_a_fresh_process, numbers, open_session

until_3_12 = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="from 3.13 on the state's dict has room for all keys, whatever comes first"
)
until_3_13 = pytest.mark.skipif(sys.version_info >= (3, 14), reason="what the pages say of it was measured up to 3.13")


class Size(NamedTuple):
    """What an entity takes beside its values, its dict, and its state's dict, in bytes."""

    overhead: float
    attributes: int
    state: int


def size_of(entities: Sequence[Any], before: int, columns: int) -> Size:
    """Return the sizes of entities that were read since so much was held."""
    overhead = (held() - before) / len(entities) - columns * INTEGER
    return Size(overhead, sys.getsizeof(entities[-1].__dict__), sys.getsizeof(inspect(entities[-1]).__dict__))


def own(keys: int) -> int:
    """Return the least that a dict takes which shares none of its keys."""
    return sys.getsizeof(dict.fromkeys(map(str, range(keys))))


def read_after(url: str, columns: int, first: str, count: int, whole: bool) -> Size:
    """Read all entities of a class after so many were made or loaded otherwise, and after a whole one, if asked for."""
    mapped, other = entity_class(columns), entity_class(3)
    with open_session(url) as session:
        kept = list(session.scalars(select(mapped).limit(1))) if whole else []
        if first == "narrow":
            kept += session.scalars(
                select(mapped).options(load_only(mapped.id)).where(mapped.id > 1_001).limit(count)
            ).all()
        else:
            kept += [(mapped if first == "made" else other)() for _ in range(count)]
        session.expunge_all()
        statement = select(mapped).where(mapped.id > bindparam("after"))
        session.scalars(statement, {"after": 9_999}).all()  # compiles it
        before = held()
        return size_of(session.scalars(statement, {"after": 0}).all(), before, columns)


@pytest.mark.parametrize(("columns", "more"), [(10, 0.3), (20, 0.55), (28, 1.1)])
@until_3_13
def test_29_less_the_columns_narrow_entities_first_make_all_later_ones_expensive(
    url: str, columns: int, more: float
) -> None:
    alone, fewer, enough = (
        in_a_fresh_process(read_after, url, columns, "narrow", count, False)
        for count in (0, 28 - columns, 29 - columns)
    )
    assert alone.attributes < own(columns) > fewer.attributes
    assert fewer.overhead == pytest.approx(alone.overhead, rel=0.04)
    assert enough.attributes >= own(columns)
    assert enough.overhead / alone.overhead - 1 == pytest.approx(more, abs=0.03)


@until_3_12
@pytest.mark.parametrize(("columns", "more"), [(3, 0.2), (20, 0.18)])
def test_24_entities_made_first_make_the_states_of_all_classes_expensive(url: str, columns: int, more: float) -> None:
    alone, fewer, enough = (
        in_a_fresh_process(read_after, url, columns, "made, of another class", count, False) for count in (0, 22, 24)
    )
    assert fewer.state < own(7) <= enough.state
    assert fewer.overhead == pytest.approx(alone.overhead, rel=0.04)
    assert enough.overhead / alone.overhead - 1 == pytest.approx(more, abs=0.02)


@until_3_13
@pytest.mark.parametrize(("columns", "more", "on_3_13"), [(3, 0.38, 0.15), (10, 0.49, 0.25), (20, 0.37, 0.17)])
def test_thirty_made_first_make_those_of_their_own_class_more_expensive_still(
    url: str, columns: int, more: float, on_3_13: float
) -> None:
    alone, made = (in_a_fresh_process(read_after, url, columns, "made", count, False) for count in (0, 30))
    assert made.attributes >= own(columns)
    expected = more if sys.version_info < (3, 13) else on_3_13
    assert made.overhead / alone.overhead - 1 == pytest.approx(expected, abs=0.02)


@until_3_13
@pytest.mark.parametrize("first", ["narrow", "made", "made, of another class"])
def test_one_whole_entity_before_them_avoids_it(url: str, first: str) -> None:
    alone, after = (in_a_fresh_process(read_after, url, 10, first, count, count > 0) for count in (0, 30))
    assert after.overhead == pytest.approx(alone.overhead, rel=0.04)
    assert after.attributes < own(10)


def related_class(columns: int, names: list[str]) -> Any:
    """Map a class with relationships of these names, each to a class of its own."""
    mapped, mapper_registry = entity_class(columns), registry()
    for name in names:
        other = type(name.title(), (), {})
        table = select(numbers().label("id")).subquery()
        mapper_registry.map_imperatively(other, table, primary_key=[table.c.id])
        join = foreign(mapped.id) == table.c.id
        inspect(mapped).add_property(name, relationship(other, primaryjoin=join, viewonly=True))
    return mapped


def read_related(url: str, how: str, count: int, first: bool) -> Size:
    """Read entities of six columns and so many relationships, one entity with all of them before, if asked for."""
    names = [f"other_{number}" for number in range(count)]
    mapped = related_class(6, names)
    with open_session(url) as session:
        whole = list(session.scalars(select(mapped).where(mapped.id == 1_001))) if first else []
        for name in names:
            assert all(getattr(entity, name) for entity in whole)
        statement = select(mapped).where(mapped.id > 960 + COUNT)
        load = {"joined": joinedload, "select in": selectinload}.get(how)
        if load:
            statement = statement.options(*(load(getattr(mapped, name)) for name in names))
        before = held()
        entities = session.scalars(statement).all()
        for entity in entities:
            assert all(getattr(entity, name) for name in names)
        return size_of(entities, before, 6)


@pytest.mark.parametrize("count", [1, 2, 3])
@until_3_13
def test_relationships_share_keys_if_they_come_with_the_row_and_one_does_if_it_comes_later(
    url: str, count: int
) -> None:
    keys = 6 + count
    joined, select_in, lazily = (
        in_a_fresh_process(read_related, url, how, count, False) for how in ("joined", "select in", "lazily")
    )
    assert joined.attributes < own(keys)
    assert (select_in.attributes >= own(keys)) == (lazily.attributes >= own(keys)) == (count > 1)
    # Loading sets `mapper` and `expired` on a state, and there is room for one of them.
    if sys.version_info < (3, 13):
        assert max(joined.state, select_in.state) < own(7) <= lazily.state


@pytest.mark.parametrize("how", ["joined", "select in", "lazily"])
def test_one_entity_with_all_its_relationships_before_them_avoids_it(url: str, how: str) -> None:
    found = in_a_fresh_process(read_related, url, how, 3, True)
    assert found.attributes < own(9)
    assert found.state < own(7) or sys.version_info >= (3, 13)
