"""What an entity takes of which only a part is loaded: by an option, by its mapping, or as an object of its base."""

import sys
from typing import Any, NamedTuple

import pytest
from sqlalchemy import ForeignKey, bindparam, inspect, select
from sqlalchemy.orm import DeclarativeBase, Mapped, defer, load_only, mapped_column, with_polymorphic
from sqlalchemy.util import immutabledict

from tests.claims.fresh import entity_class, held, open_session
from tests.claims.test_entities import own
from tests.forks import in_a_fresh_process


class Part(NamedTuple):
    """What an entity takes in bytes, its integers included, and how many callables its state has."""

    whole: float
    callables: int


def read_two(url: str, columns: int, how: str) -> Part:
    """Read two columns of so many, or all where it is not said how."""
    others = [f"column_{number}" for number in range(3, columns + 1)]
    mapped = entity_class(columns, others if how == "deferred" else [])
    statement = select(mapped).where(mapped.id > bindparam("after"))
    if how == "load_only":
        statement = statement.options(load_only(mapped.column_2))
    elif how == "defer":
        statement = statement.options(*(defer(getattr(mapped, name)) for name in others))
    with open_session(url) as session:
        session.scalars(statement, {"after": 9_999}).all()
        before = held()
        entities = session.scalars(statement, {"after": 0}).all()
        whole, state = (held() - before) / len(entities), inspect(entities[-1])
        assert not state.expired_attributes
        assert len(state.dict) == 1 + (2 if how else columns)
        return Part(whole, len(state.callables))


@pytest.mark.parametrize("how", ["load_only", "defer"])
def test_options_make_a_dict_of_callables_and_save_half_of_an_entity_from_29_columns_on(url: str, how: str) -> None:
    whole, part = ({count: in_a_fresh_process(read_two, url, count, one) for count in (10, 29)} for one in ("", how))
    assert {count: one.callables for count, one in part.items()} == {10: 8, 29: 27}
    assert 0.95 <= part[10].whole / whole[10].whole <= 1.1
    assert 0.5 <= part[29].whole / whole[29].whole <= 0.6
    # The entity's dict is as small as that of two columns; the dict of callables grows as every dict.
    assert part[29].whole - part[10].whole == pytest.approx(own(27) - own(8), abs=2)


@pytest.mark.parametrize("columns", [10, 29])
def test_columns_that_are_mapped_as_deferred_need_no_callables(url: str, columns: int) -> None:
    deferred_ones, two = (in_a_fresh_process(read_two, url, *one) for one in ((columns, "deferred"), (2, "")))
    assert deferred_ones.callables == 0
    assert deferred_ones.whole == pytest.approx(two.whole, abs=16)


class Base(DeclarativeBase):
    """Registry apart from the project's."""


class Plant(Base):
    """A class with two that inherit from it: one has a table of its own, the other has its columns in this one."""

    __tablename__ = "plant"
    __mapper_args__ = immutabledict({"polymorphic_on": "kind", "polymorphic_identity": "plant"})
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]


class Tree(Plant):
    __tablename__ = "tree"
    __mapper_args__ = immutabledict({"polymorphic_identity": "tree"})
    id: Mapped[int] = mapped_column(ForeignKey("plant.id"), primary_key=True)
    height: Mapped[int]
    girth: Mapped[int]
    crown: Mapped[int]
    age: Mapped[int]
    leaves: Mapped[int]


class Herb(Plant):
    __mapper_args__ = immutabledict({"polymorphic_identity": "herb"})
    stem: Mapped[int | None]
    root: Mapped[int | None]
    smell: Mapped[int | None]
    taste: Mapped[int | None]
    flowers: Mapped[int | None]


LEFT_OUT = {
    Tree: {"height", "girth", "crown", "age", "leaves"},
    Herb: {"stem", "root", "smell", "taste", "flowers"},
}


@pytest.mark.parametrize("below", [Tree, Herb])
def test_selecting_a_base_class_names_what_its_subclasses_have_more_as_expired(
    schema_url: str, below: type[Plant]
) -> None:
    statements: dict[Any, set[str]] = {
        select(Plant): LEFT_OUT[below],
        select(below): set(),
        select(with_polymorphic(Plant, [Tree, Herb])): set(),
    }
    with open_session(schema_url) as session:
        Base.metadata.create_all(session.connection())
        session.add(below(id=1, **dict.fromkeys(LEFT_OUT[below], 1)))
        session.flush()
        for statement, expired in statements.items():
            session.expunge_all()
            state = inspect(session.scalars(statement).one())
            assert state.expired_attributes == expired
            assert sys.getsizeof(state.expired_attributes) == sys.getsizeof(set("abcde" if expired else ""))
            assert state.committed_state == {}
