"""What the page says of families of other shapes, where that is cheap to measure anew."""

import sys
from collections.abc import Iterable
from dataclasses import replace

import pytest

from bench import process, results
from bench.studies.graph_shape import families, measure, page, shapes
from bench.studies.graph_shape.families import JOINED, LATE, SELECT_IN, WAYS
from bench.studies.graph_shape.measure import FamilyCost, cost, of, values_below
from bench.studies.graph_shape.model import (
    MOST,
    Parts,
    dict_bytes,
    entity,
    list_bytes,
    own_table,
    predicted,
)
from bench.studies.graph_shape.page import figures
from bench.studies.graph_shape.parts import LoadedFamilies, parts_of
from bench.studies.graph_shape.shapes import BASE, FEW, OF_MIXED_TYPES, SHAPES, children, family, make, parent
from tests import forks
from tests.claims.test_entities import own
from tests.forks import in_a_fresh_process
from tests.support import query

pytestmark = pytest.mark.usefixtures("no_further_server")
INLINE = sys.version_info >= (3, 13)
# What is measured anew: two shapes that differ from the base, one of them a generation longer.
ANEW = ("0, 1, 2 or 13 children", "3 children, with 2 each")
NO_PARTS = Parts(0, 0, 0, 0, 0, late=False)


@pytest.fixture(scope="module")
def stored() -> dict[str, LoadedFamilies]:
    return figures(results.load("graph_shape"))


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


def measured_anew(url: str, named: Iterable[str]) -> dict[str, dict[str, FamilyCost]]:
    """Measure shapes with fewer entities on the Python that runs, each in a fresh process."""
    query(url, "CREATE SCHEMA graph_shape")
    found: dict[str, dict[str, FamilyCost]] = {SELECT_IN: {}, JOINED: {}}
    there = f"{url}?options=-csearch_path%3Dgraph_shape"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes, "ENTITIES", 1_000)
        for number, shape in enumerate(named):
            what, table = (BASE | SHAPES)[shape], f"family_{number}"
            make(there, table, what, mixed=False)
            values = dict(values_below(there, table, what))
            for way, costs in found.items():
                costs[shape] = cost(what, in_a_fresh_process(families.results, of(way, table, what), there), values)
    query(url, "DROP SCHEMA graph_shape CASCADE")
    return found


def test_prediction_holds_on_the_python_that_runs(url: str) -> None:
    for way, costs in measured_anew(url, [*BASE, *ANEW]).items():
        deviations = LoadedFamilies(way, parts_of(costs, way in LATE, INLINE), costs, (), {}).deviations
        assert set(deviations) == set(ANEW)
        assert max(map(abs, deviations.values())) <= 0.01


def test_the_study_measures_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"BASE": {"no children": BASE["no children"], "one child": BASE["one child"]}}.items():
        monkeypatch.setattr(measure, name, value)
    monkeypatch.setattr(shapes, "ENTITIES", 200)
    monkeypatch.setattr(process, "run", forks.run)
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
