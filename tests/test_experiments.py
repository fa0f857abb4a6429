"""The experiments change what a row takes, and nothing else: all that is done here gives the same with them as without.

What changes SQLAlchemy runs in a process of its own.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pydantic
import pytest
from sqlalchemy import Engine, create_engine, delete, event, inspect
from sqlalchemy.orm import Session
from sqlalchemy.orm.state import InstanceState

from bench.studies.row_shape.experiments import MADE_LATER, make_later, sharing_model
from tests import entity_uses
from tests.entity_uses import Author, Base, Book
from tests.forks import in_a_fresh_process


@contextmanager
def collected(engine: Engine) -> Iterator[list[Any]]:
    """Collect the statements that are executed, with their parameters."""
    statements: list[Any] = []

    def collect(connection: object, cursor: object, statement: str, parameters: Any, *rest: object) -> None:
        statements.append((" ".join(statement.split()), repr(parameters)))

    event.listen(engine, "before_cursor_execute", collect)
    yield statements
    event.remove(engine, "before_cursor_execute", collect)


@contextmanager
def authors(url: str, engine: Engine) -> Iterator[Session]:
    """Open a session, on two authors with two books each."""
    with Session(engine) as session:
        session.execute(delete(Book))
        session.execute(delete(Author))
        for number in (1, 2):
            books = [Book(id=10 * number + place, title=f"title {place}") for place in (1, 2)]
            session.add(Author(id=number, name=f"name {number}", books=books))
        session.commit()
        session.expunge_all()
        yield session


def outcomes(url: str, later: bool) -> dict[str, Any]:
    """Return what each use tells, and the statements that it executes; and what loading has made."""
    if later:
        make_later()
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), pool_size=1)
    Base.metadata.create_all(engine, checkfirst=False)
    found: dict[str, Any] = {}
    for name, use in entity_uses.USES.items():
        with authors(url, engine) as session, collected(engine) as statements:
            found[name] = [list(use(session)), statements]
    with authors(url, engine) as session:
        author = entity_uses.first(session)
        found["loading"] = made_for(author)
        session.expire_all()
        found["expiring"] = made_for(author)
        session.expunge_all()
        author = entity_uses.first(session)
        author.age = 4
        found["changing"] = made_for(author)
        session.flush()
        found["flushing"] = made_for(author)
    engine.dispose()
    return found


def made_for(entity: object) -> set[str]:
    """Return which slots of an entity's state are not empty."""
    state = inspect(entity)
    slots = {name: vars(InstanceState)[name] for name in MADE_LATER}

    def is_made(slot: Any) -> bool:
        try:
            slot.__get__(state)
        except AttributeError:
            return False
        return True

    return {name for name, slot in slots.items() if is_made(slot)}


@pytest.fixture(scope="module")
def both(url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Use entities without the experiment and with it."""
    without, later = (in_a_fresh_process(outcomes, url, later) for later in (False, True))
    return without, later


@pytest.mark.parametrize("use", entity_uses.USES)
def test_entities_whose_states_make_their_dict_and_set_later_are_used_as_before(
    both: tuple[dict[str, Any], dict[str, Any]], use: str
) -> None:
    (told, statements), (told_later, statements_later) = (found[use] for found in both)
    assert len(told) >= 1
    assert told_later == told
    assert statements_later == statements


@pytest.mark.parametrize(
    ("use", "made"),
    [
        ("loading", set()),
        ("expiring", {"expired_attributes"}),
        ("changing", {"committed_state"}),
        ("flushing", set(MADE_LATER)),
    ],
)
def test_loading_makes_neither_a_change_the_dict_and_expiring_the_set(
    both: tuple[dict[str, Any], dict[str, Any]], use: str, made: set[str]
) -> None:
    without, later = both
    assert without[use] == set(MADE_LATER)
    assert later[use] == made


def models(base: type[pydantic.BaseModel], **config: Any) -> tuple[Any, Any]:
    """Return a model of three fields, one of which has a default, and one that has a field more."""
    configured = type("Configured", (base,), {"model_config": config})
    usual: Any = pydantic.create_model("Usual", __base__=configured, id=(int, ...), num=(int, ...), data=(str, "x"))
    return usual, pydantic.create_model("More", __base__=usual, more=(int | None, None))


GIVEN: dict[str, Any] = {"id": 1, "num": 2, "data": "a"}


def told_of(model: Any) -> tuple[Any, ...]:
    return dict(model), set(model.model_fields_set), model.model_dump(exclude_unset=True), repr(model)


def assign(base: Any, **config: Any) -> Iterator[Any]:
    for kind in models(base, **config):
        one, other = kind(**GIVEN), kind(**GIVEN)
        one.num = 7
        yield told_of(one), told_of(other), one == other
        part = kind(id=1, num=2)
        yield told_of(part)
        part.data = "b"
        yield told_of(part), told_of(kind(id=1, num=2))
        del one.num
        yield set(one.model_fields_set), one.__dict__, told_of(other)


def assign_validated(base: Any) -> Iterator[Any]:
    yield from assign(base, validate_assignment=True)
    with pytest.raises(pydantic.ValidationError):
        models(base, validate_assignment=True)[0](**GIVEN).num = "x"


def add_extra(base: Any) -> Iterator[Any]:
    for kind in models(base, extra="allow"):
        one, other = kind(**GIVEN), kind(**GIVEN)
        one.further = 7
        yield told_of(one), told_of(other), told_of(kind(**GIVEN, yet_another=1))


def copy_it(base: Any) -> Iterator[Any]:
    for kind in models(base):
        one = kind(**GIVEN)
        for copied in (
            copy.copy(one),
            copy.deepcopy(one),
            one.model_copy(update={"num": 5}),
            one.model_copy(deep=True),
        ):
            copied.model_fields_set.discard("id")
            yield told_of(copied), told_of(one)


def construct(base: Any) -> Iterator[Any]:
    for kind in models(base):
        yield told_of(kind.model_construct(**GIVEN)), told_of(kind.model_construct({"id"}, **GIVEN))
        yield told_of(kind.model_validate_json('{"id": 1, "num": 2, "data": "a"}')), told_of(kind.model_validate(GIVEN))


MODEL_USES = [assign, assign_validated, add_extra, copy_it, construct]


@pytest.mark.parametrize("use", MODEL_USES)
def test_models_that_share_the_set_of_their_fields_are_used_as_before(use: Callable[[Any], Iterator[Any]]) -> None:
    assert list(use(sharing_model())) == list(use(pydantic.BaseModel))


def test_models_share_one_set_for_each_class_where_all_fields_are_given() -> None:
    usual, more = models(sharing_model())
    one, other, longer, part = usual(**GIVEN), usual(**GIVEN), more(**GIVEN, more=1), usual(id=1, num=2)
    assert one.model_fields_set is other.model_fields_set
    assert part.model_fields_set is not one.model_fields_set is not longer.model_fields_set
    assert longer.model_fields_set is more(**GIVEN, more=1).model_fields_set == {*GIVEN, "more"}


def test_who_changes_the_set_itself_changes_it_for_all() -> None:
    usual, _ = models(sharing_model())
    one, other = usual(**GIVEN), usual(**GIVEN)
    one.model_fields_set.discard("num")
    assert other.model_fields_set == {"id", "data"}
