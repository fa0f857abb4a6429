"""What README says of rows of other shapes: of what is stored, and, where that is cheap, measured anew."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import pytest

from bench import process, results
from bench.database import private_server
from bench.layers.allocations import Analysis
from bench.layers.names import DJANGO, LAYERS, PEEWEE, PICCOLO, READERS, TORTOISE
from bench.layers.reading import Reading
from bench.relations.data import Relation
from bench.runs import Job
from bench.studies.row_shape import measure, objects, page, shapes
from bench.studies.row_shape.experiments import Experiment
from bench.studies.row_shape.measure import OF_ALLOCATIONS, TUPLE, TracedAllocation
from bench.studies.row_shape.model import CountedColumn, room
from bench.studies.row_shape.overheads import ENTITY, MODEL, RowShapes
from bench.studies.row_shape.page import NAMES, figures
from bench.studies.row_shape.shapes import (
    ARRAY,
    COLUMNS,
    FEW,
    JSON,
    KINDS,
    LONG_ARRAY,
    LONG_JSON,
    NULL,
    TABLES,
    TEXT,
    WIDE,
    Kind,
    ShapeField,
    ShapeKey,
    make,
    of_columns,
    shapes_of,
)
from bench.studies.row_shape.tables import CHANGED, CONSISTS, SHORT
from bench.studies.versions import page as versions
from common import database_url

# Of the packages whose source lines the objects link to.
LINKED = {name: name for name in ("sqlalchemy", "pydantic", "psycopg", "django")} | {"tortoise": "tortoise-orm"}
VERSIONS = {package: metadata.version(package) for name, package in LINKED.items() if find_spec(name)}
LINEAR = [layer for layer in LAYERS if layer not in ("psycopg, dict", MODEL, ENTITY)]
# From how many columns on a model costs more than an entity, on the Pythons whose entities' cost README says.
CROSSINGS = {(3, 11): 5, (3, 12): 5, (3, 13): 19, (3, 14): 6, (3, 15): 6}
MORE = CROSSINGS.get(sys.version_info[:2], 20)
LESS = MORE - 1 if sys.version_info[:2] in CROSSINGS else 4
# What is measured anew, of each layer; with as many rows as fill a dict like those of the study do.
COUNTS = {MODEL: {LESS, MORE}, ENTITY: {LESS, MORE, 28, 29}}


@pytest.fixture(scope="module")
def stored() -> RowShapes:
    return figures(results.load("row_shape"))


def outputs(jobs: Mapping[ShapeKey, Job]) -> dict[ShapeKey, Any]:
    """Run these processes, and return what they write."""
    outcomes = process.succeeded(process.run(list(jobs.values())))
    return {key: one.output for key, one in zip(jobs, outcomes, strict=True)}


@pytest.fixture(scope="module")
def relations() -> Iterator[dict[ShapeKey, Relation]]:
    """Make the tables that are measured anew, on a server of their own, which the variable names meanwhile."""
    everything = shapes_of({3, 10, *COUNTS[ENTITY]}, {})
    with private_server(1):
        kept = {
            key: fields
            for key, fields in everything.items()
            if key.group == "overheads" or key.name in (NULL.name, TEXT.name)
        }
        yield {key: make(database_url(), key.name, fields) for key, fields in kept.items()}


@pytest.fixture(scope="module")
def overheads(relations: dict[ShapeKey, Relation]) -> dict[str, dict[int, float]]:
    """Measure the overheads of models and entities on the Python that runs, by layer and number of columns."""
    found: dict[str, dict[int, float]] = {}
    for layer, counts in COUNTS.items():
        keys = {count: ShapeKey("overheads", str(count)) for count in counts}
        said = outputs({key: Job(Reading(READERS[layer], relations[key], FEW)) for key in keys.values()})
        found[layer] = {count: said[key]["traced"] / FEW - count * sys.getsizeof(1000) for count, key in keys.items()}
    return found


def sizes(allocations: Sequence[TracedAllocation]) -> dict[str, float]:
    return {one.name: one.size for one in objects.of(allocations, VERSIONS)}


def test_model_of_the_cost_predicts_three_tables_that_took_no_part_within_1_percent(stored: RowShapes) -> None:
    found = stored.deviations
    assert len(found) == len(NAMES) * len(TABLES) == 36
    assert max(map(abs, found.values())) <= 0.01


def test_model_of_the_cost_predicts_longer_objects_and_arrays_that_took_no_part(stored: RowShapes) -> None:
    measured = stored.layers[TUPLE].values
    found = {
        LONG_JSON: stored.model.scalar("jsonb", 10),
        LONG_ARRAY: stored.model.value(CountedColumn("integer of up to 9 digits", elements=10), TUPLE),
    }
    for kind, size in found.items():
        assert size == pytest.approx(measured[kind.name], rel=0.01)
        assert size > 1.5 * measured[(JSON if kind == LONG_JSON else ARRAY).name]
    copied = stored.model.value(CountedColumn("integer of up to 9 digits", elements=10), ENTITY)
    assert copied == pytest.approx(stored.layers[ENTITY].values[LONG_ARRAY.name], rel=0.01)
    assert copied < 0.95 * found[LONG_ARRAY]


def test_room_of_a_list_is_that_of_one_that_grew() -> None:
    grown: list[None] = []
    for count in range(1000):
        assert sys.getsizeof(grown) == sys.getsizeof([]) + 8 * room(count)
        grown.append(None)


@pytest.mark.parametrize("layer", [TUPLE, MODEL, ENTITY])
def test_overhead_between_two_measured_numbers_of_columns_lies_between_theirs(stored: RowShapes, layer: str) -> None:
    model = stored.model
    assert model.overhead(layer, 40) == round(stored.layers[layer].overheads[40], 2)
    less, more = (model.overhead(layer, count) for count in (43, 64))
    assert less <= model.overhead(layer, 50) <= more
    assert model.overhead(layer, max(WIDE) + 5) == model.overhead(layer, max(WIDE)) + 5 * 8


def test_overheads_of_wide_rows_measured_anew(stored: RowShapes, relations: dict[ShapeKey, Relation]) -> None:
    """Of a number of columns that the study has not measured."""
    count = 70
    relation = make(database_url(), "wide", of_columns(count))
    keys = {layer: ShapeKey(layer, str(count)) for layer in (MODEL, ENTITY)}
    said = outputs({key: Job(Reading(READERS[layer], relation, FEW)) for layer, key in keys.items()})
    same = results.load("row_shape").header["python"] == results.here()["python"]
    for layer, key in keys.items():
        size = said[key]["traced"] / FEW - count * sys.getsizeof(1000)
        assert size == pytest.approx(stored.model.overhead(layer, count), rel=0.01 if same else 0.35)


# Types and lengths that took no part, by column: the SQL of row `i`'s value, and what the model counts it as.
OTHERS = {
    "id": ("2000 + i", CountedColumn("integer of up to 9 digits")),
    "big": ("1234567890123456789 - i", CountedColumn("integer of 19 digits")),
    "real": ("i / 3.0::real", CountedColumn("double precision")),
    "code": ("lpad(i::text, 7, 'x')", CountedColumn("text", 7)),
    "char": ("chr(65 + i % 26)", CountedColumn("text", 1)),
    "long": ("CASE WHEN i % 4 > 0 THEN lpad(i::text, 500, 'y') END", CountedColumn("text", 500, None, 0.25)),
    "greek": ("repeat('λ', 33)", CountedColumn("text beyond Latin-1", 33)),
    "raw": ("decode(lpad(to_hex(i), 128, '0'), 'hex')", CountedColumn("bytea", 64)),
    "ip": ("inet '10.0.0.0' + i", CountedColumn("inet")),
    "delay": ("i * interval '1 minute'", CountedColumn("interval")),
    "at": ("time '10:00' + i * interval '1 second'", CountedColumn("time")),
    "since": ("timestamp '2024-01-01' + i * interval '1 second'", CountedColumn("timestamp")),
    "numbers": (
        "ARRAY(SELECT 3000 + i + n FROM generate_series(1, 20) AS n)",
        CountedColumn("integer of up to 9 digits", 0, 20),
    ),
    "doc": (
        "jsonb_build_object('alpha1', 5000 + i, 'alpha2', 6000 + i, 'alpha3', 7000 + i)",
        CountedColumn("jsonb", 3),
    ),
}


def test_model_predicts_other_types_and_lengths_measured_anew(
    stored: RowShapes, relations: dict[ShapeKey, Relation]
) -> None:
    """With the values and the overheads of the Python that runs."""
    running = f"3.{sys.version_info.minor}"
    model = replace(versions.figures(results.load("versions")).models[running], copying=stored.model.copying)
    model = replace(model, dicts=stored.model.dicts)
    fields = [ShapeField(name, Kind(name, sql)) for name, (sql, _) in OTHERS.items()]
    relation = make(database_url(), "others", fields)
    layers = (TUPLE, MODEL, ENTITY)
    said = outputs({ShapeKey(layer, ""): Job(Reading(READERS[layer], relation, FEW)) for layer in layers})
    for layer in layers:
        foreseen = model.row(layer, [column for _, column in OTHERS.values()])
        assert said[ShapeKey(layer, "")]["traced"] / FEW == pytest.approx(foreseen, rel=0.01), layer


def test_the_three_tables_are_mixed_and_have_nulls() -> None:
    counts = [len(fields) for fields in TABLES.values()]
    assert (min(counts), max(counts)) == (8, 25)
    for fields in TABLES.values():
        assert len({field.kind for field in fields}) >= 5
        assert any(field.nulls for field in fields)
        assert any(field.lengths[0] < field.lengths[1] for field in fields)


def test_prediction_depends_on_every_part_of_the_model(stored: RowShapes) -> None:
    """Else a table of values alone, or of overheads alone, would do as well."""
    fields = TABLES["users"]
    whole = stored.predicted(MODEL, fields)
    assert whole - stored.layers[MODEL].overheads[len(fields)] > 0.2 * whole
    assert stored.layers[MODEL].overheads[len(fields)] > 0.2 * whole
    assert stored.predicted(MODEL, fields[:-1]) < whole


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_value_costs_the_same_in_every_layer(stored: RowShapes, kind: Kind) -> None:
    found = {layer: one.values[kind.name] for layer, one in stored.layers.items()}
    if kind in (ARRAY, LONG_ARRAY):  # a list is a copy there, without the room that it grew by
        length = 2 if kind == ARRAY else 10
        for layer in ("Pydantic slots dataclass", MODEL, ENTITY):
            found[layer] += 8 * (room(length) - length)
    assert max(found.values()) - min(found.values()) <= 1


def test_keys_of_a_jsonb_are_new_texts_in_every_row(stored: RowShapes) -> None:
    texts = sum(map(sys.getsizeof, ("width", "height")))
    size = sys.getsizeof({"width": 0, "height": 0}) + 2 * sys.getsizeof(1000) + texts
    tolerance = 1 if sys.version_info[:2] == (3, 12) else 16  # a text has another size on 3.11
    assert stored.layers[TUPLE].values[JSON.name] == pytest.approx(size, abs=tolerance)


def test_values_of_text_in_every_kind_of_layer_measured_anew(relations: dict[ShapeKey, Relation]) -> None:
    layers = (TUPLE, MODEL, ENTITY)
    jobs = {
        ShapeKey(layer, kind.name): Job(Reading(READERS[layer], relations[ShapeKey("values", kind.name)], FEW))
        for layer in layers
        for kind in (NULL, TEXT)
    }
    said = {key: output["traced"] / FEW for key, output in outputs(jobs).items()}
    for layer in layers:
        assert said[ShapeKey(layer, TEXT.name)] - said[ShapeKey(layer, NULL.name)] == pytest.approx(
            sys.getsizeof("x" * 20), abs=1
        )


def test_what_an_integer_and_a_text_take(stored: RowShapes) -> None:
    found = {name: round(size) for name, size in stored.layers[TUPLE].values.items()}
    assert [found[name] for name in ("NULL", "boolean", "integer from -5 to 256")] == [0, 0, 0]
    ascii_texts = {20: found["text of 20 characters"], 200: found["text of 200 characters"]}
    assert ascii_texts == {20: 41 + 20, 200: 41 + 200}
    assert found["text of 20 characters, Cyrillic"] >= ascii_texts[20] + 20


@pytest.mark.parametrize("layer", LINEAR)
def test_tuples_and_slots_grow_by_a_pointer_with_every_column(stored: RowShapes, layer: str) -> None:
    assert list(stored.layers[layer].overheads) == list(COLUMNS)
    assert all(size == pytest.approx(8, abs=0.5) for size in stored.layers[layer].steps.values())


def test_model_costs_more_than_an_entity_from_five_columns_on(stored: RowShapes) -> None:
    assert stored.crossing == 5
    assert stored.layers[MODEL].overheads[4] < 0.6 * stored.layers[ENTITY].overheads[4]
    assert stored.layers[MODEL].overheads[20] > 2.5 * stored.layers[ENTITY].overheads[20]
    assert stored.layers[MODEL].overheads[20] > 14 * stored.layers["Pydantic slots dataclass"].overheads[20]


def test_model_overtakes_the_entity_where_readme_says_measured_anew(overheads: dict[str, dict[int, float]]) -> None:
    assert overheads[MODEL][LESS] < overheads[ENTITY][LESS]
    assert overheads[MODEL][MORE] > overheads[ENTITY][MORE]


def test_overheads_measured_anew_are_those_published(stored: RowShapes, overheads: dict[str, dict[int, float]]) -> None:
    same = results.load("row_shape").header["python"] == results.here()["python"]
    for layer, found in overheads.items():
        for count, size in found.items():
            assert size == pytest.approx(stored.layers[layer].overheads[count], rel=0.01 if same else 0.35), (
                layer,
                count,
            )


def test_steps_of_the_model_are_those_of_a_set_and_of_a_dict(stored: RowShapes) -> None:
    """And that set and that dict grow on the Python that runs as on the one that measured."""
    fields: set[str] = set()
    given, table = {}, {}
    for count in COLUMNS:
        fields.add(str(count))
        given[count] = sys.getsizeof(fields)
        table[count] = sys.getsizeof({str(number): None for number in range(count)})
    assert {count: size for count, size in given.items() if size != given.get(count - 1)} == {1: 216, 5: 728, 19: 2264}
    assert [count for count in COLUMNS[1:] if table[count] != table[count - 1]] == [6, 11, 22]
    for layer, part_of in (
        ("psycopg, dict", table),
        (MODEL, {count: given[count] + table[count] for count in COLUMNS}),
    ):
        for less, more in pairwise(COLUMNS):
            assert stored.layers[layer].steps[more] == pytest.approx(part_of[more] - part_of[less], abs=1)


def test_entity_has_its_one_great_step_at_29_columns(stored: RowShapes) -> None:
    found = stored.layers[ENTITY].steps
    assert max(found, key=lambda count: found[count]) == 29
    assert found.pop(29) > 1000
    assert max(found.values()) < 20


def test_entity_shares_no_keys_from_29_columns_on_measured_anew(overheads: dict[str, dict[int, float]]) -> None:
    entity = overheads[ENTITY]
    assert entity[29] - entity[28] > 1000
    assert entity[28] - entity[MORE] == pytest.approx((28 - MORE) * 8, abs=24)


@pytest.mark.parametrize(("layer", "own"), [(ENTITY, 1), (DJANGO, 1), (TORTOISE, 4), (PICCOLO, 2)])
def test_great_step_comes_where_a_library_s_own_attributes_leave_no_key(
    stored: RowShapes, layer: str, own: int
) -> None:
    """Of the 30 keys that a class's instances share, the first instance takes one."""
    found = stored.layers[layer].steps
    assert max(found, key=lambda count: found[count]) == 30 - own
    assert found.pop(30 - own) > 1000
    assert max(found.values()) < 20


def test_peewee_s_model_grows_with_its_dict_of_values_alone(stored: RowShapes) -> None:
    peewee, plain = stored.layers[PEEWEE].steps, stored.layers["psycopg, dict"].steps
    assert all(peewee[count] == pytest.approx(plain[count], abs=1) for count in plain)


def test_peewee_s_is_the_smallest_model_once_no_other_shares_its_keys(stored: RowShapes) -> None:
    others = (ENTITY, DJANGO, TORTOISE, PICCOLO)
    for count in COLUMNS:
        smallest = min(stored.layers[layer].overheads[count] for layer in others)
        assert (stored.layers[PEEWEE].overheads[count] < smallest) == (count >= 29)


def test_an_entity_of_sqlalchemy_s_takes_four_times_what_django_s_and_tortoise_s_do(stored: RowShapes) -> None:
    entity = stored.layers[ENTITY].overheads
    for layer, factor in ((DJANGO, 4), (TORTOISE, 4), (PICCOLO, 4), (PEEWEE, 1.4)):
        assert entity[3] > factor * stored.layers[layer].overheads[3]


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


def test_objects_of_an_entity_and_of_a_model_add_up(stored: RowShapes) -> None:
    for layer in CONSISTS:
        whole = stored.layers[layer].overheads[3] + 3 * 28
        found = sizes(stored.layers[layer].allocations)
        assert sum(found.values()) == pytest.approx(whole, rel=0.01)
        assert found.get(objects.OTHER, 0) <= 0.01 * whole
        assert found[objects.VALUES] == pytest.approx(3 * 28, abs=1)


def test_objects_have_the_sizes_that_readme_says(stored: RowShapes) -> None:
    entity, model = (sizes(stored.layers[layer].allocations) for layer in (ENTITY, MODEL))
    assert entity["the set `expired_attributes`, empty"] == pytest.approx(216, abs=1)
    assert entity["the dict `committed_state`, empty"] == pytest.approx(64, abs=1)
    assert model["the set of given fields"] == pytest.approx(216, abs=1)
    assert model["its dict"] + model["the dict's table"] == pytest.approx(184, abs=1)


def test_objects_are_told_with_a_link_to_the_line_at_the_version_s_tag(stored: RowShapes) -> None:
    links = {one.name: one.link for one in objects.of(stored.layers[ENTITY].allocations, stored.versions)}
    version = stored.versions["sqlalchemy"].replace(".", "_")
    address = f"https://github.com/sqlalchemy/sqlalchemy/blob/rel_{version}/lib/sqlalchemy/orm/state.py#L"
    assert address in links["the set `expired_attributes`, empty"]
    assert objects.link("./x/site-packages/other/a.py", 3, {}) == "`other/a.py:3`"


@pytest.fixture(scope="module")
def anew(relations: dict[ShapeKey, Relation]) -> dict[str, Any]:
    """Tell the allocations of an entity and of a model apart on the Python that runs."""
    relation = relations[ShapeKey("overheads", OF_ALLOCATIONS)]
    jobs = {ShapeKey(layer, ""): Job(Analysis(READERS[layer], relation, FEW)) for layer in CONSISTS}
    return {key.group: output for key, output in outputs(jobs).items()}


@pytest.mark.parametrize("layer", CONSISTS)
def test_every_object_has_a_name_measured_anew(anew: dict[str, Any], layer: str) -> None:
    found = sizes(anew[layer]["allocations"])
    assert found.get(objects.OTHER, 0) <= 0.02 * sum(found.values())
    assert found[objects.VALUES] == pytest.approx(3 * sys.getsizeof(1000), abs=1)


def test_an_entity_takes_as_much_less_in_the_experiment_as_its_empty_set_and_dict(
    anew: dict[str, Any], overheads: dict[str, dict[int, float]], relations: dict[ShapeKey, Relation]
) -> None:
    keys = {count: ShapeKey("overheads", str(count)) for count in (28, 29)}
    found = outputs({key: Job(Experiment(READERS[ENTITY], relations[key], FEW)) for key in keys.values()})
    saved = objects.never_used(anew[ENTITY]["allocations"])
    assert saved == pytest.approx(sys.getsizeof(set()) + sys.getsizeof({}), abs=1)
    for count, key in keys.items():
        overhead = found[key]["traced"] / FEW - count * sys.getsizeof(1000)
        assert overheads[ENTITY][count] - overhead == pytest.approx(saved, abs=4)


@pytest.mark.parametrize("count", [LESS, MORE])
def test_a_model_takes_as_much_less_in_the_experiment_as_its_set_of_given_fields(
    overheads: dict[str, dict[int, float]], relations: dict[ShapeKey, Relation], count: int
) -> None:
    key = ShapeKey("overheads", str(count))
    [found] = outputs({key: Job(Experiment(READERS[MODEL], relations[key], FEW))}).values()
    saved = overheads[MODEL][count] - (found["traced"] / FEW - count * sys.getsizeof(1000))
    assert saved == pytest.approx(sys.getsizeof(set(map(str, range(count)))), abs=4)


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
