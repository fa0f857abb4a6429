"""The alternatives: each reads all rows rightly, says what it stands in for, and tells an error in one line."""

import json
import os
import sys
from pathlib import Path

import pytest

from bench import results
from bench.database import seed
from bench.faults import PACKAGES
from bench.scenarios import ALTERNATIVES, EVERYTHING, OF_COLUMNS, OF_ENTITIES, OF_ROWS
from bench.scripts import PROJECT, Scenario
from bench.studies.growth.measure import container
from bench.studies.row_shape.page import figures
from bench.studies.script_costs import ScriptCosts, stored_bytes
from common import FIRST_ROW, IMPORTED, LAST_CHECKPOINT, MIB
from tests.claims.fresh import told_by
from tests.support import ROWS, error_line, expected_rows, port_of, run

NAMES = [alternative.name for alternative in ALTERNATIVES if not alternative.missing]
ARROW = "alternatives.run_sync_adbc_arrow"
FRAMES = [name for name in (ARROW, "alternatives.run_sync_polars_adbc") if name in NAMES]
KEEPING = [name for name in NAMES if name not in FRAMES]

needs_arrow = pytest.mark.skipif(ARROW not in NAMES, reason="there is no Arrow for this Python")

# What three processes do that have imported the package once, each with another address: their exit codes come last.
THREE_TIMES = """
import importlib, os, runpy, sys
package, name, *urls = sys.argv[1:]
del sys.argv[1:]
importlib.import_module(package)
codes = []
for url in urls:
    if not (child := os.fork()):
        os.environ["DATABASE_URL"] = url
        runpy.run_module(name, run_name="__main__", alter_sys=True)
        sys.exit(0)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(*codes)
"""


def test_every_alternative_is_listed_and_no_scenario() -> None:
    names = [alternative.name for alternative in ALTERNATIVES]
    assert sorted(names) == sorted(f"alternatives.{path.stem}" for path in (PROJECT / "alternatives").glob("run_*.py"))
    assert not set(ALTERNATIVES) & set(EVERYTHING)


@pytest.mark.parametrize("alternative", ALTERNATIVES, ids=[alternative.name for alternative in ALTERNATIVES])
def test_docstring_says_what_it_stands_in_for(alternative: Scenario) -> None:
    assert set(alternative.fields) == {"Short", "Instead of", "You lose", "Choose it"}
    assert alternative.fields["Instead of"] in [scenario.name for scenario in EVERYTHING]
    assert 0 < len(alternative.short) <= 24
    assert alternative.description


def test_titles_and_short_names_differ() -> None:
    scenarios = EVERYTHING + ALTERNATIVES
    assert len({scenario.short for scenario in scenarios}) == len(scenarios)
    assert len({scenario.title for scenario in scenarios}) == len(scenarios)


@pytest.mark.parametrize("name", KEEPING)
def test_every_row_is_kept_with_the_right_values(name: str, url: str) -> None:
    told = told_by(name, url)
    assert told["keys"] == list(range(ROWS))
    assert told["kept"] == [list(row) for row in expected_rows(ROWS)]


@pytest.mark.parametrize("name", FRAMES)
def test_table_of_columns_has_every_row_and_finds_one(name: str, url: str) -> None:
    told = told_by(name, url)
    rows = [{"id": i, "num": num, "data": data} for i, num, data in expected_rows(ROWS)]
    assert told["table"] == rows
    assert told["found"] == [rows[-1]]


@pytest.mark.parametrize("name", NAMES)
def test_address_s_options_and_parameters_are_heeded(name: str, schema_url: str, tmp_path: Path) -> None:
    seed(schema_url, 10)
    path = tmp_path / "measurement.json"
    address = f"{schema_url}&sslmode=disable&application_name=a%20b"
    process = run("-m", name, url=address, MEMORY_JSON=str(path), MEMORY_TRACING="off")
    assert (process.returncode, process.stderr) == (0, "")
    told = json.loads(path.read_text(encoding="utf-8"))
    labels = [checkpoint["label"] for checkpoint in told["checkpoints"]]
    assert told["rows"] == 10
    assert [label for label in labels if label in (IMPORTED, FIRST_ROW, LAST_CHECKPOINT)] == [
        IMPORTED,
        FIRST_ROW,
        LAST_CHECKPOINT,
    ]
    assert (labels[-1] == "Looked up by id") == (name in FRAMES)
    assert set(told["versions"]) & set(PACKAGES[7:])


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("alternatives.run_sync_psycopg_msgspec", "msgspec"),
        ("alternatives.run_async_asyncpg_fetch", "asyncpg"),
        ("alternatives.run_async_sqlalchemy_session_asyncpg", "asyncpg"),
        ("alternatives.run_sync_sqlmodel", "sqlmodel"),
        ("alternatives.run_sync_django", "django"),
        ("alternatives.run_async_tortoise", "tortoise"),
        ("alternatives.run_sync_peewee", "peewee"),
        ("alternatives.run_async_piccolo", "piccolo"),
        ("alternatives.run_sync_polars_adbc", "polars"),
        (ARROW, "adbc_driver_postgresql"),
        (ARROW, "pyarrow"),
    ],
)
def test_missing_package_is_known_beforehand(monkeypatch: pytest.MonkeyPatch, name: str, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert Scenario(name).missing == package


@pytest.mark.skipif(not hasattr(os, "fork"), reason="one process for three errors is a fork for each")
@pytest.mark.parametrize("package", ["django", "tortoise", "peewee", "piccolo"])
def test_errors_of_an_orm_are_one_line_each(url: str, port: int, schema_url: str, package: str) -> None:
    [name] = [name for name in NAMES if name.endswith(f"sync_{package}")]
    urls = (url.replace(str(port_of(url)), str(port)), url.replace(":password@", ":wrong@"), schema_url)
    process = run("-c", THREE_TIMES, package, name, *urls, MEMORY_TRACING="off")
    listens, password, table = process.stderr.splitlines()
    assert listens.startswith("nothing listens at ")
    assert password.startswith("user or password is wrong at ")
    assert table.startswith("table data is missing at ")
    assert process.stdout.splitlines()[-1] == "1 1 1"


def test_errors_of_polars_are_those_of_its_driver(schema_url: str) -> None:
    process = run("-m", "alternatives.run_sync_polars_adbc", url=schema_url, MEMORY_TRACING="off")
    assert error_line(process).startswith("table data is missing at ")


def test_no_scenario_and_no_remedy_lacks_a_package() -> None:
    assert {scenario.missing for scenario in EVERYTHING} == {None}


def held(one: ScriptCosts) -> float:
    """Return all bytes per row: Python's objects and native memory."""
    assert one.native_per_row is not None
    return one.per_row + one.native_per_row


def test_arrow_is_near_the_values_and_far_from_an_entity_as_readme_says(stored: dict[str, ScriptCosts]) -> None:
    """A row's values are no Python objects, so that what is traced alone would say nothing."""
    arrow = stored[ARROW]
    assert abs(arrow.per_row) < 1
    assert 1 < held(arrow) / stored_bytes(arrow.rows) < 2.5
    assert held(stored["run_sync_sqlalchemy_session"]) > 20 * held(arrow)
    assert all(
        held(stored[name]) > 3 * held(arrow)
        for name in stored
        if stored[name].native is not None and name not in FRAMES
    )


@needs_arrow
def test_arrow_has_room_to_spare_as_readme_says(stored: dict[str, ScriptCosts], url: str) -> None:
    count = "import runpy, sys; table = runpy.run_module(sys.argv.pop())['table']; print(table.nbytes / table.num_rows)"
    used = float(run("-c", count, ARROW, url=url).stdout.splitlines()[-1])
    assert stored_bytes(ROWS) <= used < 0.8 * held(stored[ARROW])


def test_arrow_s_imports_weigh_more_than_a_small_table_as_readme_says(stored: dict[str, ScriptCosts]) -> None:
    arrow, psycopg = stored[ARROW], stored["run_sync_psycopg"]
    assert arrow.imports + arrow.fixed > psycopg.imports + psycopg.fixed + 20 * MIB
    assert arrow.growth.value < 0.5 * psycopg.growth.value
    assert psycopg.seconds.value > arrow.seconds.value


@pytest.mark.parametrize("name", ["run_async_asyncpg_fetch", "run_async_asyncpg_cursor"])
def test_asyncpg_s_records_are_python_objects_as_readme_says(stored: dict[str, ScriptCosts], name: str) -> None:
    one = stored[f"alternatives.{name}"]
    assert one.native is not None
    assert abs(one.native) < 0.2 * MIB
    assert stored["run_sync_psycopg"].per_row < one.per_row < stored["run_sync_sqlalchemy_engine"].per_row


def test_psycopg_s_native_bytes_are_the_driver_s_copy_as_readme_says(stored: dict[str, ScriptCosts]) -> None:
    one, streamed = stored["run_sync_psycopg"], stored["remedies.run_sync_psycopg_stream"]
    assert one.native_per_row == pytest.approx(stored_bytes(one.rows) + 3 * 16, rel=0.35)
    assert one.growth.value - streamed.growth.value == pytest.approx(one.native, rel=0.2)


@pytest.mark.parametrize("how", ["", "_partitions"])
def test_an_entity_costs_the_same_whoever_reads_its_row_as_readme_says(
    stored: dict[str, ScriptCosts], how: str
) -> None:
    one = stored[f"alternatives.run_async_sqlalchemy_session_asyncpg{how}"]
    assert one.per_row == pytest.approx(stored["run_async_sqlalchemy_session"].per_row, rel=0.02)


def test_sqlmodel_s_entities_cost_more_than_the_orm_s_as_readme_says(stored: dict[str, ScriptCosts]) -> None:
    assert stored["alternatives.run_sync_sqlmodel"].per_row > 1.1 * stored["run_sync_sqlalchemy_session"].per_row


def test_a_struct_costs_less_than_a_named_tuple_as_readme_says(stored: dict[str, ScriptCosts]) -> None:
    assert stored["alternatives.run_sync_psycopg_msgspec"].per_row < stored["run_sync_psycopg"].per_row


def test_entities_take_more_than_rows_and_these_more_than_columns_as_the_page_says(
    stored: dict[str, ScriptCosts],
) -> None:
    entities, rows, columns = (
        [held(stored[one.name]) for one in group if stored[one.name].native is not None]
        for group in (OF_ENTITIES, OF_ROWS, OF_COLUMNS)
    )
    assert min(rows) > 3 * max(columns)
    assert sum(entities) / len(entities) > 2 * sum(rows) / len(rows)


@pytest.mark.parametrize("name", ["run_sync_django", "run_async_tortoise", "run_async_piccolo"])
def test_sqlalchemy_s_entities_take_three_times_as_much_as_the_page_says(
    stored: dict[str, ScriptCosts], name: str
) -> None:
    entities = stored["run_sync_sqlalchemy_session"].per_row
    assert 2.5 < entities / stored[f"alternatives.{name}"].per_row < 3.5


@pytest.mark.parametrize("name", ["run_sync_django", "run_async_tortoise", "run_sync_peewee", "run_async_piccolo"])
def test_a_model_in_its_script_costs_what_the_study_of_shapes_says(stored: dict[str, ScriptCosts], name: str) -> None:
    """And so the library's own query makes the same objects as the layer does, beside the query's list of them."""
    one = stored[f"alternatives.{name}"]
    overheads = figures(results.load("row_shape")).layers
    [layer] = [layer for layer in overheads if layer.lower().startswith(name.rpartition("_")[2])]
    kept = container(one.scenario, one.rows)
    assert one.per_row - kept - one.values == pytest.approx(overheads[layer].overheads[3], abs=16)
