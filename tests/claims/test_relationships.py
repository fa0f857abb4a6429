"""What docs/relationships.md says of SQLAlchemy and of PostgreSQL: rows, statements, order, cycles, what is refused."""

import asyncio
import gc
import re
import weakref
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, cast

import pytest
from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    Integer,
    Select,
    Table,
    Text,
    create_engine,
    func,
    insert,
    inspect,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.exc import DBAPIError, InvalidRequestError, MissingGreenlet, StatementError
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    Session,
    WriteOnlyMapped,
    aliased,
    contains_eager,
    immediateload,
    joinedload,
    lazyload,
    mapped_column,
    raiseload,
    registry,
    relationship,
    selectinload,
    subqueryload,
)
from sqlalchemy.orm.interfaces import ORMOption

from bench.database import seed
from bench.wire import Counter
from relationships.shop_model import Address, Customer, Order
from tests.claims.fresh import held, open_session
from tests.claims.rows import SINCE_2_1
from tests.claims.test_entities import PYTHON
from tests.forks import in_a_fresh_process
from tests.support import ROWS, query

CUSTOMERS = ROWS // 5
LOADERS = pytest.mark.parametrize("load", [lazyload, selectinload, joinedload, subqueryload])


def rows_on_the_wire(url: str, statement: Select[Any]) -> int:
    """Return how many rows the server sends for a statement of the session, connecting left out."""
    counts = []
    for asked in (select(Customer).where(Customer.id < 0), statement):
        counter = Counter()
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with Session(engine) as session:
            server = cast(Any, session.connection().connection.driver_connection).pgconn
            counter.count(server)
            session.scalars(asked).unique().all()
            server.untrace()
        engine.dispose()
        counts.append(counter.end()["rows"])
    return counts[1] - counts[0]


@pytest.mark.parametrize(
    ("load", "rows"),
    [(joinedload, CUSTOMERS * 4 * 2), (selectinload, CUSTOMERS * (1 + 4 + 2))],
    ids=["joined", "select in"],
)
def test_two_joined_collections_multiply_their_rows_and_others_add_them_up(url: str, load: Any, rows: int) -> None:
    assert rows_on_the_wire(url, select(Customer).options(load(Customer.orders), load(Customer.addresses))) == rows


def test_one_of_each_child_does_not_multiply(url: str) -> None:
    """However many are joined: an order has one customer."""
    assert rows_on_the_wire(url, select(Order).options(joinedload(Order.customer))) == CUSTOMERS * 4


def held_meanwhile(url: str, how: str) -> tuple[float, float]:
    """Return the bytes for each customer at the first one and after the last one, where all are kept."""
    load = {"joined": joinedload, "selectin": selectinload}[how]
    statement = select(Customer).options(load(Customer.orders), load(Customer.addresses))
    kept: list[Customer] = []
    first = 0.0
    with open_session(url) as session:
        session.scalars(statement).unique().all()
        session.expunge_all()
        before = held()
        for customer in session.scalars(statement).unique():
            first = first or held() - before
            kept.append(customer)
        return first / len(kept), (held() - before) / len(kept)


@pytest.mark.parametrize(("how", "least", "most"), [("joined", 8 * (9 * 8 + 40), 8 * 1_000), ("selectin", 0, 200)])
def test_multiplied_rows_are_held_from_before_the_first_customer_until_after_the_last(
    url: str, how: str, least: int, most: int
) -> None:
    """The least is a tuple of nine values for each of the eight rows; the values come beside it."""
    first, last = in_a_fresh_process(held_meanwhile, url, how)
    assert least <= first - last <= most


def added_by_closing(url: str, how: str, dropped: int) -> float:
    """Return the bytes for each order that closing the session adds; so many families were dropped before."""
    load = {"joined": joinedload, "selectin": selectinload, "subquery": subqueryload, "lazy": lazyload}[how]
    session = open_session(url)
    statement = select(Customer).options(load(Customer.orders))
    if dropped:
        for customer in session.scalars(statement.where(Customer.id < dropped)).unique():
            assert len(customer.orders) == 4
        del customer
    held()  # what is freed counts only if it was traced
    kept = session.scalars(statement).unique().all()
    assert all(len(customer.orders) == 4 for customer in kept)
    before = held()
    session.close()
    return (held() - before) / (4 * len(kept))


@pytest.mark.parametrize("how", ["selectin", "subquery", "lazy"])
def test_closing_the_session_gives_the_states_of_queries_of_their_own_a_table_up_to_3_12(url: str, how: str) -> None:
    """From 3.13 on they have room for what it sets, and before where the first of the process were dropped."""
    other, joined = (in_a_fresh_process(added_by_closing, url, load, 0) for load in (how, "joined"))
    assert joined <= 0  # the session's identity map is gone
    assert other - joined == pytest.approx(384 if PYTHON <= (3, 12) else 0, abs=16)
    assert in_a_fresh_process(added_by_closing, url, how, 1) <= 0


def test_joined_collection_wants_unique_and_others_do_not(session: Session) -> None:
    contained = select(Customer).join(Customer.orders).options(contains_eager(Customer.orders))
    for statement in (select(Customer).options(joinedload(Customer.orders)), contained):
        with pytest.raises(InvalidRequestError, match=r"unique\(\) method must be invoked"):
            session.scalars(statement).all()
        assert len(session.scalars(statement).unique().all()) == CUSTOMERS
    assert len(session.query(Customer).options(joinedload(Customer.orders)).all()) == CUSTOMERS
    for load in (selectinload, subqueryload):
        assert len(session.scalars(select(Customer).options(load(Customer.orders))).all()) == CUSTOMERS
    assert len(session.scalars(select(Order).options(joinedload(Order.customer))).all()) == 4 * CUSTOMERS


@pytest.mark.parametrize(
    ("statement", "refused"),
    [
        (select(Customer).options(joinedload(Customer.orders)), True),
        (select(Customer).join(Customer.orders).options(contains_eager(Customer.orders)), True),
        (select(Customer).options(subqueryload(Customer.orders)), True),
        (select(Order).options(subqueryload(Order.customer)), True),
        (select(Customer).options(selectinload(Customer.orders)), False),
        (select(Customer).options(selectinload(Customer.orders).joinedload(Order.customer)), False),
        (select(Order).options(joinedload(Order.customer)), False),
        (select(Customer), False),
    ],
)
def test_yield_per_refuses_joined_collections_and_subqueries(
    session: Session, statement: Select[Any], refused: bool
) -> None:
    streamed = statement.execution_options(yield_per=100)
    if refused:
        with pytest.raises(InvalidRequestError, match="yield_per"):
            session.scalars(streamed).all()
    else:
        assert len(session.scalars(streamed).all()) in (CUSTOMERS, 4 * CUSTOMERS)


@LOADERS
@pytest.mark.parametrize("used", [False, True], ids=["not used", "used"])
def test_families_wait_for_the_garbage_collector_once_an_order_s_customer_was_used(
    session: Session, load: Any, used: bool
) -> None:
    statement = select(Customer).options(load(Customer.orders)).where(Customer.id < 10)
    customers = list(session.scalars(statement).unique())
    assert all(order.customer is customer for customer in customers for order in customer.orders if used)
    entities = [weakref.ref(one) for customer in customers for one in (customer, *customer.orders)]
    gc.disable()
    try:
        del customers
        assert sum(one() is not None for one in entities) == (50 if used else 0)
        gc.collect()
        assert not any(one() for one in entities)
    finally:
        gc.enable()


@pytest.mark.parametrize("load", [joinedload, selectinload])
def test_families_wait_for_the_garbage_collector_where_the_query_loads_both_sides(session: Session, load: Any) -> None:
    both = selectinload(Customer.orders).options(load(Order.customer))
    customers = session.scalars(select(Customer).options(both).where(Customer.id < 10)).all()
    entities = [weakref.ref(one) for customer in customers for one in (customer, *customer.orders)]
    gc.collect()
    gc.disable()
    try:
        del customers
        assert sum(one() is not None for one in entities) == 50
        gc.collect()
        assert not any(one() for one in entities)
    finally:
        gc.enable()


def test_the_other_side_is_found_without_a_query(session: Session, statements: list[str]) -> None:
    customers = session.scalars(select(Customer).options(selectinload(Customer.orders))).all()
    queries = len(statements)
    assert all(order.customer is customer for customer in customers for order in customer.orders)
    assert len(statements) == queries


@pytest.mark.parametrize(
    ("statement", "keys"),
    [
        (select(Customer).options(selectinload(Customer.orders)), [500, 500, 1]),
        (select(Customer).options(selectinload(Customer.orders), selectinload(Customer.addresses)), 2 * [500, 500, 1]),
        (select(Order).options(selectinload(Order.customer)), [500, 500, 1]),
        *([(select(Customer).options(selectinload(Customer.orders, chunksize=2_000)), [1_001])] if SINCE_2_1 else []),
    ],
    ids=["a collection", "two collections", "a single parent", *(["chunksize"] if SINCE_2_1 else [])],
)
def test_selectin_asks_for_500_parents_at_a_time(
    schema_url: str, statements: list[str], statement: Select[Any], keys: list[int]
) -> None:
    seed(schema_url, 5 * 1_001)
    engine = create_engine(schema_url.replace("postgresql:", "postgresql+psycopg:"))
    with Session(engine) as session:
        session.scalars(statement).all()
    assert [len(re.findall(r"%\(", one)) for one in statements] == [0, *keys]
    engine.dispose()


@pytest.mark.parametrize(("level", "orders"), [("READ COMMITTED", 0), ("REPEATABLE READ", 4)])
@pytest.mark.parametrize("load", [selectinload, joinedload], ids=["select in", "joined"])
def test_several_queries_see_several_moments(schema_url: str, load: Any, level: str, orders: int) -> None:
    seed(schema_url, 5 * 3)
    engine = create_engine(schema_url.replace("postgresql:", "postgresql+psycopg:"), isolation_level=level)
    statement = select(Customer).options(load(Customer.orders)).order_by(Customer.id)
    if load is selectinload:
        statement = statement.execution_options(yield_per=1)
    with Session(engine) as session:
        result = session.scalars(statement)
        customers = iter(result if load is selectinload else result.unique())
        assert len(next(customers).orders) == 4
        query(schema_url, "DELETE FROM shop_order WHERE customer_id = 2")
        assert [len(one.orders) for one in customers] == [4, 4 if load is joinedload else orders]
    engine.dispose()


@pytest.mark.parametrize(("level", "strangers"), [("READ COMMITTED", {9}), ("REPEATABLE READ", set())])
def test_of_two_core_queries_the_second_may_have_an_order_whose_customer_the_first_did_not_see(
    childless: Engine, schema_url: str, level: Any, strangers: set[int]
) -> None:
    with childless.connect().execution_options(isolation_level=level) as connection:
        keys = set(connection.scalars(select(Customer.id).where(Customer.id != 9)))
        order = select(Order.customer_id)
        query(schema_url, "INSERT INTO shop_order VALUES (99, 9, '2026-01-01', 1)")
        assert set(connection.scalars(order)) - keys == strangers


def test_lazy_asks_once_for_each_parent(session: Session, statements: list[str]) -> None:
    for customer in session.scalars(select(Customer).where(Customer.id < 20)):
        assert len(customer.orders) == 4
    assert len(statements) == 1 + 20


def test_lazy_asks_for_a_single_parent_only_where_the_session_does_not_hold_it(
    session: Session, statements: list[str]
) -> None:
    held_already = session.get_one(Customer, 0)
    orders = session.scalars(select(Order).where(Order.customer_id < 20)).all()
    queries = len(statements)
    assert {order.customer.id for order in orders} == set(range(20))
    assert len(statements) == queries + 19
    assert orders[0].customer is held_already


def test_lazy_asks_for_each_child_where_the_key_is_another_column(session: Session, statements: list[str]) -> None:
    """The session knows its entities by primary key."""
    registered = registry()

    @registered.mapped
    class Named:
        __table__ = Table("named", registered.metadata, Column("id", Integer, primary_key=True), Column("name", Text))

    @registered.mapped
    class Note:
        __table__ = Table("note", registered.metadata, Column("id", Integer, primary_key=True), Column("name", Text))
        named = relationship(
            Named, primaryjoin="foreign(Note.name) == Named.name", viewonly=True, uselist=False, lazy="select"
        )

    session.execute(text("CREATE TEMP TABLE named AS SELECT 1 AS id, 'a' AS name"))
    session.execute(text("CREATE TEMP TABLE note AS SELECT i AS id, 'a' AS name FROM generate_series(1, 9) AS i"))
    held = session.scalars(select(Named)).all()
    notes = session.scalars(select(Note)).all()
    statements.clear()
    assert [note.named for note in notes] == [*held] * 9
    assert len(statements) == 9


def test_immediate_asks_as_often_before_the_first_row(session: Session, statements: list[str]) -> None:
    next(iter(session.scalars(select(Customer).options(immediateload(Customer.orders)).where(Customer.id < 20))))
    assert len(statements) == 1 + 20


def test_subquery_repeats_the_first_query(session: Session, statements: list[str]) -> None:
    session.scalars(select(Customer).options(subqueryload(Customer.orders)).where(Customer.name > "customer 1")).all()
    first, second = statements
    assert first.partition("WHERE")[2].strip() in second


def test_select_in_with_yield_per_loads_the_children_of_each_batch(session: Session, statements: list[str]) -> None:
    statement = select(Customer).options(selectinload(Customer.orders)).execution_options(yield_per=100)
    next(iter(session.scalars(statement)))
    assert len([one for one in statements if "FROM shop_order" in one]) == 1
    assert len([one for one in session.identity_map.values() if isinstance(one, Order)]) <= 400


def test_each_query_for_the_children_of_a_batch_reads_through_a_cursor_on_the_server(
    session: Session, fetches: list[int | None]
) -> None:
    """DECLARE, a row, the others, CLOSE; the other batches of the customers are not read yet."""
    statement = select(Customer).options(selectinload(Customer.orders))
    session.scalars(statement).all()
    assert fetches == []
    next(iter(session.scalars(statement, execution_options={"yield_per": 100})))
    assert fetches == [1, 99, 1, None]


def run_over(driver: str, url: str, use: Callable[[AsyncSession], Awaitable[int]]) -> int:
    async def main() -> int:
        engine = create_async_engine(url.replace("postgresql:", f"postgresql+{driver}:"))
        try:
            async with AsyncSession(engine, expire_on_commit=False) as session:
                return await use(session)
        finally:
            await engine.dispose()

    return asyncio.run(main())


DRIVERS = pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])


@DRIVERS
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_lazy_load_in_an_async_session_raises_missing_greenlet(url: str, driver: str) -> None:
    async def use(session: AsyncSession, *options: ORMOption) -> int:
        customers = (await session.scalars(select(Customer).options(*options).limit(2))).all()
        return sum(len(customer.orders) for customer in customers)

    async def use_without_a_connection(session: AsyncSession) -> int:
        customer = (await session.scalars(select(Customer))).first()
        await session.commit()
        assert customer
        assert isinstance(session.bind, AsyncEngine)
        await session.bind.dispose()
        return len(customer.orders)

    wrapped = driver == "psycopg" and SINCE_2_1
    with pytest.raises(StatementError if wrapped else MissingGreenlet) as caught:
        run_over(driver, url, use)
    assert not wrapped or isinstance(getattr(caught.value, "orig", None), MissingGreenlet)
    with pytest.raises(MissingGreenlet):
        run_over(driver, url, use_without_a_connection)
    assert run_over(driver, url, lambda session: use(session, selectinload(Customer.orders))) == 8


@DRIVERS
def test_async_session_loads_a_collection_by_refresh_and_by_awaitable_attrs(url: str, driver: str) -> None:
    async def refresh(session: AsyncSession) -> int:
        customer = await session.get_one(Customer, 7)
        await session.refresh(customer, ["orders"])
        return len(customer.orders)

    async def await_it(session: AsyncSession) -> int:
        parent = await session.get_one(Parent, 7)
        return len(await parent.awaitable_attrs.viewed)

    assert run_over(driver, url, refresh) == run_over(driver, url, await_it) == 4


def test_raiseload_says_at_once_what_was_not_loaded(session: Session, statements: list[str]) -> None:
    statement = select(Customer).options(selectinload(Customer.orders), raiseload("*")).limit(2)
    customer = session.scalars(statement).first()
    assert customer
    assert len(customer.orders) == 4
    queries = len(statements)
    for attribute in (lambda: customer.addresses, lambda: customer.orders[0].customer):
        with pytest.raises(InvalidRequestError, match="is not available due to lazy='raise'"):
            attribute()
    assert len(statements) == queries


def test_raiseload_of_sql_only_allows_what_the_session_holds(session: Session) -> None:
    statement = select(Customer).options(selectinload(Customer.orders), raiseload("*", sql_only=True)).limit(2)
    customer = session.scalars(statement).first()
    assert customer
    assert customer.orders[0].customer is customer
    with pytest.raises(InvalidRequestError, match="is not available due to lazy='raise_on_sql'"):
        len(customer.addresses)


class Base(AsyncAttrs, DeclarativeBase):
    """Registry apart from the project's, for other relationships of the same tables."""


class Parent(Base):
    """A customer whose orders are never loaded, are sorted, or may not be changed."""

    __tablename__ = "shop_customer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    written: WriteOnlyMapped["Child"] = relationship()
    dynamic: DynamicMapped["Child"] = relationship(overlaps="written")
    ordered: Mapped[list["Child"]] = relationship(order_by="Child.id", viewonly=True)
    viewed: Mapped[list["Child"]] = relationship(viewonly=True)
    changed: Mapped[list["Child"]] = relationship(overlaps="written,dynamic")


class Child(Base):
    """An order."""

    __tablename__ = "shop_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Parent.id))
    placed_on: Mapped[date]
    total: Mapped[Decimal]


def test_write_only_collection_is_read_by_a_select_of_one_s_own(session: Session, statements: list[str]) -> None:
    parent = session.get_one(Parent, 7)
    assert not isinstance(parent.written, list)
    with pytest.raises(TypeError):
        iter(parent.written)
    queries = len(statements)
    assert [child.id for child in session.scalars(parent.written.select().order_by(Child.id))] == [28, 29, 30, 31]
    assert len(statements) == queries + 1


@pytest.mark.parametrize("collection", [Parent.written, Parent.dynamic])
def test_write_only_and_dynamic_collections_refuse_to_be_loaded(session: Session, collection: Any) -> None:
    for load in (selectinload, joinedload, subqueryload):
        with pytest.raises(InvalidRequestError, match="does not support object population"):
            session.scalars(select(Parent).options(load(collection))).all()
    with pytest.raises(NotImplementedError):
        session.scalars(select(Parent).options(immediateload(collection))).all()


@pytest.mark.parametrize("load", [selectinload, joinedload, subqueryload])
def test_children_have_no_order_unless_the_relationship_says_one(
    session: Session, statements: list[str], load: Any
) -> None:
    session.scalars(select(Parent).options(load(Parent.viewed))).unique().all()
    assert not any("ORDER BY" in statement for statement in statements)
    session.scalars(select(Parent).options(load(Parent.ordered))).unique().all()
    assert re.search(r"ORDER BY shop_order\w*\.id", statements[-1])


def test_contains_eager_does_not_heed_the_order_of_a_relationship(session: Session, statements: list[str]) -> None:
    query = select(Parent).join(Parent.ordered).options(contains_eager(Parent.ordered))
    session.scalars(query).unique().all()
    assert "ORDER BY" not in statements[-1]
    session.expunge_all()
    for parent in session.scalars(query.order_by(Child.id.desc())).unique():
        keys = [child.id for child in parent.ordered]
        assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize(
    "statement",
    [
        select(Order).options(selectinload(Order.customer)).limit(10),
        select(Customer).options(selectinload(Customer.orders)).limit(10),
    ],
    ids=["a single parent", "a collection"],
)
def test_selectin_asks_for_what_the_session_holds_too(
    session: Session, statements: list[str], statement: Select[Any]
) -> None:
    held_already = session.scalars(statement).all()
    assert session.scalars(statement).all() == held_already
    assert len(statements) == 2 * 2


def test_latest_children_of_each_parent_by_a_lateral_join_or_a_window_function(session: Session) -> None:
    keys: dict[int, list[int]] = {}
    for order in session.scalars(select(Order).order_by(Order.id.desc())):
        keys.setdefault(order.customer_id, []).append(order.id)
    expected = {customer: orders[:3] for customer, orders in keys.items()}
    session.expunge_all()

    newest = select(Order).where(Order.customer_id == Customer.id).order_by(Order.id.desc()).limit(3).lateral()
    latest = aliased(Order, newest)
    query = select(Customer).outerjoin(latest, true()).options(contains_eager(Customer.orders.of_type(latest)))
    query = query.order_by(Customer.id, latest.id.desc())
    with pytest.raises(InvalidRequestError, match=r"unique\(\)"):
        session.scalars(query).all()
    session.expunge_all()
    customers = session.scalars(query).unique().all()
    assert {customer.id: [order.id for order in customer.orders] for customer in customers} == expected

    session.expunge_all()
    held = session.scalars(select(Customer).options(selectinload(Customer.orders))).all()
    for again, longest in ((query, 4), (query.execution_options(populate_existing=True), 3)):
        assert max(len(customer.orders) for customer in session.scalars(again).unique()) == longest
    assert len(held) == len(expected)

    place = func.row_number().over(partition_by=Order.customer_id, order_by=Order.id.desc()).label("place")
    numbered = select(Order.id, place).subquery()
    rows = select(Order).join(numbered, numbered.c.id == Order.id).where(numbered.c.place <= 3)
    assert {order.id for order in session.scalars(rows)} == {key for orders in expected.values() for key in orders}


def bytes_kept(url: str, name: str) -> float:
    statement = select(Parent).options(selectinload(getattr(Parent, name)))
    with open_session(url) as session:
        session.scalars(statement).all()
        session.expunge_all()
        before = held()
        kept = session.scalars(statement).all()
        return (held() - before) / len(kept)


def test_viewonly_takes_as_much_memory(url: str) -> None:
    viewed, changed = (in_a_fresh_process(bytes_kept, url, name) for name in ("viewed", "changed"))
    assert viewed == pytest.approx(changed, rel=0.01)


def bytes_kept_by_a_name(url: str, joined: bool) -> float:
    """Return what is freed for each customer once the name of their result is gone."""
    statement = select(Customer).options((joinedload if joined else selectinload)(Customer.orders))
    with open_session(url) as session:
        session.scalars(statement).unique().all()
        session.expunge_all()
        held()
        result = session.scalars(statement).unique()
        customers, whole = result.all(), held()
        del result
        return (whole - held()) / len(customers)


def test_a_result_with_a_name_keeps_what_a_join_has_read_since_2_1(url: str) -> None:
    """Both keep the set by which `unique()` knows them."""
    joined, selectin = (in_a_fresh_process(bytes_kept_by_a_name, url, joined) for joined in (True, False))
    assert 60 < selectin < 150
    assert joined - selectin == pytest.approx(565 if SINCE_2_1 else 0, abs=30)


def test_viewonly_writes_nothing(session: Session) -> None:
    parent = session.get_one(Parent, 7)
    parent.viewed.clear()
    session.flush()
    session.expire_all()
    assert len(parent.viewed) == 4


def test_arrays_keep_types_and_json_does_not(engine: Engine) -> None:
    with engine.connect() as connection:
        orders = select(Order).where(Order.customer_id == 1).subquery()
        arrays = connection.execute(select(func.array_agg(orders.c.placed_on), func.array_agg(orders.c.total))).one()
        assert {type(value) for array in arrays for value in array} == {date, Decimal}
        pair = func.json_build_object(
            "on", orders.c.placed_on, "of", orders.c.total, "about", func.round(orders.c.total)
        )
        made = connection.scalars(select(func.json_agg(pair))).one()
        assert {tuple(map(type, one.values())) for one in made} == {(str, float, int)}


def test_arrays_of_several_lengths_make_no_array_but_a_jsonb(engine: Engine) -> None:
    some, alike = (f"SELECT {{}}(one) FROM (VALUES (ARRAY[1]), (ARRAY[{two}])) AS lists (one)" for two in ("2, 3", "2"))
    with engine.connect() as connection:
        assert connection.scalar(text(alike.format("array_agg"))) == [[1], [2]]
        assert connection.scalar(text(some.format("jsonb_agg"))) == [[1], [2, 3]]
        with pytest.raises(DBAPIError, match="cannot accumulate arrays of different dimensionality"):
            connection.execute(text(some.format("array_agg")))


def test_arrays_of_one_order_each_belong_together(engine: Engine) -> None:
    order = Order.total.desc()
    keys_and_totals = (func.array_agg(aggregate_order_by(one, order)) for one in (Order.id, Order.total))
    with engine.connect() as connection:
        row: Any = connection.execute(select(*keys_and_totals)).one()
        keys, totals = row
        assert list(totals) == sorted(totals, reverse=True)
        found = dict(connection.execute(select(Order.id, Order.total)).all())
    assert [found[key] for key in keys] == list(totals)


def test_function_of_2_0_sorts_an_array_as_the_method_of_2_1_does(engine: Engine) -> None:
    expected = select(Order.total).order_by(Order.id)
    ways: list[Any] = [func.array_agg(aggregate_order_by(Order.total, Order.id))]
    assert hasattr(ways[0], "aggregate_order_by") == SINCE_2_1
    if SINCE_2_1:
        ways.append(func.array_agg(Order.total).aggregate_order_by(Order.id))
    with engine.connect() as connection:
        row: Any = connection.execute(select(*(one.filter(Order.id.is_not(None)) for one in ways))).one()
        assert [list(array) for array in row] == [list(connection.scalars(expected))] * len(ways)


def test_two_collections_in_one_aggregate_multiply_and_subqueries_do_not(engine: Engine) -> None:
    both = select(func.count(Order.id), func.array_agg(Address.id)).select_from(Customer).where(Customer.id == 7)
    orders = select(func.count()).where(Order.customer_id == Customer.id).correlate(Customer).scalar_subquery()
    addresses = select(func.array_agg(Address.id)).where(Address.customer_id == Customer.id).correlate(Customer)
    alone = select(orders, addresses.scalar_subquery()).where(Customer.id == 7)
    with engine.connect() as connection:
        row: Any = connection.execute(both.join(Customer.orders).join(Customer.addresses)).one()
        assert (row[0], sorted(row[1])) == (8, 4 * [14] + 4 * [15])
        row = connection.execute(alone).one()
        assert (row[0], sorted(row[1])) == (4, [14, 15])


@pytest.fixture
def childless(schema_url: str) -> Iterator[Engine]:
    seed(schema_url, 5)
    engine = create_engine(schema_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(insert(Customer).values(id=9, name="nobody", email="nobody@example.org"))
    yield engine
    engine.dispose()


def test_outer_join_keeps_who_has_no_children_and_an_inner_one_does_not(childless: Engine) -> None:
    arrays = func.array_agg(Order.id)
    query = select(Customer.id, arrays, arrays.filter(Order.id.is_not(None))).group_by(Customer.id)
    with childless.connect() as connection:
        found: list[dict[int, Any]] = [
            {key: (every, without_null) for key, every, without_null in connection.execute(statement)}
            for statement in (query.join(Customer.orders), query.outerjoin(Customer.orders))
        ]
    inner, outer = found
    assert set(inner) == {0}
    assert outer[9] == ([None], None)


def test_an_empty_collection_counts_as_one_row_of_two_joined_ones(childless: Engine) -> None:
    both = select(Customer.id).outerjoin(Customer.orders).outerjoin(Customer.addresses)
    with childless.begin() as connection:
        assert connection.scalars(both.where(Customer.id == 9)).all() == [9]
        connection.execute(
            insert(Order), [{"id": key, "customer_id": 9, "placed_on": date.max, "total": 1} for key in (8, 9)]
        )
        assert connection.scalars(both.where(Customer.id == 9)).all() == [9, 9]


def test_an_order_that_was_loaded_has_no_customer_in_its_dict_until_it_is_used(session: Session) -> None:
    customer = session.scalars(select(Customer).options(selectinload(Customer.orders))).first()
    assert customer
    assert "customer" not in inspect(customer.orders[0]).dict
    assert customer.orders[0].customer is customer
    assert "customer" in inspect(customer.orders[0]).dict
