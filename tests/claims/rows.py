"""The table `data` as entities, with relationships and without, and how the tests read it."""

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from db_model import DbModel

BATCH = 100
YIELD_PER = {"yield_per": BATCH}
SINCE_2_1 = tuple(map(int, sqlalchemy.__version__.split(".")[:2])) >= (2, 1)
ENTITIES = select(DbModel)
STREAMED = ENTITIES.execution_options(yield_per=BATCH)


class Base(DeclarativeBase):
    """Registry apart from the project's, whose mapped class has no relationships."""


class Parent(Base):
    """A row of table `data`; its children are the rows whose `num` is its `id`."""

    __tablename__ = "data"

    id: Mapped[int] = mapped_column(primary_key=True)
    num: Mapped[int]
    children: Mapped[list["Child"]] = relationship(primaryjoin="Parent.id == foreign(Child.num)", viewonly=True)


class Child(Base):
    """The same row as an entity of its own, so that parents and children can be counted."""

    __table__ = Parent.__table__.alias("child")

    parent: Mapped[Parent | None] = relationship(primaryjoin="foreign(Child.num) == Parent.id", viewonly=True)


# Those that have children, 50 each: 5 batches.
PARENTS = select(Parent).where(Parent.id < 200, Parent.id % 5 == 0)
FAMILIES = 8


def run_async(url: str, use: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        engine = create_async_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        try:
            async with AsyncSession(engine) as session:
                return await use(session)
        finally:
            await engine.dispose()

    return asyncio.run(main())


@contextmanager
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


async def by_row(session: AsyncSession, statement: sqlalchemy.Select[Any]) -> tuple[int, int]:
    """Return how many rows there are, and how many entities existed at the first."""
    existed = count = 0
    async for _ in (await session.stream(statement)).scalars():
        existed = existed or len(session.sync_session.identity_map)
        count += 1
    return count, existed


async def by_partition(
    session: AsyncSession, statement: sqlalchemy.Select[Any], size: int | None = BATCH
) -> tuple[int, int]:
    """Return how many rows there are, and how many entities existed at the first batch."""
    existed = count = 0
    async for batch in (await session.stream(statement)).scalars().partitions(size):
        existed = existed or len(session.sync_session.identity_map)
        count += len(batch)
    return count, existed


async def by_execute(session: AsyncSession, statement: sqlalchemy.Select[Any]) -> tuple[int, int]:
    """Return how many rows there are, and how many entities existed before the first."""
    result = await session.execute(statement)
    existed = len(session.sync_session.identity_map)
    return len(result.scalars().all()), existed


async def read_core(session: AsyncSession, statement: sqlalchemy.Executable, size: int | None) -> None:
    result = await (await session.connection()).stream(statement)
    if size is None:
        async for _ in result:
            pass
    else:
        async for _ in result.partitions(size):
            pass
