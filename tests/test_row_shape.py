"""What README says of rows of other shapes, where that is cheap to measure anew."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from importlib.util import find_spec
from typing import Any

import pytest

from bench import process, results
from bench.database import private_server
from bench.layers.allocations import Analysis
from bench.layers.names import ENTITY, LAYERS, MODEL, READERS, TUPLE
from bench.layers.reading import Reading
from bench.relations.data import Relation
from bench.runs import Job
from bench.studies.row_shape import measure, objects, page, shapes
from bench.studies.row_shape.experiments import Experiment
from bench.studies.row_shape.measure import TracedAllocation
from bench.studies.row_shape.model import room
from bench.studies.row_shape.overheads import RowShapes
from bench.studies.row_shape.page import figures
from bench.studies.row_shape.shapes import (
    FEW,
    KINDS,
    NULL,
    TABLES,
    TEXT,
    ShapeKey,
    make,
    of_columns,
    shapes_of,
)
from bench.studies.row_shape.tables import CHANGED, CONSISTS, SHORT
from common import database_url
from tests import forks

# Of the packages whose source lines the objects link to.
LINKED = {name: name for name in ("sqlalchemy", "pydantic", "psycopg", "django")} | {"tortoise": "tortoise-orm"}
VERSIONS = {package: metadata.version(package) for name, package in LINKED.items() if find_spec(name)}
# From how many columns on a model costs more than an entity, on the Pythons whose entities' cost README says.
CROSSINGS = {(3, 11): 5, (3, 12): 5, (3, 13): 19, (3, 14): 6, (3, 15): 6}
MORE = CROSSINGS.get(sys.version_info[:2], 20)
LESS = MORE - 1 if sys.version_info[:2] in CROSSINGS else 4
# What is measured anew, of each layer; with as many rows as fill a dict like those of the study do.
COUNTS = {MODEL: {LESS, MORE}, ENTITY: {LESS, MORE, 28, 29}}


@pytest.fixture(scope="module", autouse=True)
def in_forks(no_further_server: None) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "run", forks.run)
        yield


@pytest.fixture(scope="module")
def stored() -> RowShapes:
    return figures(results.load("row_shape"))


def outputs(jobs: Mapping[ShapeKey, Job]) -> dict[ShapeKey, Any]:
    """Run these processes, and return what they write."""
    outcomes = process.succeeded(process.run(list(jobs.values())))
    return {key: one.output for key, one in zip(jobs, outcomes, strict=True)}


def overheads_of(layer: str, relations: Mapping[int, Relation], reading: type[Reading] = Reading) -> dict[int, float]:
    """Return what a layer adds to a row of so many integers, in bytes, on the Python that runs."""
    outcomes = process.succeeded(process.run([Job(reading(READERS[layer], one, FEW)) for one in relations.values()]))
    traced = (one.output["traced"] / FEW for one in outcomes)
    return {count: size - count * sys.getsizeof(1000) for count, size in zip(relations, traced, strict=True)}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Run a server of these tests' own, which the variable names meanwhile."""
    with private_server(1):
        yield database_url()


@pytest.fixture(scope="module")
def of_integers(server: str) -> dict[int, Relation]:
    """Make tables of so many integers."""
    return {count: make(server, f"integers_{count}", of_columns(count)) for count in sorted({3, *COUNTS[ENTITY]})}


@pytest.fixture(scope="module")
def overheads(of_integers: dict[int, Relation]) -> dict[str, dict[int, float]]:
    """Measure the overheads of models and entities, by layer and number of columns."""
    return {layer: overheads_of(layer, {count: of_integers[count] for count in COUNTS[layer]}) for layer in COUNTS}


def sizes(allocations: Sequence[TracedAllocation]) -> dict[str, float]:
    return {one.name: one.size for one in objects.of(allocations, VERSIONS)}


def test_room_of_a_list_is_that_of_one_that_grew() -> None:
    grown: list[None] = []
    for count in range(1000):
        assert sys.getsizeof(grown) == sys.getsizeof([]) + 8 * room(count)
        grown.append(None)


def test_the_three_tables_are_mixed_and_have_nulls() -> None:
    counts = [len(fields) for fields in TABLES.values()]
    assert (min(counts), max(counts)) == (8, 25)
    for fields in TABLES.values():
        assert len({field.kind for field in fields}) >= 5
        assert any(field.nulls for field in fields)
        assert any(field.lengths[0] < field.lengths[1] for field in fields)


def test_values_of_text_in_every_kind_of_layer_measured_anew(server: str) -> None:
    tables = {kind: make(server, kind.name, shapes_of((), {})[ShapeKey("values", kind.name)]) for kind in (NULL, TEXT)}
    layers = (TUPLE, MODEL, ENTITY)
    jobs = {
        ShapeKey(layer, kind.name): Job(Reading(READERS[layer], tables[kind], FEW))
        for layer in layers
        for kind in tables
    }
    said = {key: output["traced"] / FEW for key, output in outputs(jobs).items()}
    for layer in layers:
        added = said[ShapeKey(layer, TEXT.name)] - said[ShapeKey(layer, NULL.name)]
        assert added == pytest.approx(sys.getsizeof("x" * 20), abs=1)


def test_model_overtakes_the_entity_where_readme_says_measured_anew(overheads: dict[str, dict[int, float]]) -> None:
    assert overheads[MODEL][LESS] < overheads[ENTITY][LESS]
    assert overheads[MODEL][MORE] > overheads[ENTITY][MORE]


def test_entity_shares_no_keys_from_29_columns_on_measured_anew(overheads: dict[str, dict[int, float]]) -> None:
    entity = overheads[ENTITY]
    assert entity[29] - entity[28] > 1000
    assert entity[28] - entity[MORE] == pytest.approx((28 - MORE) * 8, abs=24)


def test_class_has_room_for_29_shared_keys_and_a_larger_table_for_no_more() -> None:
    """As CPython has it: 30, of which the first instance takes one; then a table for three times as many keys."""

    def dict_of(count: int) -> int:
        kind = type("Kind", (), {})
        for _ in range(2):  # the first one decides which keys are shared
            instance = kind()
            attributes = instance.__dict__
            for number in range(count):
                attributes[f"a{number}"] = None
        return sys.getsizeof(attributes)

    own = sys.getsizeof({f"a{number}": None for number in range(30)})
    assert dict_of(29) < own < dict_of(30)


@pytest.fixture(scope="module")
def anew(of_integers: dict[int, Relation]) -> dict[str, Any]:
    """Tell the allocations of an entity and of a model apart on the Python that runs."""
    jobs = {ShapeKey(layer, ""): Job(Analysis(READERS[layer], of_integers[3], FEW)) for layer in CONSISTS}
    return {key.group: output for key, output in outputs(jobs).items()}


@pytest.mark.parametrize("layer", CONSISTS)
def test_every_object_has_a_name_measured_anew(anew: dict[str, Any], layer: str) -> None:
    found = sizes(anew[layer]["allocations"])
    assert found.get(objects.OTHER, 0) <= 0.02 * sum(found.values())
    assert found[objects.VALUES] == pytest.approx(3 * sys.getsizeof(1000), abs=1)


@pytest.fixture(scope="module")
def in_the_experiment(of_integers: dict[int, Relation]) -> dict[str, dict[int, float]]:
    """Measure the overheads of models and entities with their library changed."""
    counts = {MODEL: (LESS, MORE), ENTITY: (28, 29)}
    return {
        layer: overheads_of(layer, {count: of_integers[count] for count in counts[layer]}, Experiment)
        for layer in counts
    }


def test_an_entity_takes_as_much_less_in_the_experiment_as_its_empty_set_and_dict(
    anew: dict[str, Any], overheads: dict[str, dict[int, float]], in_the_experiment: dict[str, dict[int, float]]
) -> None:
    saved = objects.never_used(anew[ENTITY]["allocations"])
    assert saved == pytest.approx(sys.getsizeof(set()) + sys.getsizeof({}), abs=1)
    for count, overhead in in_the_experiment[ENTITY].items():
        assert overheads[ENTITY][count] - overhead == pytest.approx(saved, abs=4)


def test_a_model_takes_as_much_less_in_the_experiment_as_its_set_of_given_fields(
    overheads: dict[str, dict[int, float]], in_the_experiment: dict[str, dict[int, float]]
) -> None:
    for count, overhead in in_the_experiment[MODEL].items():
        saved = sys.getsizeof(set(map(str, range(count))))
        assert overheads[MODEL][count] - overhead == pytest.approx(saved, abs=4)


def test_the_study_measures_an_experiment_with_its_layer_and_times_it_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    fewer = {"COLUMNS": (3,), "WIDE": (), "WIDEST": "3", "TABLES": {}, "OF_EXPERIMENTS": ("3",), "TIMED": ("3",)}
    for name, value in (fewer | {"COUNT": FEW}).items():
        monkeypatch.setattr(measure, name, value)
    monkeypatch.setattr(shapes, "KINDS", (NULL,))
    [found] = measure.measure([ENTITY], 2, full=True)
    assert found[TUPLE].record["experiment"] is None
    changed = found[ENTITY].record["experiment"]
    assert found[ENTITY].record["overheads"]["3"] - changed["overheads"]["3"] == pytest.approx(280, abs=4)
    before, after = changed["seconds"]["3"]
    assert len(before) == len(after) == 2
    assert len(set(before) | set(after)) == 4


def test_the_study_measures_the_tuples_and_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "SHOWN", (3,))
    monkeypatch.setattr(measure, "COUNT", FEW)
    monkeypatch.setattr(shapes, "KINDS", (NULL, TEXT))
    [found] = measure.measure(["slots dataclass"], None, full=False)
    assert list(found) == [TUPLE, "slots dataclass"]
    overheads = {name: round(one.record["overheads"]["3"]) for name, one in found.items()}
    assert overheads == {TUPLE: sys.getsizeof((None,) * 3), "slots dataclass": 56}
    assert found["slots dataclass"].record["values"][TEXT.name] == pytest.approx(sys.getsizeof("x" * 20), abs=1)


def test_tables_show_every_layer_that_is_new_and_the_short_ones_what_fits(stored: RowShapes) -> None:
    shown = page.tables(stored, [MODEL])
    last = [table.texts()[0][-1] for table in shown]
    assert last == [MODEL, "In every layer", "`events`, 25 columns", "Made at", CHANGED[MODEL]]
    overheads, values, *full = [table.texts(short=True) for table in page.tables(stored, LAYERS)]
    assert len(overheads[0]) == 1 + len(LAYERS)
    assert len(values) == 1 + len(KINDS)
    assert not any(column for table in full for column in table)
    assert set(SHORT) == set(LAYERS)


def test_what_was_not_measured_is_in_no_table(stored: RowShapes) -> None:
    short = RowShapes({layer: replace(one, tables={}) for layer, one in stored.layers.items()}, stored.versions)
    assert len(page.tables(short, LAYERS)) == len(page.tables(stored, LAYERS)) - 1
