"""What `yield_per` and `partitions` of a stream refuse and take: eager loading, and `unique()`."""

import functools
from typing import Any

import pytest
from sqlalchemy import Engine, Select, delete, inspect, select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload, subqueryload
from sqlalchemy.orm.interfaces import ORMOption

from tests.claims.rows import BATCH, ENTITIES, FAMILIES, PARENTS, STREAMED, YIELD_PER, Child, Parent, run_async
from tests.support import ROWS, expected_rows


def test_yield_per_refuses_unique_in_the_orm_and_not_in_core(session: Session, engine: Engine) -> None:
    with pytest.raises(InvalidRequestError, match=r"unique\(\)"):
        session.scalars(STREAMED).unique().all()
    with engine.connect() as connection:
        assert len(connection.execute(STREAMED).unique().all()) == ROWS


JOINED = select(Parent).join(Parent.children)


@pytest.mark.parametrize(
    ("statement", "option"),
    [
        (select(Parent), joinedload(Parent.children)),
        (select(Parent), subqueryload(Parent.children)),
        (select(Child), subqueryload(Child.parent)),
        (select(Child), joinedload(Child.parent).joinedload(Parent.children)),
        (select(Child), joinedload(Child.parent).subqueryload(Parent.children)),
        (JOINED, contains_eager(Parent.children)),
    ],
    ids=lambda one: str(one) if isinstance(one, ORMOption) else "",
)
def test_yield_per_refuses_eager_loading(session: Session, statement: Select[Any], option: ORMOption) -> None:
    statement = statement.options(option)
    session.scalars(statement).unique().all()
    with pytest.raises(InvalidRequestError, match="Can't use yield_per with eager loaders"):
        session.scalars(statement, execution_options=YIELD_PER)


@pytest.mark.parametrize(
    ("statement", "option"),
    [
        (select(Child), joinedload(Child.parent)),
        (select(Child).outerjoin(Child.parent), contains_eager(Child.parent)),
    ],
    ids=["joined", "contained"],
)
def test_yield_per_allows_eager_loading_of_one_by_a_join(
    session: Session, statements: list[str], statement: Select[Any], option: ORMOption
) -> None:
    children = session.scalars(statement.options(option), execution_options=YIELD_PER).all()
    parents = {child.id: child.parent.id for child in children if child.parent}
    assert parents == {number: num for number, num, _ in expected_rows(ROWS)}
    assert len(statements) == 1


def test_an_inner_join_of_one_loses_whoever_has_none(session: Session, statements: list[str]) -> None:
    session.execute(delete(Parent).where(Parent.id == 0))
    orphans = sum(num == 0 and number != 0 for number, num, _ in expected_rows(ROWS))
    for inner, join, lost in ((False, "LEFT OUTER JOIN", 0), (True, "child JOIN", orphans)):
        children = session.scalars(select(Child).options(joinedload(Child.parent, innerjoin=inner))).all()
        assert join in statements[-1]
        assert ROWS - 1 - len(children) == lost
    assert orphans


def test_below_select_in_loading_yield_per_takes_joined_collections_and_refuses_subqueries(session: Session) -> None:
    parent = selectinload(Child.parent)
    joined, by_subquery = (
        select(Child).options(option)
        for option in (parent.joinedload(Parent.children), parent.subqueryload(Parent.children))
    )
    for child in session.scalars(joined, execution_options=YIELD_PER):
        assert child.parent
        assert "children" in inspect(child.parent).dict
    session.expunge_all()
    with pytest.raises(InvalidRequestError, match=r"yield_per feature in conjunction with unique\(\)"):
        session.scalars(by_subquery, execution_options=YIELD_PER).all()


@pytest.mark.parametrize(
    ("option", "queries", "children"),
    [(selectinload(Parent.children), 5, FAMILIES * 50), (subqueryload(Parent.children), 1, ROWS)],
    ids=["select in", "subquery"],
)
def test_partitions_of_a_stream_take_subquery_loading_which_loads_what_belongs_to_all_with_the_first_batch(
    url: str, statements: list[str], option: ORMOption, queries: int, children: int
) -> None:
    async def use(session: AsyncSession) -> list[int]:
        result = await session.stream_scalars(PARENTS.options(option))
        return [len(session.sync_session.identity_map) async for _ in result.partitions(FAMILIES)]

    assert run_async(url, use)[0] == FAMILIES + children
    assert len(statements) == 1 + queries


def test_partitions_of_a_stream_refuse_joined_collections(url: str) -> None:
    async def use(session: AsyncSession, unique: bool) -> None:
        result = await session.stream_scalars(PARENTS.options(joinedload(Parent.children)))
        async for _ in (result.unique() if unique else result).partitions(FAMILIES):
            pass

    for unique in (False, True):
        with pytest.raises(InvalidRequestError, match=r"unique\(\)"):
            run_async(url, functools.partial(use, unique=unique))


def test_partitions_of_a_stream_refuse_unique_and_row_by_row_does_not(url: str) -> None:
    async def by_partitions(session: AsyncSession) -> None:
        async for _ in (await session.stream(ENTITIES)).unique().partitions(BATCH):
            pass

    async def row_by_row(session: AsyncSession) -> int:
        return len([row async for row in (await session.stream(ENTITIES)).unique()])

    with pytest.raises(InvalidRequestError, match="unique"):
        run_async(url, by_partitions)
    assert run_async(url, row_by_row) == ROWS
