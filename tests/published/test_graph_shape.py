"""What is published of families of other shapes: the model of their cost predicts them, and the page is right."""

import sys
from dataclasses import replace
from typing import Any

import pytest

from bench import results
from bench.studies.graph_shape import objects
from bench.studies.graph_shape.families import JOINED, LATE, LAZY, SELECT_IN, SMALL_FIRST, WAYS
from bench.studies.graph_shape.model import (
    Family,
    Related,
    dict_bytes,
    list_bytes,
    own_table,
    predicted,
)
from bench.studies.graph_shape.objects import ENTITIES
from bench.studies.graph_shape.page import figures
from bench.studies.graph_shape.parts import LoadedFamilies, parts_of
from bench.studies.graph_shape.shapes import BASE, SHAPES, children, family
from bench.studies.relationships.page import figures as shop
from bench.studies.row_shape.objects import OTHER
from tests.test_graph_shape import INLINE, measured_anew


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


def test_parts_measured_anew_are_those_published(stored: dict[str, LoadedFamilies], url: str) -> None:
    if results.load("graph_shape").header["python"] != results.here()["python"]:
        pytest.skip("the published parts are of another Python")
    for way, costs in measured_anew(url, BASE).items():
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
