"""What each column takes: weighed where the rows are; and that the calculator's page says what the terminal says."""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from bench.layers.names import CORE, ENTITY, READERS, SLOTS, TUPLE
from bench.layers.reading import Reading
from bench.layers.subject import Subject, look_at
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
