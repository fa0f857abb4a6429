"""What is published of relationships: the sentences of their page about the ways to load them hold."""

import pytest

from bench import results, seeds
from bench.studies.relationships.page import figures
from bench.studies.relationships.ways import Ways

ORDERS, ADDRESSES = 4, 2


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
