"""What each column takes: weighed where the rows are; and that the calculator's page says what the terminal says."""

import json
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pytest
from playwright.sync_api import Page
from psycopg.types.json import set_json_loads

from bench.layers import weighing
from bench.layers.names import CORE, ENTITY, LAYERS, READERS, SELECTIN, SLOTS, TUPLE
from bench.layers.reading import Reading
from bench.layers.subject import Subject, look_at, narrowed
from bench.relations.sizes import Size
from bench.yours import calculator
from tests.support import query, write
from tests.test_calculator import chromium

# A sixteenth of what the figures of the page are of: what a row takes is the same, for a dict is as full.
ROWS = 1_250
# Bytes per row of what there is once, such as a cursor: 4 KiB.
FIXED = 4096 / ROWS
# A column's type and how its value follows from a row's number; some are NULL now and then.
KINDS = {
    "small": ("smallint", "i % 200"),
    "number": ("integer", "i * 1000"),
    "some_small": ("integer", "i"),
    "large": ("bigint", "i * 10000000000"),
    "larger": ("bigint", "4000000000000000000 + i"),
    "price": ("numeric(12, 2)", "i * 1.13"),
    "weight": ("double precision", "i * 0.1"),
    "flag": ("boolean", "i % 2 = 0"),
    "at": ("timestamptz", "now() + i * interval '1 minute'"),
    "due": ("date", "current_date + i"),
    "clock": ("time", "'10:00'::time + i * interval '1 second'"),
    "pause": ("interval", "i * interval '1 second'"),
    "token": ("uuid", "gen_random_uuid()"),
    "address": ("inet", "('10.0.0.' || i % 250)::inet"),
    "data": ("bytea", "decode(repeat(md5(i::text), i % 9), 'hex')"),
    "name": ("text", "'name ' || i"),
    "description": ("text", "repeat(md5(i::text), 60)"),
    "growing": ("text", "repeat('x', i % 300)"),
    "letter": ("char(1)", "chr(65 + i % 20)"),
    "code": ("varchar(30)", "'code-' || i"),
    "russian": ("text", "repeat('ж', i % 50) || i"),
    "mixed": ("text", "CASE WHEN i % 5 = 0 THEN 'ж' ELSE 'x' END || repeat('y', 30)"),
    "german": ("text", "'Größe ' || i"),
    "state": ("columns.state", "(ARRAY['new', 'paid']::columns.state[])[1 + i % 2]"),
    "tags": ("text[]", "ARRAY['tag ' || i, 'b', repeat('c', i % 20)]"),
    "matrix": ("integer[]", "ARRAY[[i, 1000], [2, i * 500]]"),
    "vector": ("real[]", "ARRAY(SELECT (i * n / 7.0)::real FROM generate_series(1, 20) AS n)"),
    "details": ("jsonb", "jsonb_build_object('colour', 'c' || i, 'sizes', jsonb_build_array(i, 2, 'x'))"),
    "wide_json": ("jsonb", "(SELECT jsonb_object_agg('key_' || n, i * n) FROM generate_series(1, 12) AS n)"),
}
SCHEMA = "CREATE SCHEMA columns; CREATE TYPE columns.state AS ENUM ('new', 'paid')"


def table(number: int) -> str:
    """Return the SQL that makes one of the tables: some columns of some kinds, some of them with NULLs."""
    chance = random.Random(number)
    chosen = chance.sample(sorted(KINDS), chance.randint(1, 9))
    values = []
    for name in chosen:
        kind, value = KINDS[name]
        nulls = chance.choice([0, 0, 2, 9])
        value = f"CASE WHEN i % {nulls} > 0 THEN {value} END" if nulls else value
        values.append(f"({value})::{kind} AS {name}")
    return (
        f"CREATE TABLE columns.table_{number} AS SELECT i::bigint * 70000 AS id, {', '.join(values)} "
        f"FROM generate_series(1, {ROWS}) AS i; ALTER TABLE columns.table_{number} ADD PRIMARY KEY (id)"
    )


@pytest.fixture(scope="module", autouse=True)
def tables(url: str) -> Iterator[str]:
    for statement in [SCHEMA, *map(table, range(30))]:
        for part in statement.split("; "):
            query(url, part)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        patch.setenv("MEMORY_TRACING", "on")
        yield url
    query(url, "DROP SCHEMA columns CASCADE")


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_page()


@pytest.fixture(autouse=True)
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEMORY_JSON", str(tmp_path / "taken.json"))
    return tmp_path / "taken.json"


def taken(subject: Subject, layer: str, output: Path, weighs: bool = False) -> dict[str, Any]:
    """Return what the rows take in a layer, read in this process."""
    write(Reading(READERS[layer], subject.relation, subject.size.rows, subject.size.joined, weighs=weighs))
    found: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return found


def per_row(rows: dict[str, Any]) -> float:
    return float(rows["traced"] / rows["count"])


@pytest.mark.parametrize("number", range(30))
def test_page_and_terminal_agree_within_one_percent(page: Page, number: int, output: Path) -> None:
    subject = look_at(f"columns.table_{number}", 60, count=False)
    tuples = taken(subject, TUPLE, output, weighs=True)
    [columns] = tuples["weighed"]
    values = per_row(tuples) - sys.getsizeof((None,) * len(columns))
    assert sum(column["size"] for column in columns) == pytest.approx(values, rel=0.005, abs=FIXED)
    page.goto("about:blank")
    page.goto(calculator.address(subject.relation, ROWS, columns))
    assert page.evaluate("valuesOf(shown())") == pytest.approx(values, rel=0.01, abs=FIXED)
    told = page.evaluate("Object.fromEntries(costs(shown()).map(({layer, total}) => [layer, total]))")
    assert told[TUPLE] == pytest.approx(per_row(tuples), rel=0.01, abs=FIXED)
    for layer in (SLOTS, CORE, ENTITY) if number % 10 == 0 else ():
        assert told[layer] == pytest.approx(per_row(taken(subject, layer, output)), rel=0.01, abs=FIXED), layer


# Columns whose values are known: no size of theirs is computed as the code computes it.
KNOWN = """
CREATE TABLE columns.known AS SELECT i AS id, CASE WHEN i % 4 > 0 THEN repeat('x', 100) || i END AS note,
    repeat('y', i % 100) AS growing, CASE WHEN i % 2 = 0 THEN 'paid' ELSE 'new' END AS state,
    ARRAY[[i, 2], [3, 4]] AS matrix, jsonb_build_object('first_key', i, 'second_key', 'x') AS details,
    ARRAY(SELECT (n / 3.0)::real FROM generate_series(1, 100) AS n WHERE i > 0) AS vector, i % 50 AS few,
    decode(repeat('ab', 20), 'hex') AS data FROM generate_series(1, 1000) AS i;
ALTER TABLE columns.known ADD PRIMARY KEY (id);
CREATE TABLE columns.node (id integer PRIMARY KEY, parent integer REFERENCES columns.node, label text);
INSERT INTO columns.node VALUES (1000, NULL, repeat('z', 500));
INSERT INTO columns.node SELECT i, 1000, repeat('z', 500) || i FROM generate_series(1, 999) AS i"""


@pytest.fixture(scope="module")
def known(tables: str) -> Subject:
    for statement in KNOWN.split(";\n"):
        query(tables, statement)
    return look_at("columns.known", 60, count=False)


def test_what_is_weighed_of_each_column(known: Subject, output: Path) -> None:
    [columns] = taken(known, TUPLE, output, weighs=True)["weighed"]
    by_name = {column.name: one for column, one in zip(known.relation.columns, columns, strict=True)}
    told = {name: (one["unit"], one["median"], one["high"], one["most"]) for name, one in by_name.items()}
    assert told == {
        **dict.fromkeys(("id", "few"), ("", 0, 0, 0)),
        "note": ("characters", 103, 103, 103),
        "growing": ("characters", 49, 94, 99),
        "state": ("characters", 3, 4, 4),
        "matrix": ("elements", 4, 4, 4),
        "details": ("keys", 2, 2, 2),
        "vector": ("elements", 100, 100, 100),
        "data": ("bytes", 20, 20, 20),
    }
    assert by_name["note"]["nulls"] == pytest.approx(0.25)
    size = {name: one["size"] for name, one in by_name.items()}
    assert size["note"] == pytest.approx(0.75 * sys.getsizeof("x" * 103), abs=2)
    assert size["few"] == pytest.approx(0, abs=1)
    assert size["vector"] == pytest.approx(100 * 24 + sys.getsizeof([0.5] * 100), rel=0.1)
    # What another form saves is what its values take less.
    assert by_name["state"]["saves"] == pytest.approx(size["state"], abs=1)
    assert by_name["note"]["saves"] == pytest.approx(0, abs=1)
    assert size["vector"] - by_name["vector"]["saves"] == pytest.approx(sys.getsizeof(numpy.zeros(100, "f4")), abs=20)
    assert by_name["matrix"]["saves"] == 0, "an array of arrays has no such form"


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer != TUPLE])
def test_any_layer_whose_rows_are_kept_weighs(known: Subject, output: Path, layer: str) -> None:
    subject = replace(known, size=Size(200, 200))
    sizes = [
        [column["size"] for column in taken(subject, one, output, weighs=True)["weighed"][0]] for one in (TUPLE, layer)
    ]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.05, abs=20)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {sys.intern(key): value for key, value in pairs}


@pytest.mark.parametrize("decoder", [msgspec.json.decode, partial(json.loads, object_pairs_hook=once)])
def test_what_keys_take_is_what_a_decoder_saves(
    known: Subject, output: Path, monkeypatch: pytest.MonkeyPatch, decoder: Any
) -> None:
    """Measured again, with msgspec's, and with the hook that is advised where msgspec is not here."""
    monkeypatch.setattr(weighing, "find_spec", lambda name: decoder is msgspec.json.decode or None)
    relation = replace(known.relation, deferred=frozenset(one.name for one in known.relation.columns) - {"details"})
    before = taken(replace(known, relation=relation), TUPLE, output, weighs=True)
    try:
        set_json_loads(decoder)
        after = taken(replace(known, relation=relation), TUPLE, output)
    finally:
        set_json_loads(json.loads)
    [[column]] = before["weighed"]
    assert per_row(before) - per_row(after) == pytest.approx(column["saves"], abs=FIXED)


def test_each_entity_and_its_children_are_weighed_once(known: Subject, output: Path) -> None:
    """A table that refers to itself, so that its rows are parents and children."""
    subject = look_at("columns.node", 60, False, 2000, "node:parent,parent")
    [columns] = taken(subject, SELECTIN, output, weighs=True)["weighed"]
    labels = columns[-1]
    # Both directions make entities that refer to each other; integers up to 256 take nothing.
    assert columns[0]["size"] == pytest.approx(0.744 * sys.getsizeof(1000), abs=2)
    assert (labels["rows"], labels["most"]) == (1000, 503)
    assert labels["size"] == pytest.approx(sys.getsizeof("z" * 503), abs=3)


@pytest.mark.parametrize("layer", [TUPLE, CORE, ENTITY])
def test_what_is_deferred_is_not_read(known: Subject, output: Path, layer: str) -> None:
    lighter = replace(known, relation=replace(known.relation, deferred=frozenset({"vector"})))
    saved = per_row(taken(known, layer, output)) - per_row(taken(lighter, layer, output))
    assert saved == pytest.approx(100 * 24 + sys.getsizeof([0.5] * 100), rel=0.1)


def test_some_rows_of_large_arrays_are_traced_and_all_are_read(known: Subject) -> None:
    """Of one 60 KiB wide, 34 are 2 MiB; a batch of it is as large."""
    first, *others = known.relation.columns
    wide = replace(known.relation, columns=(replace(first, width=60.0 * 1024, nested=60.0 * 1024), *others))
    subject = narrowed(wide, 1000)
    assert (subject.traced, subject.size.rows, subject.relation.batch) == (33, 1000, 20)
    narrow = narrowed(known.relation, 1000)
    assert (narrow.traced, narrow.relation.batch) == (1000, 1000)
