"""The relationships: every script reads the same families, and says what it stands for and what one loses."""

import runpy
import sys
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from bench import process, results, seeds, wire
from bench.database import seed
from bench.scenarios import ALTERNATIVES, EVERYTHING, RELATIONSHIPS
from bench.scripts import PROJECT, Scenario
from bench.studies.relationships.measure import wire_jobs
from bench.studies.relationships.page import figures
from bench.studies.relationships.ways import Ways
from common import FIRST_ROW, IMPORTED, LAST_CHECKPOINT
from tests.support import ROWS, error_line, port_of, query, run

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


def test_every_script_is_listed_and_read() -> None:
    names = [short(one) for one in RELATIONSHIPS]
    assert sorted(names) == sorted(path.stem[4:] for path in (PROJECT / "relationships").glob("run_*.py"))
    assert {*READERS, *OTHERS} == set(names)


@pytest.mark.parametrize("scenario", RELATIONSHIPS, ids=short)
def test_docstring_says_what_it_is_compared_with_and_what_one_loses(scenario: Scenario) -> None:
    assert set(scenario.fields) == ({"Short"} if short(scenario) in ALONE else {"Short", "Instead of", "You lose"})
    assert 0 < len(scenario.short) <= 24
    assert scenario.description
    assert scenario.compared_with in (None, *RELATIONSHIPS)


def test_titles_and_short_names_differ() -> None:
    scenarios = EVERYTHING + ALTERNATIVES + RELATIONSHIPS
    assert len({one.short for one in scenarios}) == len({one.title for one in scenarios}) == len(scenarios)


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


@pytest.mark.parametrize("name", [name for name in READERS if "orders_" not in name])
def test_customer_without_orders_is_there_and_has_none(
    told: Callable[[str], dict[str, Any]], schema_url: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """In rows of a join he has one of nothing, and no list or no array where the database makes one."""
    seed(schema_url, 5)
    query(schema_url, CHILDLESS)
    monkeypatch.setenv("DATABASE_URL", schema_url)
    kept = told(name)["storage"]
    if isinstance(kept, list):
        assert [row.order_id for row in kept if row.id == -1] == [None]
    else:
        assert len(kept) == 2
        one = kept[-1]
        orders = getattr(one, "orders", getattr(one, "order_id", None)) if hasattr(one, "id") else one[-1]
        assert not orders


@pytest.mark.parametrize("scenario", RELATIONSHIPS, ids=short)
def test_last_checkpoint_is_within_the_session(scenario: Scenario) -> None:
    """Else what closing the session does to each entity would be counted where `with` ends before it alone."""
    text = (PROJECT / scenario.script).read_text(encoding="utf-8")
    [last] = [line for line in text.splitlines() if f'"{LAST_CHECKPOINT}"' in line]
    [end] = [line for line in text.splitlines() if "print_top_allocations(" in line]
    assert last.startswith("    ")
    assert end.startswith("    ")  # for it asks for the peak


def test_checkpoints_are_those_that_are_measured(
    told: Callable[[str], dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    told("sync_sqlalchemy_engine_aggregate")
    labels = [line.partition("  - ")[0] for line in capsys.readouterr().out.splitlines()]
    assert labels == ["Start", IMPORTED, "Engine connected", FIRST_ROW, LAST_CHECKPOINT]


def test_missing_table_is_one_line(schema_url: str) -> None:
    line = error_line(run("-m", "relationships.run_sync_sqlalchemy_session_joined", url=schema_url))
    assert line == f"table shop_customer is missing at localhost:{port_of(schema_url)}/db: run `python setup_db.py`"


def test_libpq_counts_what_crosses_the_wire(schema_url: str) -> None:
    query(schema_url, "CREATE TABLE here AS SELECT generate_series(1, 300) AS id")
    counter = wire.Counter()
    with psycopg.connect(schema_url) as connection:
        counter.count(connection.pgconn)
        assert len(connection.execute("SELECT id FROM here").fetchall()) == 300
        connection.execute("SELECT repeat('x', %s)", [2**18])
        connection.commit()
        connection.pgconn.untrace()
    traffic = counter.end()
    assert traffic["rows"] == 301
    assert traffic["statements"] == 4  # BEGIN, both, COMMIT
    assert 2**18 + 300 * 7 < traffic["bytes"] < 2**18 + 2**14


def test_a_statement_s_text_is_no_message() -> None:
    lines = [b'F\t43\tQuery\t "SELECT 1 AS\n', b'B"\n', b"B\t11\tDataRow\t 1 1 '1'\n", b"B\t5\tReadyForQuery\t I\n"]
    assert wire.counted(lines) == {"statements": 1, "rows": 1, "bytes": 12 + 6}


def test_what_crosses_the_wire_is_counted_in_a_process_of_its_own(database: str) -> None:
    joined = Scenario("relationships.run_sync_sqlalchemy_session_two_joined")
    [outcome] = process.succeeded(process.run(wire_jobs([joined])))
    assert outcome.output["wire"]["rows"] - CUSTOMERS * ORDERS * ADDRESSES in range(10)


@pytest.fixture(scope="module")
def ways() -> Ways:
    """Return what is stored."""
    return figures(results.load("relationships"))


SYNC = "sync_sqlalchemy_session"
VALUES = ("two_queries", "json", "arrays")


def test_all_families_were_read_as_the_page_says(ways: Ways) -> None:
    assert ways.header["rows"] == seeds.ROWS // 5 == 18_400
    rows = {
        name.removeprefix("relationships.run_"): one.wire and one.wire["rows"] for name, one in ways.by_name.items()
    }
    both, product = 18_400 * (1 + ORDERS + ADDRESSES), 18_400 * ORDERS * ADDRESSES
    assert (rows[f"{SYNC}_two_selectin"], rows[f"{SYNC}_two_joined"]) == (both, product) == (128_800, 147_200)
    for name in ("selectin", "subquery", "lazy", "selectin_yield_per", "orders_selectin"):
        assert rows[f"{SYNC}_{name}"] == seeds.ROWS
    for name in ("joined", "columns", "orders_joined"):
        assert rows[f"{SYNC}_{name}"] == 18_400 * ORDERS
    for name in ("json", "arrays", "aggregate"):
        assert rows[f"sync_sqlalchemy_engine_{name}"] == 18_400


def test_selectin_and_joined_keep_the_same_and_joined_has_the_higher_peak(ways: Ways) -> None:
    selectin, joined, subquery = (ways[f"{SYNC}_{name}"] for name in ("selectin", "joined", "subquery"))
    assert joined.kept == pytest.approx(selectin.kept, rel=0.04)
    assert subquery.kept == pytest.approx(selectin.kept, rel=0.02)
    assert joined.peak > 1.1 * selectin.peak
    assert joined.costs.peak.value > 1.1 * selectin.costs.peak.value


def test_two_joined_collections_stand_out(ways: Ways) -> None:
    two_selectin, two_joined = (ways[f"{SYNC}_two_{name}"] for name in ("selectin", "joined"))
    assert two_joined.peak > 1.3 * two_selectin.peak
    assert two_joined.peak == max(one.peak for one in ways.by_name.values())
    assert two_joined.costs.peak.value > 1.4 * two_selectin.costs.peak.value
    assert two_joined.kept == pytest.approx(two_selectin.kept, rel=0.05)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_dropped_families_leave_a_batch(ways: Ways, mode: str) -> None:
    one, selectin = (ways[f"{mode}_sqlalchemy_session_selectin{how}"] for how in ("_streaming", ""))
    assert one.kept <= 1_100 / 18_400 * selectin.kept
    assert one.costs.peak.value <= 0.2 * selectin.costs.peak.value


def test_load_only_of_narrow_children_takes_more(ways: Ways) -> None:
    assert ways[f"{SYNC}_selectin_load_only"].kept > 1.05 * ways[f"{SYNC}_selectin"].kept


def test_values_take_a_third_of_entities_or_less(ways: Ways) -> None:
    names = (f"{SYNC}_columns", f"{SYNC}_columns_grouped", *(f"sync_sqlalchemy_engine_{one}" for one in VALUES))
    columns, grouped, two_queries, json, arrays = found = [ways[name] for name in names]
    assert max(one.kept for one in found) == columns.kept < ways[f"{SYNC}_selectin"].kept / 3
    assert max(arrays.kept, grouped.kept) < min(two_queries.kept, json.kept)
    assert min(one.peak for one in found) == arrays.peak < 0.6 * grouped.peak  # which is that of all rows of the join
    assert ways["sync_sqlalchemy_engine_aggregate"].kept < arrays.kept / 2


def test_asynchronous_sessions_keep_what_others_keep(ways: Ways) -> None:
    for how in ("selectin", "joined"):
        one, other = (ways[f"{mode}_sqlalchemy_session_{how}"].kept for mode in ("sync", "async"))
        assert one == pytest.approx(other, rel=0.02)


def test_a_single_parent_adds_one_entity_however_it_is_loaded(ways: Ways) -> None:
    alone, joined, selectin = (ways[f"{SYNC}_orders{how}"].kept for how in ("", "_joined", "_selectin"))
    assert joined == pytest.approx(selectin, rel=0.02)
    # An entity is kept by the session, and not in the script's dict.
    assert joined - alone == pytest.approx(ways[f"{SYNC}_customers"].kept, rel=0.25)


def test_lazy_loading_takes_a_statement_for_each_parent_and_by_far_the_longest(ways: Ways) -> None:
    lazy, selectin = ways[f"{SYNC}_lazy"], ways[f"{SYNC}_selectin"]
    assert lazy.wire
    assert lazy.wire["statements"] >= 18_401
    assert lazy.time
    assert lazy.time > 2
    assert selectin.time == 1.0
