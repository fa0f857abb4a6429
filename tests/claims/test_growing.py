"""What the page of a worker says of what grows for days, and of processes that are forked."""

import asyncio
import gc
import logging
import os
import weakref
from collections.abc import Callable
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Integer, bindparam, column, create_engine, or_, select, text, values
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bench.database import seed
from bench.seeds import SHOP
from db_model import DbModel
from relationships.shop_model import Customer, Order
from tests.forks import in_a_fresh_process
from tests.support import linux, run

COUNT = 20


def ored(count: int) -> Any:
    return select(DbModel.num).where(or_(*(DbModel.id == key for key in range(count))))


def listed(count: int) -> Any:
    return select(DbModel.num).where(DbModel.id.in_(range(count)))


def written(count: int) -> Any:
    return text(f"SELECT num FROM data WHERE id = {count}")


def bound(count: int) -> Any:
    return text("SELECT num FROM data WHERE id = :id").bindparams(bindparam("id", count))


def rows_of_values(count: int) -> Any:
    wanted = values(column("id", Integer), name="wanted").data([(key,) for key in range(count)])
    return select(DbModel.num).join(wanted, wanted.c.id == DbModel.id)


@pytest.mark.parametrize(
    ("statement", "cached"), [(ored, COUNT), (listed, 1), (written, COUNT), (bound, 1), (rows_of_values, 0)]
)
def test_how_many_statements_are_cached(statement: Callable[[int], Any], cached: int, engine: Engine) -> None:
    compiled: dict[Any, Any] = {}
    with engine.connect() as connection:
        connection = connection.execution_options(compiled_cache=compiled)
        for count in range(1, COUNT + 1):
            connection.execute(statement(count))
    assert len(compiled) == cached


def test_the_statement_cache_has_up_to_half_as_many_more_as_it_keeps(url: str) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), query_cache_size=10)
    assert engine._compiled_cache is not None
    sizes = []
    with engine.connect() as connection:
        for count in range(1, 60):
            connection.execute(written(count))
            sizes.append(len(engine._compiled_cache))
    engine.dispose()
    assert (max(sizes), min(sizes[20:])) == (15, 10)


def test_each_engine_has_a_cache_of_its_own(engine: Engine) -> None:
    assert create_engine(engine.url)._compiled_cache is not engine._compiled_cache


def collected(reference: "weakref.ref[Any]") -> bool:
    gc.collect()
    return reference() is None


def changed(session: Session) -> "weakref.ref[DbModel]":
    entity = session.get_one(DbModel, 1)
    entity.num += 1
    return weakref.ref(entity)


def test_a_session_holds_what_is_changed_until_it_is_flushed(engine: Engine) -> None:
    with Session(engine, autoflush=False) as session:
        reference = changed(session)
        session.get_one(DbModel, 2)
        assert not collected(reference)
        session.flush()
        assert collected(reference)


def test_the_next_query_flushes_what_is_changed_so_that_it_is_let_go(session: Session) -> None:
    reference = changed(session)
    session.get_one(DbModel, 2)
    assert collected(reference)


def test_a_session_holds_what_is_new_and_lets_go_of_what_is_only_read(session: Session) -> None:
    read = weakref.ref(session.get_one(DbModel, 3))
    assert collected(read)
    session.add(entity := DbModel(num=1, data=""))
    new = weakref.ref(entity)
    del entity
    assert not collected(new)
    session.expunge_all()
    assert collected(new)


def test_expunging_all_lets_go_of_what_is_changed(session: Session) -> None:
    reference = changed(session)
    session.expunge_all()
    assert collected(reference)


def test_expiring_all_frees_values_and_not_entities_that_are_held(session: Session) -> None:
    entity = session.get_one(DbModel, 1)
    session.expire_all()
    assert (list(session.identity_map.values()), "data" in vars(entity)) == ([entity], False)


def test_a_parent_holds_the_children_of_its_collection_until_that_is_expired(schema_url: str) -> None:
    seed(schema_url, 100, tables=SHOP)
    engine = create_engine(schema_url.replace("postgresql:", "postgresql+psycopg:"))
    with Session(engine) as session:
        customer = session.get_one(Customer, 1)
        child = weakref.ref(customer.orders[0])
        assert not collected(child)
        session.expire_all()
        assert collected(child)
    engine.dispose()


def test_a_cached_entity_holds_what_it_refers_to(schema_url: str) -> None:
    seed(schema_url, 100, tables=SHOP)
    engine = create_engine(schema_url.replace("postgresql:", "postgresql+psycopg:"))
    orders: list[weakref.ref[Order]] = []

    @cache
    def customer(key: int) -> Customer:
        with Session(engine) as session:
            found = session.get_one(Customer, key)
            orders.extend(map(weakref.ref, found.orders))
            return found

    customer(1)
    assert orders
    assert not any(map(collected, orders))
    customer.cache_clear()
    assert all(map(collected, orders))
    engine.dispose()


class Body:
    """What a request brings along."""


def keeping_its_error(kept: list["weakref.ref[Body]"], lets_go: bool) -> None:
    body, failed = Body(), None
    kept.append(weakref.ref(body))
    try:
        raise ValueError
    except ValueError as error:
        failed = error
    if lets_go:
        del failed


@pytest.mark.parametrize("lets_go", [False, True])
def test_an_error_that_is_kept_in_its_frame_waits_for_the_collector(lets_go: bool) -> None:
    kept: list[weakref.ref[Body]] = []
    gc.collect()
    gc.disable()
    try:
        keeping_its_error(kept, lets_go)
        assert (kept[0]() is None) is lets_go
    finally:
        gc.enable()
    assert collected(kept[0])


@pytest.mark.parametrize("hidden", [False, True])
def test_a_record_has_all_parameters_unless_they_are_hidden(hidden: bool, url: str) -> None:
    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    records: list[logging.LogRecord] = []
    logger = logging.getLogger("sqlalchemy.engine")
    logger.addHandler(handler := Keeping())
    logger.setLevel(logging.INFO)
    try:
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), hide_parameters=hidden)
        long = "x" * 100_000
        with engine.connect() as connection:
            connection.execute(text("SELECT CAST(:long AS text)"), {"long": long})
        engine.dispose()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    held = [argument for record in records for argument in record.args or () if holds(argument, long)]
    assert bool(held) is not hidden
    assert all(len(record.getMessage()) < 2_000 for record in records)


def holds(argument: object, value: str) -> bool:
    parameters: Any = getattr(argument, "params", None)
    return parameters is not None and value in parameters.values()


def test_a_task_that_waits_holds_what_it_was_given() -> None:
    async def wait(body: Body, answered: "asyncio.Future[None]") -> None:
        await answered

    async def main() -> tuple[bool, bool]:
        answered = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(wait(body := Body(), answered))
        reference = weakref.ref(body)
        del body
        await asyncio.sleep(0)
        before = collected(reference)
        answered.set_result(None)
        await task
        del task
        return before, collected(reference)

    assert asyncio.run(main()) == (False, True)


SESSION = text("SELECT pg_backend_pid()")


def session_of_the_server(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalars(SESSION).one())


def forked(engine: Engine, close: bool | None) -> int:
    """Return the session that a fork talks to, which has disposed of the engine's connections before, or has not."""
    context = get_context("fork")
    receiving, sending = context.Pipe(duplex=False)

    def work() -> None:
        if close is not None:
            engine.dispose(close=close)
        sending.send(session_of_the_server(engine))
        os._exit(0)

    (child := context.Process(target=work)).start()
    child.join()
    return int(receiving.recv())


def test_a_fork_talks_over_its_parent_s_connection_unless_it_disposes_of_it(engine: Engine) -> None:
    own = session_of_the_server(engine)
    assert forked(engine, None) == own
    assert forked(engine, False) != own
    assert session_of_the_server(engine) == own


def test_a_fork_that_closes_its_parent_s_connections_ends_them(engine: Engine) -> None:
    own = session_of_the_server(engine)
    assert forked(engine, True) != own
    with pytest.raises(OperationalError):
        session_of_the_server(engine)


FORKED = """
import os, sys
from sqlalchemy import create_engine, text
from common import database_url
engine = create_engine(database_url("postgresql+psycopg"))
def session():
    with engine.connect() as connection:
        return connection.scalar(text("SELECT pg_backend_pid()"))
before = session()
if not os.fork():
    sys.exit()
os.wait()
print(session() == before)
"""


def test_a_fork_that_ends_leaves_its_parent_s_connections(url: str) -> None:
    assert run("-c", FORKED, url=url).stdout == "True\n"


def changed_by_a_collection(freeze: bool) -> int:
    """Return the bytes of pages that a fork has for itself after it collected once."""
    objects = [[number] for number in range(300_000)]
    gc.collect()
    if freeze:
        gc.freeze()
    reading, writing = os.pipe()
    if not os.fork():
        gc.collect()
        lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
        [dirty] = [line.split()[1] for line in lines if line.startswith("Private_Dirty:")]
        os.write(writing, dirty.encode())
        os._exit(0)
    os.wait()
    assert objects
    return 1024 * int(os.read(reading, 20))


@linux
def test_a_collection_changes_the_pages_of_objects_that_are_not_frozen() -> None:
    frozen, others = (in_a_fresh_process(changed_by_a_collection, freeze) for freeze in (True, False))
    assert others - frozen > 300_000 * 16
