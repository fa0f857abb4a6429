"""What comes first in a process changes what all later entities take; each experiment has a process of its own.

A dict that shares its keys has a table of no more than 30 values; one of its own shows by its size.
"""

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from sqlalchemy import bindparam, inspect, select
from sqlalchemy.orm import foreign, joinedload, load_only, registry, relationship, selectinload

from tests.claims.fresh import COUNT, INTEGER, entity_class, held, numbers, open_session
from tests.forks import in_a_fresh_process

PYTHON = sys.version_info[:2]


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
        if first == "dropped":
            kept.clear()
        if first == "narrow":
            kept += session.scalars(
                select(mapped).options(load_only(mapped.id)).where(mapped.id > 1_001).limit(count)
            ).all()
        else:
            kind = other if first == "made, of another class" else mapped
            given = dict.fromkeys(mapped.__mapper__.column_attrs.keys(), 1) if first == "made, whole" else {}
            kept += [kind(**given) for _ in range(count)]
        if first not in ("kept", "dropped"):
            session.expunge_all()
        statement = select(mapped).where(mapped.id > bindparam("after"))
        session.scalars(statement, {"after": 9_999}).all()  # compiles it
        before = held()
        return size_of(session.scalars(statement, {"after": 0}).all(), before, columns)


def by_python(until_3_12: float, on_3_13: float, from_3_14: float) -> float:
    """Return the one of the Python that runs. An entity's state has a dict on 3.13 only, and more room from 3.14 on."""
    return until_3_12 if PYTHON <= (3, 12) else on_3_13 if PYTHON == (3, 13) else from_3_14


@pytest.mark.parametrize(
    ("columns", "more"),
    [(10, by_python(0.3, 0.3, 0.34)), (20, by_python(0.55, 0.55, 0.63)), (28, by_python(1.1, 1.1, 1.2))],
)
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


@pytest.mark.parametrize(("columns", "more"), [(3, by_python(0.2, 0, 0.22)), (20, by_python(0.18, 0, 0.19))])
def test_24_entities_made_first_make_the_states_of_all_classes_expensive_and_13_from_3_14_on(
    url: str, columns: int, more: float
) -> None:
    """The room is 30 keys up to 3.12; from 3.14 on, those that the class's methods assign. On 3.13 none is made."""
    counts = (0, 22, 24) if PYTHON < (3, 14) else (0, 10, 13)
    alone, fewer, enough = (
        in_a_fresh_process(read_after, url, columns, "made, of another class", count, False) for count in counts
    )
    if PYTHON != (3, 13):
        assert fewer.state < own(7) <= enough.state
    assert fewer.overhead == pytest.approx(alone.overhead, rel=0.04)
    assert enough.overhead / alone.overhead - 1 == pytest.approx(more, abs=0.02)


@pytest.mark.parametrize(
    ("columns", "more"),
    [(3, by_python(0.38, 0.15, 0.31)), (10, by_python(0.49, 0.25, 0.49)), (20, by_python(0.37, 0.17, 0.38))],
)
def test_thirty_made_first_make_those_of_their_own_class_more_expensive_still(
    url: str, columns: int, more: float
) -> None:
    alone, made = (in_a_fresh_process(read_after, url, columns, "made", count, False) for count in (0, 30))
    assert made.attributes >= own(columns)
    assert made.overhead / alone.overhead - 1 == pytest.approx(more, abs=0.02)


def test_thirty_made_with_all_attributes_cost_as_those_of_another_class_do(url: str) -> None:
    whole, other = (
        in_a_fresh_process(read_after, url, 10, first, 30, False) for first in ("made, whole", "made, of another class")
    )
    assert whole.attributes < own(10)
    assert whole.overhead == pytest.approx(other.overhead, rel=0.02)


@pytest.mark.parametrize("first", ["narrow", "made", "made, of another class"])
def test_one_whole_entity_before_them_avoids_it(url: str, first: str) -> None:
    alone, after = (in_a_fresh_process(read_after, url, 10, first, count, count > 0) for count in (0, 30))
    assert after.overhead == pytest.approx(alone.overhead, rel=0.04)
    assert after.attributes < own(10)


# What is done with the first entity, and how many bytes each later one then takes more, up to 3.12.
AFTERWARDS = {"kept": 0, "dropped": 8, "expunged": 8}


def test_one_whole_entity_before_them_costs_nothing_if_it_is_kept(url: str) -> None:
    """Dropped or expunged, it leaves room for one attribute more in each later one's state, up to 3.12."""
    alone = in_a_fresh_process(read_after, url, 10, "kept", 0, False).overhead
    more = {how: in_a_fresh_process(read_after, url, 10, how, 0, True).overhead - alone for how in AFTERWARDS}
    assert more == pytest.approx({how: by_python(size, 0, 0) for how, size in AFTERWARDS.items()}, abs=2)


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
def test_relationships_share_keys_if_they_come_with_the_row_and_one_does_if_it_comes_later(
    url: str, count: int
) -> None:
    keys = 6 + count
    joined, select_in, lazily = (
        in_a_fresh_process(read_related, url, how, count, False) for how in ("joined", "select in", "lazily")
    )
    assert joined.attributes < own(keys)
    assert (select_in.attributes >= own(keys)) == (lazily.attributes >= own(keys)) == (count > 1)
    # Loading sets `mapper` and `expired` on a state, and there is room for one of them, from 3.13 on for both.
    if PYTHON <= (3, 12):
        assert max(joined.state, select_in.state) < own(7) <= lazily.state
    else:
        assert joined.state == select_in.state == lazily.state


@pytest.mark.parametrize("how", ["joined", "select in", "lazily"])
def test_one_entity_with_all_its_relationships_before_them_avoids_it(url: str, how: str) -> None:
    found = in_a_fresh_process(read_related, url, how, 3, True)
    assert found.attributes < own(9)
    assert found.state < own(7) or PYTHON == (3, 13)
