"""The alternatives: each reads all rows rightly, says what it stands in for, and tells an error in one line."""

from errors import PACKAGES

import json
import signal
import sys
from pathlib import Path

import pytest

from measure.scenarios import ALTERNATIVES, EVERYTHING, FIRST_ROW, IMPORTED, LAST_CHECKPOINT, PROJECT, Scenario
from tests.conftest import (
    ROWS,
    WITHOUT_PACKAGE,
    error_line,
    expected_rows,
    finished,
    locked,
    port_of,
    query,
    run,
    running,
    told_by,
    wait_until,
)

NAMES = [alternative.name for alternative in ALTERNATIVES if not alternative.missing]
ARROW = "alternatives.run_sync_adbc_arrow"
KEEPING = [name for name in NAMES if name != ARROW]
ASYNCPG = [name for name in NAMES if "asyncpg" in name]
TABLE = "CREATE TABLE data (id integer, num integer, data text)"

needs_arrow = pytest.mark.skipif(ARROW not in NAMES, reason="there is no Arrow for this Python")


def test_every_alternative_is_listed_and_no_scenario() -> None:
    names = [alternative.name for alternative in ALTERNATIVES]
    assert sorted(names) == sorted(f"alternatives.{path.stem}" for path in (PROJECT / "alternatives").glob("run_*.py"))
    assert not set(ALTERNATIVES) & set(EVERYTHING)


@pytest.mark.parametrize("alternative", ALTERNATIVES, ids=[alternative.name for alternative in ALTERNATIVES])
def test_docstring_says_what_it_stands_in_for(alternative: Scenario) -> None:
    assert set(alternative.fields) == {"Short", "Instead of", "Gives up", "Choose it"}
    assert alternative.fields["Instead of"] in [scenario.name for scenario in EVERYTHING]
    assert 0 < len(alternative.short) <= 24
    assert alternative.description


def test_titles_and_short_names_differ() -> None:
    scenarios = EVERYTHING + ALTERNATIVES
    assert len({scenario.short for scenario in scenarios}) == len(scenarios)
    assert len({scenario.title for scenario in scenarios}) == len(scenarios)


@pytest.mark.parametrize("name", KEEPING)
def test_every_row_is_kept_with_the_right_values(name: str, url: str, tmp_path: Path) -> None:
    told = told_by(name, url, tmp_path)
    assert told["keys"] == list(range(ROWS))
    assert told["kept"] == [list(row) for row in expected_rows(ROWS)]


@needs_arrow
def test_arrow_s_table_has_every_row_and_finds_one(url: str, tmp_path: Path) -> None:
    told = told_by(ARROW, url, tmp_path)
    rows = [{"id": i, "num": num, "data": data} for i, num, data in expected_rows(ROWS)]
    assert told["table"] == rows
    assert told["found"] == [rows[-1]]


@pytest.mark.parametrize("name", NAMES)
def test_address_s_options_and_parameters_are_heeded(name: str, schema_url: str, tmp_path: Path) -> None:
    run("setup_db.py", "--rows", "10", url=schema_url)
    path = tmp_path / "measurement.json"
    process = run("-m", name, url=f"{schema_url}&sslmode=disable&application_name=a%20b", MEMORY_JSON=str(path))
    assert (process.returncode, process.stderr) == (0, "")
    told = json.loads(path.read_text(encoding="utf-8"))
    labels = [checkpoint["label"] for checkpoint in told["checkpoints"]]
    assert told["rows"] == 10
    assert [label for label in labels if label in (IMPORTED, FIRST_ROW, LAST_CHECKPOINT)] == [
        IMPORTED,
        FIRST_ROW,
        LAST_CHECKPOINT,
    ]
    assert (labels[-1] == "Looked up by id") == (name == ARROW)
    assert set(told["versions"]) & set(PACKAGES[7:])


@pytest.mark.parametrize("name", NAMES)
def test_wrong_address_is_one_line(name: str, url: str, port: int) -> None:
    for part, replacement, problem in (
        (":password@", ":wrong@", "user or password is wrong"),
        (str(port_of(url)), str(port), "nothing listens"),
        ("@localhost", "@missing.invalid", "host or port is unknown"),
        ("/db", "/missing", "there is no such database"),
        ("/db", "/db?unknown=1", "the database at localhost"),
    ):
        line = error_line(run("-m", name, url=url.replace(part, replacement)))
        assert line.startswith(problem)
        assert "DATABASE_URL" in line


@pytest.mark.parametrize("name", ASYNCPG)
@pytest.mark.parametrize("password", ["a#b", "a?b", "a[b"])
def test_address_that_asyncpg_cannot_read_is_one_line(name: str, url: str, password: str) -> None:
    line = error_line(run("-m", name, url=url.replace(":password@", f":{password}@")))
    assert line.startswith("user or password is not percent-encoded at localhost:")
    assert password[2:] + "@" not in line


@pytest.mark.parametrize("name", NAMES)
def test_unusable_table_is_one_line(name: str, schema_url: str) -> None:
    for statement, problem in (
        ("SELECT", "table data is missing"),
        (TABLE, "table data is empty"),
        ('REVOKE SELECT ON data FROM "user"', "no right"),
        ("DROP TABLE data", "table data is missing"),
        ("CREATE TABLE data AS SELECT 1 AS num", "table data is not the seeded one"),
    ):
        query(schema_url, statement)
        assert error_line(run("-m", name, url=schema_url)).startswith(problem)


@pytest.mark.parametrize("name", NAMES)
def test_interrupt_is_one_line(name: str, url: str) -> None:
    with locked(url), running("-m", name, url=url) as process:
        wait_until(lambda: query(url, "SELECT * FROM pg_locks WHERE NOT granted"))
        process.send_signal(signal.SIGINT)
        assert error_line(finished(process)) == "interrupted"


@pytest.mark.parametrize("name", NAMES)
def test_end_of_the_server_is_one_line(name: str, url: str) -> None:
    with locked(url), running("-m", name, url=url) as process:
        wait_until(lambda: query(url, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"))
        assert error_line(finished(process)).startswith("the server ended the connection")


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("alternatives.run_sync_psycopg_msgspec", "msgspec"),
        ("alternatives.run_async_asyncpg_fetch", "asyncpg"),
        ("alternatives.run_async_sqlalchemy_session_asyncpg", "asyncpg"),
        ("alternatives.run_sync_sqlmodel", "sqlmodel"),
        (ARROW, "adbc_driver_postgresql"),
        (ARROW, "pyarrow"),
    ],
)
def test_missing_package_is_one_line_and_known_beforehand(
    monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    line = error_line(run("-c", WITHOUT_PACKAGE, name, package))
    assert line == f"{package} is not installed for this Python: `make bench` installs all packages into .venv"
    monkeypatch.setitem(sys.modules, package, None)
    assert Scenario(name).missing == package


def test_no_scenario_and_no_remedy_lacks_a_package() -> None:
    assert {scenario.missing for scenario in EVERYTHING} == {None}
