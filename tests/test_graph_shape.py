"""What the page says of families of other shapes: of what is stored, and, where that is cheap, measured anew."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bench import results
from bench.studies.graph_shape import families, measure, objects, page, shapes
from bench.studies.graph_shape.families import JOINED, LATE, LAZY, SELECT_IN, SMALL_FIRST, WAYS
from bench.studies.graph_shape.measure import FamilyCost, cost, of, values_below
from bench.studies.graph_shape.model import (
    MOST,
    Family,
    Parts,
    Related,
    dict_bytes,
    entity,
    list_bytes,
    own_table,
    predicted,
)
from bench.studies.graph_shape.objects import ENTITIES
from bench.studies.graph_shape.page import figures
from bench.studies.graph_shape.parts import LoadedFamilies, parts_of
from bench.studies.graph_shape.shapes import BASE, FEW, OF_MIXED_TYPES, SHAPES, children, family, make, parent
from bench.studies.relationships.page import figures as shop
from bench.studies.row_shape.objects import OTHER
from tests.claims.fresh import in_a_fresh_process
from tests.claims.test_entities import own
from tests.support import query

INLINE = sys.version_info >= (3, 13)
# What is measured anew: two shapes that differ from the base, one of them a generation longer.
ANEW = ("0, 1, 2 or 13 children", "3 children, with 2 each")
NO_PARTS = Parts(0, 0, 0, 0, 0, late=False)


@pytest.fixture(scope="module")
def stored() -> dict[str, LoadedFamilies]:
    return figures(results.load("graph_shape"))


def test_model_of_the_cost_predicts_families_of_other_shapes_within_1_percent(
    stored: dict[str, LoadedFamilies],
) -> None:
    found = {(way, shape): off for way, one in stored.items() for shape, off in one.deviations.items()}
    assert len(found) == len(WAYS) * len(SHAPES) == 48
    assert max(map(abs, found.values())) <= 0.01


def test_model_predicts_within_1_percent_what_the_shop_s_scripts_keep(stored: dict[str, LoadedFamilies]) -> None:
    """From customers and orders alone: their values are what is left of these, and each script keeps them in a dict."""
    ways, customers = shop(results.load("relationships")), 18_400

    def kept(name: str) -> float:
        return ways[f"sync_sqlalchemy_session_{name}"].kept

    def place(entities: int) -> float:
        return dict_bytes(entities) / entities

    def alone(what: Family, name: str, count: int) -> Family:
        size = kept(name) / count - place(customers * count)
        return replace(what, values=size - predicted(what, stored[SELECT_IN].parts, customers * count))

    assert ways.header["rows"] == customers
    customer, order = alone(family(), "customers", 1), alone(family(columns=4), "orders", 4)
    down = replace(customer, related=[Related(order, (4,))])
    up = replace(order, related=[Related(customer, sharing=4)])
    for name, way in (("selectin", SELECT_IN), ("joined", JOINED), ("lazy", LAZY), ("subquery", SELECT_IN)):
        foreseen = predicted(down, stored[way].parts, customers) + place(customers)
        assert foreseen == pytest.approx(kept(name), rel=0.01), name
    for name, way in (("orders_selectin", SELECT_IN), ("orders_joined", JOINED)):
        foreseen = 4 * (predicted(up, stored[way].parts, 4 * customers) + place(4 * customers))
        assert foreseen == pytest.approx(kept(name), rel=0.01), name


def test_the_shapes_have_other_numbers_of_children_generations_collections_columns_and_types() -> None:
    assert not set(BASE.values()) & set(SHAPES.values())
    related = [one for what in SHAPES.values() for one in what.related]
    assert {(2,), (10,), (50,)} <= {tuple(one.counts) for one in related}
    assert any(len(set(one.counts)) > 2 for one in related)
    assert any(one.family.related and one.counts for one in related)
    assert any(not one.counts and one.sharing > 1 for one in related)
    assert {len(what.related) for what in SHAPES.values()} == {1, 2, 3}
    assert len({what.columns for what in SHAPES.values()} | {one.family.columns for one in related}) >= 5
    assert OF_MIXED_TYPES in SHAPES


@pytest.mark.parametrize("part", ["constant", "attribute", "first", "collection", "load"])
def test_prediction_depends_on_every_part(stored: dict[str, LoadedFamilies], part: str) -> None:
    """Else fewer would do as well."""
    lazily = stored[LAZY]
    left_out: dict[str, Any] = {part: 0}
    without = replace(lazily, parts=replace(lazily.parts, **left_out))
    assert min(without.deviations.values()) < -0.02


def test_prediction_depends_on_late_relationships(stored: dict[str, LoadedFamilies]) -> None:
    select_in = stored[SELECT_IN]
    shape = "14 columns, 4, 2 and 3 children"
    early = replace(select_in, parts=replace(select_in.parts, late=False))
    assert abs(early.deviations[shape]) > 0.02 > 4 * abs(select_in.deviations[shape])


def test_places_of_a_list_are_those_that_it_has() -> None:
    found: list[int] = []
    for count in range(1_000):
        assert list_bytes(count) == sys.getsizeof(found) - sys.getsizeof([])
        found.append(count)


def test_dict_grows_as_python_s_own() -> None:
    found: dict[int, None] = {0: None}
    for count in range(1, 100_000):
        if count < 1_000 or count % 997 == 0:
            assert dict_bytes(count) == sys.getsizeof(found)
        found[count] = None


@pytest.mark.parametrize("columns", [3, 4, 5, 10, 20, 24])
@pytest.mark.parametrize("late", [2, 3])
def test_own_table_is_that_of_an_instance_whose_attributes_come_late(columns: int, late: int) -> None:
    kind = type("Kind", (), {})
    for _ in range(40):
        instance = kind()
        for name in ("state", *map(str, range(columns))):
            setattr(instance, name, None)
    assert sys.getsizeof(instance.__dict__) < own(columns)
    for number in range(late):
        setattr(instance, f"late_{number}", None)
    assert sys.getsizeof(instance.__dict__) == sys.getsizeof({}) + own_table(columns + 1, late - 1)


def test_family_takes_its_parts() -> None:
    """By hand: a parent of five columns with one, no or five children, each of which refers to one of two parents."""
    parts = Parts(constant=100, attribute=10, first=7, collection=50, load=3, late=False)
    owner = replace(shapes.parent(sharing=2), family=replace(family(columns=2), values=40))
    what = replace(family(children(1, 0, 5, related=(owner,)), columns=5), values=30)
    child = (100 + 10 * (FEW + 1)) + (100 + 10 * 2 + 40) / 2 + 3 / 2
    expected = (100 + 10 * 6 + 30) + 7 + 50 + 2 * child + 3 * 2 / 3 + (4 * 8 + 0 + 8 * 8) / 3
    assert what.entities == 1 + 2 * 1.5
    assert predicted(what, parts, 300) == pytest.approx(expected + dict_bytes(300 * 4) / 300)


def test_one_late_relationship_shares_its_key_and_two_do_not() -> None:
    late = Parts(0, 10, 0, 0, 0, late=True)
    one, two = family(children(1)), family(children(1), children(1))
    assert entity(one, late) == 40
    assert entity(two, late) == own_table(FEW + 1, 1) > 50
    assert entity(two, replace(late, inline=True)) == own_table(FEW + 1, 1) + 50
    assert entity(two, replace(late, late=False)) == 50


def test_more_than_28_columns_and_relationships_are_beyond_the_model() -> None:
    assert entity(family(parent(), columns=MOST - 1), NO_PARTS) == 0
    with pytest.raises(ValueError, match="29 columns and relationships, more than the 28"):
        predicted(family(parent(), columns=MOST), NO_PARTS, 1)


@pytest.fixture(scope="module")
def anew(url: str) -> Iterator[dict[str, dict[str, FamilyCost]]]:
    """Measure the base and two shapes with fewer entities on the Python that runs, each in a fresh process."""
    query(url, "CREATE SCHEMA graph_shape")
    found: dict[str, dict[str, FamilyCost]] = {SELECT_IN: {}, JOINED: {}}
    there = f"{url}?options=-csearch_path%3Dgraph_shape"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes, "ENTITIES", 1_000)
        for number, shape in enumerate([*BASE, *ANEW]):
            what, table = (BASE | SHAPES)[shape], f"family_{number}"
            make(there, table, what, mixed=False)
            values = dict(values_below(there, table, what))
            for way, costs in found.items():
                costs[shape] = cost(what, in_a_fresh_process(families.results, of(way, table, what), there), values)
    yield found
    query(url, "DROP SCHEMA graph_shape CASCADE")


@pytest.mark.parametrize("way", [SELECT_IN, JOINED])
def test_prediction_holds_on_the_python_that_runs(anew: dict[str, dict[str, FamilyCost]], way: str) -> None:
    parts = parts_of(anew[way], way in LATE, INLINE)
    measured_anew = LoadedFamilies(way, parts, anew[way], (), {})
    assert set(measured_anew.deviations) == set(ANEW)
    assert max(map(abs, measured_anew.deviations.values())) <= 0.01


def test_parts_measured_anew_are_those_published(
    stored: dict[str, LoadedFamilies], anew: dict[str, dict[str, FamilyCost]]
) -> None:
    if results.load("graph_shape").header["python"] != results.here()["python"]:
        pytest.skip("the published parts are of another Python")
    for way, costs in anew.items():
        found, published = parts_of(costs, way in LATE, INLINE), stored[way].parts
        assert found.constant == pytest.approx(published.constant, abs=4)
        assert found.first + found.collection == pytest.approx(published.first + published.collection, rel=0.03)


def test_objects_of_a_family_add_up_to_its_parts(stored: dict[str, LoadedFamilies]) -> None:
    for way, one in stored.items():
        found = objects.of(one.allocations, one.versions)
        other = sum(each.size for name, each in found.items() if name == OTHER)
        assert other <= 0.005 * sum(each.size for each in found.values())
        rest = sum(each.size for name, each in found.items() if name not in (ENTITIES, OTHER))
        array = 80 if objects.TABLE in found else 0  # which the parent has no more
        assert rest - array - list_bytes(1) == pytest.approx(
            one.parts.first + one.parts.collection + one.parts.load, abs=24
        ), way


def test_objects_of_a_collection_have_the_sizes_that_python_says(stored: dict[str, LoadedFamilies]) -> None:
    one = stored[SELECT_IN]
    found = {name: round(each.size) for name, each in objects.of(one.allocations, one.versions).items()}
    instance = type("List", (list,), {})()
    assert found["the list, empty"] == 72
    assert found["the list's dict"] == sys.getsizeof({})
    assert found["the list's places, four for one child"] == list_bytes(1)
    assert found[objects.TABLE] == own_table(6, 0) == 400
    if not INLINE and sys.version_info >= (3, 12):
        instance.attribute = None
        assert found["the list, empty"] == sys.getsizeof(instance)
        dict_size = found["the list's dict"] + found["the array of the list's attributes, 30 places for one"]
        assert dict_size == pytest.approx(sys.getsizeof(instance.__dict__), abs=40)


def test_small_family_first_costs_more_from_13_children_on(stored: dict[str, LoadedFamilies]) -> None:
    select_in, small_first = (stored[way].parts for way in (SELECT_IN, SMALL_FIRST))

    def saved(count: int) -> float:
        less, more = (predicted(family(children(count)), parts, 1_000) for parts in (small_first, select_in))
        return more - less

    assert saved(1) > 250
    assert saved(11) > 10 > -10 > saved(13)


def test_the_study_measures_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"BASE": {"no children": BASE["no children"], "one child": BASE["one child"]}}.items():
        monkeypatch.setattr(measure, name, value)
    monkeypatch.setattr(shapes, "ENTITIES", 200)
    [found] = measure.measure([JOINED], None, full=False)
    [record] = [one.record for one in found.values()]
    assert list(record["costs"]) == ["no children", "one child"]
    assert record["costs"]["one child"]["entities"] == 200
    none, one = (cost["per_family"] for cost in record["costs"].values())
    assert one - none > 500
    assert sum(each["size"] * each["per_row"] for each in record["allocations"]) == pytest.approx(one, rel=0.05)


def test_tables_show_the_new_ways_and_predictions_only_where_they_were_measured(
    stored: dict[str, LoadedFamilies],
) -> None:
    shown = page.tables(stored, [JOINED])
    assert [table.texts()[0][1] for table in shown] == [JOINED] * 3
    base = {way: replace(one, costs={shape: one.costs[shape] for shape in BASE}) for way, one in stored.items()}
    assert len(page.tables(base, WAYS)) == 2
    assert set(page.SHORT) == set(WAYS)
