"""The relationships: every script reads the same families, however it loads them."""

import runpy
import sys
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bench.database import seed
from bench.scripts import PROJECT, RELATIONSHIPS, Scenario
from common import LAST_CHECKPOINT
from tests.support import ROWS, query

ALONE = ("sync_sqlalchemy_session_customers", "sync_sqlalchemy_session_orders")
CUSTOMERS, ORDERS, ADDRESSES = ROWS // 5, 4, 2
Order = tuple[int, date, Decimal]
Customer = tuple[int, str, str]
Families = dict[Customer, list[Order]]


def short(scenario: Scenario) -> str:
    return scenario.name.removeprefix("relationships.run_")


def seeded() -> Families:
    """Return what set-up makes: each customer with his orders."""
    return {(key, f"customer {key}", f"customer-{key}@example.org"): orders_of(key) for key in range(CUSTOMERS)}


def orders_of(customer: int) -> list[Order]:
    return [
        (key, date(2025, 1, 1) + timedelta(days=key % 365), Decimal(key % 9973 + 1) / 100)
        for key in range(ORDERS * customer, ORDERS * (customer + 1))
    ]


def collected(pairs: Iterable[tuple[Customer, Order]]) -> Families:
    """Return the families of a customer for each order, however the pairs are sorted."""
    families: Families = {}
    for customer, order in sorted(pairs):
        families.setdefault(customer, []).append(order)
    return families


def of(customer: Any) -> Customer:
    return customer.id, customer.name, customer.email


def order(one: Any) -> Order:
    return one.id, one.placed_on, one.total


def of_entities(kept: dict[int, Any]) -> Families:
    return collected((of(one), order(each)) for one in kept.values() for each in one.orders)


def of_orders(kept: dict[int, Any]) -> Families:
    return collected((of(each.customer), order(each)) for each in kept.values())


def of_rows(kept: list[Any]) -> Families:
    return collected((of(row), (row.order_id, row.placed_on, row.total)) for row in kept)


def of_groups(kept: dict[int, Any]) -> Families:
    return collected(((key, name, email), each) for key, (name, email, orders) in kept.items() for each in orders)


def of_two_queries(kept: dict[int, Any]) -> Families:
    return collected((of(one), order(each)) for one, orders in kept.values() for each in orders)


def of_json(kept: dict[int, Any]) -> Families:
    """Return the families; the types that JSON does not have are made anew."""
    return collected(
        (of(row), (each["id"], date.fromisoformat(each["placed_on"]), Decimal(str(each["total"]))))
        for row in kept.values()
        for each in row.orders
    )


def of_arrays(kept: dict[int, Any]) -> Families:
    return collected(
        (of(row), each)
        for row in kept.values()
        for each in zip(row.order_id, row.order_placed_on, row.order_total, strict=True)
    )


READERS: dict[str, Callable[[Any], Families]] = {
    **dict.fromkeys(
        (
            *("sync_sqlalchemy_session_lazy", "sync_sqlalchemy_session_selectin", "sync_sqlalchemy_session_joined"),
            *("sync_sqlalchemy_session_subquery", "sync_sqlalchemy_session_selectin_yield_per"),
            *("sync_sqlalchemy_session_two_selectin", "sync_sqlalchemy_session_two_joined"),
            *("async_sqlalchemy_session_selectin", "async_sqlalchemy_session_joined"),
        ),
        of_entities,
    ),
    **dict.fromkeys(("sync_sqlalchemy_session_orders_joined", "sync_sqlalchemy_session_orders_selectin"), of_orders),
    "sync_sqlalchemy_session_columns": of_rows,
    "sync_sqlalchemy_session_columns_grouped": of_groups,
    "sync_sqlalchemy_engine_two_queries": of_two_queries,
    "sync_sqlalchemy_engine_json": of_json,
    "sync_sqlalchemy_engine_arrays": of_arrays,
}
STREAMING = ("sync_sqlalchemy_session_selectin_streaming", "async_sqlalchemy_session_selectin_streaming")
OTHERS = {*ALONE, *STREAMING, "sync_sqlalchemy_session_selectin_load_only", "sync_sqlalchemy_engine_aggregate"}


@pytest.fixture
def told(database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    """Run a script in this process, and return its names."""
    monkeypatch.setenv("MEMORY_TRACING", "off")
    monkeypatch.setattr(sys, "argv", [""])
    return lambda name: runpy.run_module(f"relationships.run_{name}", run_name="__main__")


def test_every_script_is_read() -> None:
    assert {*READERS, *OTHERS} == {short(one) for one in RELATIONSHIPS}


@pytest.mark.parametrize("name", READERS)
def test_families_are_the_seeded_ones(told: Callable[[str], dict[str, Any]], name: str) -> None:
    assert READERS[name](told(name)["storage"]) == seeded()


@pytest.mark.parametrize("how", ["selectin", "joined"])
def test_second_collection_is_whole(told: Callable[[str], dict[str, Any]], how: str) -> None:
    for key, customer in told(f"sync_sqlalchemy_session_two_{how}")["storage"].items():
        assert sorted(one.id for one in customer.addresses) == [ADDRESSES * key, ADDRESSES * key + 1]
        assert len(customer.orders) == ORDERS


def test_either_side_alone_is_its_table(told: Callable[[str], dict[str, Any]]) -> None:
    customers, orders = (told(name)["storage"].values() for name in ALONE)
    assert sorted(map(of, customers)) == sorted(seeded())
    assert sorted(map(order, orders)) == [order for orders in seeded().values() for order in orders]


def test_less_of_each_order_is_of_the_right_one(told: Callable[[str], dict[str, Any]]) -> None:
    kept = told("sync_sqlalchemy_session_selectin_load_only")["storage"]
    found = {key: sorted(order.total for order in customer.orders) for key, customer in kept.items()}
    assert found == {key: sorted(total for _, _, total in orders_of(key)) for key in range(CUSTOMERS)}


def total() -> Decimal:
    return sum((total for orders in seeded().values() for _, _, total in orders), Decimal(0))


@pytest.mark.parametrize("name", STREAMING)
def test_every_order_is_read(told: Callable[[str], dict[str, Any]], name: str) -> None:
    names = told(name)
    assert (names["customers"], names["orders"], names["total"]) == (CUSTOMERS, ORDERS * CUSTOMERS, total())


def test_aggregate_is_that_of_the_orders(told: Callable[[str], dict[str, Any]]) -> None:
    kept = told("sync_sqlalchemy_engine_aggregate")["storage"]
    assert {key: (row.orders, row.total) for key, row in kept.items()} == {
        key: (ORDERS, sum(total for _, _, total in orders_of(key))) for key in range(CUSTOMERS)
    }


CHILDLESS = "INSERT INTO shop_customer VALUES (-1, 'nobody', 'nobody@example.org')"


def test_customer_without_orders_is_there_and_has_none(
    told: Callable[[str], dict[str, Any]], schema_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In rows of a join he has one of nothing, and no list or no array where the database makes one."""
    seed(schema_url, 5)
    query(schema_url, CHILDLESS)
    monkeypatch.setenv("DATABASE_URL", schema_url)
    for name in READERS:
        if "orders_" in name:  # they begin with the orders
            continue
        kept = told(name)["storage"]
        if isinstance(kept, list):
            assert [row.order_id for row in kept if row.id == -1] == [None], name
        else:
            assert len(kept) == 2, name
            nobody = kept[-1]
            either = getattr(nobody, "orders", getattr(nobody, "order_id", None))
            assert not (either if hasattr(nobody, "id") else nobody[-1]), name


def test_last_checkpoint_is_within_the_session() -> None:
    """Else what closing the session does to each entity would be counted where `with` ends before it alone."""
    for scenario in RELATIONSHIPS:
        text = (PROJECT / scenario.script).read_text(encoding="utf-8")
        [last] = [line for line in text.splitlines() if f'"{LAST_CHECKPOINT}"' in line]
        [end] = [line for line in text.splitlines() if "print_top_allocations(" in line]
        assert last.startswith("    "), scenario.name
        assert end.startswith("    "), scenario.name  # for it asks for the peak
