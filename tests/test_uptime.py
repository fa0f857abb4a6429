"""What grows for days, and what several workers take: what is measured of few requests, and what is shown of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from bench import process, results
from bench.database import seed
from bench.look import pages
from bench.results import Results
from bench.runs import UNTRACED, Job
from bench.seeds import DATA, SHOP
from bench.studies.processes import measure as processes
from bench.studies.processes import page as processes_page
from bench.studies.processes.shares import CLASSES, COLUMNS, WORKERS, Service, Shares
from bench.studies.uptime import measure, page
from bench.studies.uptime.measure import CAUSES, Handling, UptimeCause, handlings
from bench.studies.uptime.running import FIRST, STEPS, Growth
from bench.studies.uptime.wording import CURES, TITLES
from common import MIB
from tests import forks
from tests.conftest import schema
from tests.support import PROJECT, linux

REQUESTS = 20
HANDLINGS = [handling for cause in CAUSES.values() for handling in handlings(cause)]
pytestmark = pytest.mark.usefixtures("no_further_server")


@pytest.fixture(scope="module")
def tables_url(url: str) -> Any:
    """Give a schema with enough customers for each request to have one of its own."""
    with schema(url) as address:
        seed(address, 5 * (FIRST + REQUESTS + 1), tables=[DATA, *SHOP])
        yield address


@pytest.mark.parametrize("handling", [one for one in HANDLINGS if not one.variables], ids=lambda one: one.name)
def test_each_handler_answers(handling: Handling, tables_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", tables_url)
    growth: Growth = forks.outcome(Job(replace(handling, requests=REQUESTS), UNTRACED)).output
    assert (growth["requests"], len(growth["steps"])) == (REQUESTS, STEPS)
    assert growth["peak"] >= growth["steps"][-1]


@linux
def test_what_grows_and_what_stops_it_are_told_of_one_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = CAUSES["tasks"]
    few = UptimeCause(
        replace(tasks.before, requests=200),
        {"timeout": replace(tasks.after["timeout"], requests=200, variables=("MALLOC_ARENA_MAX=1",))},
    )
    monkeypatch.setattr(measure, "CAUSES", {"tasks": few})
    monkeypatch.setattr(measure, "ROWS", 10)
    [found] = measure.measure(["tasks"], None, full=True)
    record = found["tasks"].record
    steps = record["before"]["steps"]
    assert steps == sorted(steps)
    assert 200 * 64 * 1024 < steps[-1] + MIB < 2 * 200 * 64 * 1024
    assert {"python", "PostgreSQL"} <= set(found["tasks"].versions)


def test_malloc_s_variables_are_there_when_the_process_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process says so in its own environment, which is its first one."""
    handling = Handling("allocator.trimmed", ("MALLOC_ARENA_MAX=2",), requests=10)
    assert handling.command[-1] == "MALLOC_ARENA_MAX=2"
    [outcome] = process.succeeded(process.run([Job(handling, UNTRACED)]))
    assert len(outcome.output["steps"]) == STEPS


def made_up() -> Results:
    def growth(size: int) -> Growth:
        return Growth(requests=10_000, steps=[size * step * MIB for step in range(1, 11)], peak=99 * MIB, versions={})

    records = {
        name: {"before": growth(5), "after": dict.fromkeys(cause.after, growth(0))} for name, cause in CAUSES.items()
    }
    return Results(results.header(10, {"sqlalchemy": "3"}), records, {})


def test_each_cause_and_each_cure_is_in_the_table_in_words() -> None:
    assert TITLES.keys() == CAUSES.keys()
    assert CURES.keys() == {(name, cure) for name, cause in CAUSES.items() for cure in (cause.after or [""])} | {
        ("malloc", "jemalloc"),
        ("malloc", "jemalloc, set"),
    }
    found = page.figures(made_up())
    [table] = page.tables(found, CAUSES)
    titles = [row[0] for row in table.texts()[1:]]
    assert list(dict.fromkeys(titles)) == list(TITLES.values())
    [row] = [row for row in table.texts()[1:] if row[0] == TITLES["tasks"]]
    assert row[1:] == ["10,000", "99.0", "50.0", "5.0", CURES["tasks", "timeout"], "99.0", "0.0"]
    assert "hold **50.0 MiB**" in page.blocks(found)["uptime-answer"]


@linux
def test_a_server_s_processes_are_added_up_before_and_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLASSES", "5")
    ways = {name: replace(way, requests=10) for name, way in processes.WAYS.items()}
    monkeypatch.setattr(processes, "WAYS", ways)
    names = ["gunicorn, preloaded, frozen", "Celery, frozen"]
    [found] = processes.measure(names, None, full=True)
    for name in names:
        service: Service = found[name].record
        for shares in (service["before"], service["after"]):
            assert shares["processes"] == 1 + WORKERS
            assert 30 * MIB < shares["pss"] < 500 * MIB
            assert shares["private_dirty"] < shares["pss"]
        assert service["after"]["pss"] > service["before"]["pss"]
    assert {"gunicorn", "celery", "fastapi", "sqlalchemy", "PostgreSQL"} <= set(found[names[0]].versions)


def test_a_server_that_is_not_installed_is_known_beforehand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(processes, "find_spec", lambda name: None if name == "celery" else name)
    assert list(processes.measure(["Celery"], None, full=True)) == []
    assert capsys.readouterr().err == (
        "Celery is left out: celery is not installed for this Python: "
        "`make venv groups=servers` installs it into .venv\n"
    )


def services() -> Mapping[str, Service]:
    def shares(size: int) -> Shares:
        return Shares(processes=5, pss=size * MIB, private_dirty=size * MIB // 2)

    return {
        way: Service(requests=1_000, before=shares(100 * place), after=shares(100 * place + 50), versions={})
        for place, way in enumerate(processes.WAYS, 1)
    }


def test_what_preloading_and_freezing_save_is_told_in_the_answer() -> None:
    found = processes_page.figures(Results(results.header(10, {"gunicorn": "27"}), dict(services()), {}))
    answer = processes_page.blocks(found)["processes-answer"]
    assert "take **200 MiB** together where each loads it, 300 where" in answer
    assert answer.endswith("After 1,000 requests these are 250, 350 and 450.")
    [table] = processes_page.tables(found, processes.WAYS)
    assert [row[0] for row in table.texts(short=True)[1:]] == list(processes.WAYS)


def test_every_block_has_its_place() -> None:
    text = (PROJECT / "docs" / "what-grows.md").read_text(encoding="utf-8")
    blocks = (
        page.blocks(page.figures(made_up())).keys()
        | processes_page.blocks(processes_page.figures(Results(results.header(10, {}), dict(services()), {}))).keys()
        - {"worker-forks"}  # the calculator's
    )
    assert blocks <= {match[1] for match in pages.BLOCK.finditer(text)}


def test_each_class_has_a_view(schema_url: str) -> None:
    processes.make_views(schema_url)
    with psycopg.connect(schema_url) as connection:
        row = connection.execute(f"SELECT * FROM wide_{CLASSES - 1}".encode()).fetchone()
    assert row
    assert len(row) == COLUMNS
