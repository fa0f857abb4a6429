"""What a collection takes beside its children, and why that depends on how it is loaded, and on what came before."""

import gc
import sys
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import MetaData, bindparam, inspect, select
from sqlalchemy.orm import Session, joinedload, lazyload, registry, selectinload
from sqlalchemy.orm.collections import InstrumentedList

from bench.studies.graph_shape import shapes
from bench.studies.graph_shape.families import LAZY, SELECT_IN, WAYS, mapped, options, used
from bench.studies.graph_shape.reading import LEAST
from bench.studies.graph_shape.shapes import children, family, make
from tests.claims.fresh import open_session
from tests.claims.rows import PARENTS, Parent
from tests.claims.test_entities import own
from tests.forks import in_a_fresh_process
from tests.support import query

SIZES = (0, 1, 20, 21)
TABLE = "of_sizes"


class Attributed(list[int]):
    """A list as SQLAlchemy's, with an attribute."""


def test_a_list_takes_336_or_344_bytes_more_with_one_attribute_until_python_3_13() -> None:
    def bytes_each(adapted: bool) -> float:
        kept: list[Attributed] = [Attributed() for _ in range(40)]
        gc.collect()
        tracemalloc.start()
        for _ in range(400):
            kept.append(Attributed())
            if adapted:
                kept[-1]._sa_adapter = None  # type: ignore[attr-defined]
        gc.collect()
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return size / 400

    expected = {(3, 11): 336, (3, 12): 336, (3, 13): 344}.get(sys.version_info[:2], 0)
    assert bytes_each(adapted=True) - bytes_each(adapted=False) == pytest.approx(expected, abs=1)


def test_the_list_has_its_adapter_as_its_one_attribute(session: Session) -> None:
    found = session.scalars(PARENTS.options(selectinload(Parent.children))).first()
    assert found
    assert type(found.children) is InstrumentedList
    assert list(vars(found.children)) == ["_sa_adapter"]


@pytest.mark.parametrize("how", [selectinload, lazyload])
def test_whoever_sets_a_collection_looks_for_pending_changes_and_makes_a_dict_for_them(
    session: Session, how: Any
) -> None:
    found = session.scalars(PARENTS.options(how(Parent.children))).all()[-1]
    assert len(found.children) == 50
    assert vars(inspect(found))["_pending_mutations"] == {}
    assert "_empty_collections" not in vars(inspect(found))


def test_a_join_keeps_each_list_for_a_moment_in_a_dict_whose_table_stays(session: Session) -> None:
    found = session.scalars(PARENTS.options(joinedload(Parent.children))).unique().all()[-1]
    made = vars(inspect(found))
    assert made["_empty_collections"] == {}
    assert sys.getsizeof(made["_empty_collections"]) > sys.getsizeof({})
    assert "_pending_mutations" not in made


@pytest.mark.parametrize(("how", "each"), [(lazyload, True), (selectinload, False)])
def test_a_lazy_load_leaves_a_path_with_those_that_it_found_and_select_in_one_for_all(
    session: Session, how: Any, each: bool
) -> None:
    parents = session.scalars(PARENTS.options(how(Parent.children))).all()
    paths = [{id(inspect(child).load_path) for child in one.children} for one in parents]
    assert all(len(ones) == 1 for ones in paths)
    assert len(set.union(*paths)) == (len(parents) if each else 1)


@pytest.fixture(scope="module")
def sizes_url(url: str) -> Iterator[str]:
    """Make families of several sizes, in a schema of their own."""
    query(url, "CREATE SCHEMA of_sizes")
    there = f"{url}?options=-csearch_path%3Dof_sizes"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes, "ENTITIES", 200)
        make(there, TABLE, family(children(*SIZES)), mixed=False)
    yield there
    query(url, "DROP SCHEMA of_sizes CASCADE")


def sizes_after(url: str, way: str, first: int | None) -> tuple[int, int]:
    """Return the sizes of the dicts of a parent's and a child's state, read after a family of so many children."""
    what = family(children(*SIZES))
    kind: Any = mapped(TABLE, what, registry(metadata=MetaData()))
    statement = select(kind).where(kind.id.between(bindparam("first"), bindparam("last")))
    statement = statement.options(*options(kind, WAYS[way]))

    def read(least: int, most: int) -> list[Any]:
        found = session.scalars(statement, {"first": least, "last": most}).unique().all()
        return [used(entity, what.related) for entity in found]

    with open_session(url) as session:
        if first is not None:
            number = LEAST + 1 + SIZES.index(first)
            [entity] = read(number, number)
            assert len(entity.related_0) == first
            del entity
            session.expunge_all()
        entity = read(LEAST + 1, LEAST + 40)[-1]
        return sys.getsizeof(vars(inspect(entity))), sys.getsizeof(vars(inspect(entity.related_0[-1])))


@pytest.mark.parametrize("way", [SELECT_IN, LAZY])
def test_until_python_3_12_a_first_family_of_20_children_leaves_room_for_what_a_collection_sets_and_21_do_not(
    sizes_url: str, way: str
) -> None:
    found = [in_a_fresh_process(sizes_after, sizes_url, way, first) for first in (None, 0, 20, 21)]
    if sys.version_info >= (3, 13):  # a state has room for all of its keys, whatever comes first
        assert len(set(found)) == 1
        return
    alone, none, enough, too_many = found
    assert alone[0] == too_many[0] >= own(7)
    assert max(none[0], enough[0]) < own(7)
    assert none[1] == alone[1] + 24  # every entity has room for three keys more
