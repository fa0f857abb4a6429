"""Which entities a session keeps, and for how long."""

import gc
import sys
import weakref
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import QueryContext, Session, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from db_model import DbModel
from tests.claims.fresh import open_session
from tests.claims.rows import BATCH, ENTITIES, FAMILIES, PARENTS, STREAMED, Child, Parent, run_async
from tests.forks import in_a_fresh_process
from tests.support import ROWS


def families_held(session: Session, option: ORMOption) -> int:
    """Read parents and children in batches, keep none, and return how many a session holds without the collector."""
    most = 0
    gc.collect()
    gc.disable()
    try:
        for batch in session.scalars(PARENTS.options(option).execution_options(yield_per=FAMILIES)).partitions():
            most = max(most, len(session.identity_map))
            del batch
    finally:
        gc.enable()
    return most


def test_entities_that_refer_to_each_other_both_ways_wait_for_the_garbage_collector(session: Session) -> None:
    down = selectinload(Parent.children)
    assert families_held(session, down) == FAMILIES * (1 + 50)
    assert families_held(session, down.selectinload(Child.parent)) == 40 * (1 + 50)
    gc.collect()
    assert len(session.identity_map) == 0


def entities_held(session: Session, use: Callable[[DbModel], None], flush: bool = False) -> int:
    """Read all entities in batches, keep none, and return how many the session holds at most, after a batch."""
    most = 0
    for batch in session.scalars(STREAMED).partitions():
        for entity in batch:
            use(entity)
        if flush:
            session.flush()
        most = max(most, len(session.identity_map))
    session.rollback()
    return most


def test_unmodified_entities_are_gone_with_their_batch(session: Session) -> None:
    assert entities_held(session, lambda entity: None) <= 2 * BATCH


@pytest.mark.parametrize("partitions", [False, True])
def test_two_batches_of_dropped_entities_exist_at_most(session: Session, partitions: bool) -> None:
    """Whoever hands out a batch refers to it until the next one is built."""
    held: set[int] = set()

    def tell(entity: DbModel, context: QueryContext) -> None:
        held.add(len(context.session.identity_map))

    sqlalchemy.event.listen(DbModel, "load", tell)
    try:
        result = session.scalars(STREAMED)
        assert sum(1 for _ in (result.partitions() if partitions else result)) == ROWS / (BATCH if partitions else 1)
    finally:
        sqlalchemy.event.remove(DbModel, "load", tell)
    assert max(held) == 2 * BATCH


def increment(entity: DbModel) -> None:
    entity.num += 1


def assign_the_same(entity: DbModel) -> None:
    entity.num = entity.num


@pytest.mark.parametrize("modify", [increment, assign_the_same])
def test_modified_entities_are_all_kept_until_they_are_flushed(
    session: Session, modify: Callable[[DbModel], None]
) -> None:
    assert entities_held(session, modify) == ROWS
    assert entities_held(session, modify, flush=True) <= 2 * BATCH


def test_synchronous_result_holds_the_identity_map_after_its_session_is_closed(engine: Engine) -> None:
    with Session(engine) as session:
        held = weakref.ref(session.identity_map)
        result = session.scalars(ENTITIES)
        kept = list(result)
    assert held() is not None
    assert session.identity_map is not held()
    del result
    assert held() is None
    assert len(kept) == ROWS


def test_asynchronous_result_that_is_read_to_its_end_holds_no_identity_map(url: str) -> None:
    async def use(session: AsyncSession) -> Any:
        result = await session.stream(ENTITIES)
        kept = [row async for row in result.scalars()]
        held = weakref.ref(session.sync_session.identity_map)
        assert held() is not None
        return result, kept, held

    result, kept, held = run_async(url, use)
    assert held() is None
    assert result is not None
    assert len(kept) == ROWS


def test_all_keeps_all_rows_at_once_with_yield_per_too(session: Session) -> None:
    assert len(session.scalars(STREAMED).all()) == len(session.identity_map) == ROWS


def close_while_garbage_is_collected(url: str, one_before: bool) -> None:
    """Close sessions whose entities wait for the collector, which begins a little later in each."""
    if one_before:
        with Session() as session:
            session.add(Parent())
    families = PARENTS.limit(4).options(selectinload(Parent.children).selectinload(Child.parent))
    for allocations in range(1, 120, 1 if sys.version_info < (3, 12) else 12):
        junk = [(number,) for number in range(10_000)]  # where something was freed too early, something else is now
        gc.disable()
        with open_session(url) as session:
            for parent in session.scalars(families):
                assert len(parent.children) == 50
            del parent
            gc.set_threshold(gc.get_count()[0] + allocations, 5, 5)
            gc.enable()
        gc.set_threshold(700, 10, 10)
        gc.collect()
        del junk


@pytest.mark.parametrize("one_before", [False, True], ids=["", "one was added before"])
def test_python_3_11_may_crash_where_a_session_with_garbage_is_closed(url: str, one_before: bool) -> None:
    safe = sys.version_info >= (3, 12) or one_before
    with nullcontext() if safe else pytest.raises(AssertionError, match="killed by SIGSEGV"):
        in_a_fresh_process(close_while_garbage_is_collected, url, one_before)
