"""What `yield_per` and `partitions` of a stream refuse and take: eager loading, and `unique()`."""

import functools

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, joinedload, selectinload, subqueryload
from sqlalchemy.orm.interfaces import ORMOption

from tests.claims.rows import BATCH, ENTITIES, FAMILIES, PARENTS, STREAMED, YIELD_PER, Base, Child, Parent, run_async
from tests.support import ROWS, expected_rows


def test_yield_per_refuses_unique_in_the_orm_and_not_in_core(session: Session, engine: Engine) -> None:
    with pytest.raises(InvalidRequestError, match=r"unique\(\)"):
        session.scalars(STREAMED).unique().all()
    with engine.connect() as connection:
        assert len(connection.execute(STREAMED).unique().all()) == ROWS


@pytest.mark.parametrize(
    ("entity", "option"),
    [
        (Parent, joinedload(Parent.children)),
        (Parent, subqueryload(Parent.children)),
        (Child, subqueryload(Child.parent)),
    ],
    ids=str,
)
def test_yield_per_refuses_eager_loading(session: Session, entity: type[Base], option: ORMOption) -> None:
    statement = select(entity).options(option)
    session.scalars(statement).unique().all()
    with pytest.raises(InvalidRequestError, match="Can't use yield_per with eager loaders"):
        session.scalars(statement, execution_options=YIELD_PER)


def test_yield_per_allows_eager_loading_of_one_by_a_join(session: Session, statements: list[str]) -> None:
    children = session.scalars(select(Child).options(joinedload(Child.parent)), execution_options=YIELD_PER).all()
    assert [child.parent.id for child in children if child.parent] == [num for _, num, _ in expected_rows(ROWS)]
    assert len(statements) == 1


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
