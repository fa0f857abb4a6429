"""What `yield_per` and `partitions` of a stream refuse and take: eager loading, and `unique()`."""

import functools
from contextlib import nullcontext
from typing import Any

import pytest
from sqlalchemy import Engine, Select, delete, inspect, select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload, subqueryload
from sqlalchemy.orm.interfaces import ORMOption

from relationships.shop_model import Customer
from tests.claims.rows import (
    BATCH,
    ENTITIES,
    FAMILIES,
    PARENTS,
    SINCE_2_1,
    STREAMED,
    YIELD_PER,
    Child,
    Parent,
    run_async,
)
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


CUSTOMERS = select(Customer).options(joinedload(Customer.orders)).where(Customer.id < 100).order_by(Customer.id)


async def families_by_partition(session: AsyncSession, keep: bool, unique: bool = True) -> tuple[int, int]:
    """Return how many of 100 customers there are, and how many of their 400 orders; each is kept, or dropped."""
    customers = orders = 0
    kept: list[Customer] = []
    result = await session.stream_scalars(CUSTOMERS)
    async for batch in (result.unique() if unique else result).partitions(30):
        customers += len(batch)
        orders += sum(len(customer.orders) for customer in batch)
        kept += batch if keep else []
    return customers, orders


def test_partitions_of_a_stream_refuse_joined_collections_since_2_1_and_lose_parents_and_children_before(
    url: str,
) -> None:
    """With 2.0 a parent is told by its address, which the next one has once this one is dropped."""
    with pytest.raises(InvalidRequestError, match=r"unique\(\)"):
        run_async(url, functools.partial(families_by_partition, keep=False, unique=False))
    lost = (functools.partial(families_by_partition, keep=keep) for keep in (True, False))
    if SINCE_2_1:
        for use in lost:
            with pytest.raises(InvalidRequestError, match=r"unique\(\)"):
                run_async(url, use)
    else:
        (customers, orders), (fewer_customers, fewer_orders) = (run_async(url, use) for use in lost)
        assert (customers, fewer_customers < 100) == (100, True)
        assert fewer_orders < orders < 400


def test_synchronous_partitions_of_a_server_side_cursor_do_so_too(session: Session) -> None:
    def orders(**options: bool) -> int:
        batches = session.scalars(CUSTOMERS, execution_options=options).unique().partitions(30)
        return sum(len(customer.orders) for batch in batches for customer in batch)

    assert orders() == 400
    if SINCE_2_1:
        with pytest.raises(InvalidRequestError, match=r"unique\(\)"):
            orders(stream_results=True)
    else:
        session.expunge_all()
        assert orders(stream_results=True) < 400


def test_partitions_of_a_stream_refuse_unique_since_2_1_and_row_by_row_does_not(url: str) -> None:
    async def by_partitions(session: AsyncSession) -> None:
        async for _ in (await session.stream(ENTITIES)).unique().partitions(BATCH):
            pass

    async def row_by_row(session: AsyncSession) -> int:
        return len([row async for row in (await session.stream(ENTITIES)).unique()])

    with pytest.raises(InvalidRequestError, match="unique") if SINCE_2_1 else nullcontext():
        run_async(url, by_partitions)
    assert run_async(url, row_by_row) == ROWS
