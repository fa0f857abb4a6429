"""What is published of rows of other shapes: the model of their cost predicts them, and what the page says holds."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from bench import process, results
from bench.database import private_server
from bench.layers.names import DJANGO, ENTITY, LAYERS, MODEL, PEEWEE, PICCOLO, READERS, TORTOISE, TUPLE
from bench.layers.reading import Reading
from bench.runs import Job
from bench.studies.row_shape import objects
from bench.studies.row_shape.model import CountedColumn, room
from bench.studies.row_shape.overheads import RowShapes
from bench.studies.row_shape.page import NAMES, figures
from bench.studies.row_shape.shapes import (
    ARRAY,
    COLUMNS,
    FEW,
    JSON,
    KINDS,
    LONG_ARRAY,
    LONG_JSON,
    TABLES,
    WIDE,
    Kind,
    ShapeField,
    make,
    of_columns,
)
from bench.studies.row_shape.tables import CONSISTS
from bench.studies.versions import page as versions
from common import database_url
from tests.test_row_shape import COUNTS, overheads_of, sizes

LINEAR = [layer for layer in LAYERS if layer not in ("psycopg, dict", MODEL, ENTITY)]


@pytest.fixture(scope="module")
def stored() -> RowShapes:
    return figures(results.load("row_shape"))


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


@pytest.mark.parametrize("layer", [TUPLE, MODEL, ENTITY])
def test_overhead_between_two_measured_numbers_of_columns_lies_between_theirs(stored: RowShapes, layer: str) -> None:
    model = stored.model
    assert model.overhead(layer, 40) == round(stored.layers[layer].overheads[40], 2)
    less, more = (model.overhead(layer, count) for count in (43, 64))
    assert less <= model.overhead(layer, 50) <= more
    assert model.overhead(layer, max(WIDE) + 5) == model.overhead(layer, max(WIDE)) + 5 * 8


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Run a server of these tests' own, which the variable names meanwhile."""
    with private_server(1):
        yield database_url()


def test_overheads_measured_anew_are_those_published(stored: RowShapes, server: str) -> None:
    """One of them is of a number of columns that the study has not measured."""
    same = results.load("row_shape").header["python"] == results.here()["python"]
    for layer, counts in {MODEL: (*COUNTS[MODEL], 70), ENTITY: (*COUNTS[ENTITY], 70)}.items():
        tables = {count: make(server, f"{layer} {count}", of_columns(count)) for count in counts}
        for count, size in overheads_of(layer, tables).items():
            expected = stored.model.overhead(layer, count)
            assert size == pytest.approx(expected, rel=0.01 if same else 0.35), (layer, count)


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


def test_model_predicts_other_types_and_lengths_measured_anew(stored: RowShapes, server: str) -> None:
    """With the values and the overheads of the Python that runs."""
    running = f"3.{sys.version_info.minor}"
    model = replace(versions.figures(results.load("versions")).models[running], copying=stored.model.copying)
    model = replace(model, dicts=stored.model.dicts)
    relation = make(server, "others", [ShapeField(name, Kind(name, sql)) for name, (sql, _) in OTHERS.items()])
    layers = (TUPLE, MODEL, ENTITY)
    for layer, one in zip(
        layers,
        process.succeeded(process.run([Job(Reading(READERS[layer], relation, FEW)) for layer in layers])),
        strict=True,
    ):
        foreseen = model.row(layer, [column for _, column in OTHERS.values()])
        assert one.output["traced"] / FEW == pytest.approx(foreseen, rel=0.01), layer


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
    for layer in (DJANGO, TORTOISE, PICCOLO):
        assert entity[30] < 1.5 * stored.layers[layer].overheads[30]


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
