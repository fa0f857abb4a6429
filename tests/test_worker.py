"""The parts of a worker: what is weighed is what it says, what is counted is there, and the model adds up."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import process
from bench.runs import UNTRACED, Job
from bench.studies.worker.applications import Application
from bench.studies.worker.figures import PARTS
from bench.studies.worker.measure import WEIGHABLE
from bench.studies.worker.model import WorkerModel, units
from bench.studies.worker.part import MORE, Part, Weighing
from tests.support import PROJECT

KIB = 1024


def output_of(source: str) -> dict[str, dict[str, int]]:
    [outcome] = process.succeeded(process.run([Job(Weighing("a module", source), UNTRACED)]))
    found: dict[str, dict[str, int]] = outcome.output
    return found


def test_what_is_counted_of_an_application_is_what_it_has(database: str) -> None:
    counts = output_of(Application("a small one", 4, 6, 5, 2, 3, 8).source)["counts"]
    expected = {"class": 4, "relationship": 4, "foreign key": 2, "route": 5, "response model": 5, "engine": 1}
    expected |= {
        "query parameter": 5,
        "connection, psycopg": 3,
        "statement": 9,
        "FastAPI": 1,
        "asyncpg and an engine": 0,
    }
    assert {name: counts[name] for name in expected} == expected
    assert counts["column"] == 4 + 7 + 12 + 26 + 2
    bare = output_of("import fastapi\nimport uvicorn\n")["counts"]
    assert counts["model"] - bare["model"] == 6
    assert counts["field"] - bare["field"] == 3 + 8 + 14 + 22 + 3 + 8


@pytest.mark.parametrize("name", ["mapped class of 5 columns, configured", "Pydantic model of 5 integers"])
def test_a_part_s_module_has_it_so_many_times(name: str) -> None:
    part = WEIGHABLE[name]
    assert isinstance(part, Part)
    assert part.modules[MORE].count("\nclass ") == part.counts[1] + part.head.count("\nclass ")


def test_a_module_that_fails_is_told_in_one_line() -> None:
    [outcome] = process.run([Job(Weighing("a module", "import no_such_module\n"), UNTRACED)])
    assert outcome.error == "ModuleNotFoundError: No module named 'no_such_module'"


def test_an_own_worker_is_counted_by_a_file_that_imports_nothing_else() -> None:
    command = [sys.executable, "-I", "-S", "bench/studies/worker/count.py", "import sys; found = set(sys.modules)"]
    told = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    answer = json.loads(told)
    assert answer["counts"]["class"] == answer["counts"]["route"] == answer["counts"]["Pydantic"] == 0
    assert 5 * KIB * KIB < answer["after"] < 15 * KIB * KIB
    assert 0 < answer["counts"]["shared"] <= answer["after"]


def counted(statements: str) -> tuple[dict[str, Any], str]:
    command = [sys.executable, "bench/studies/worker/count.py", statements]
    child = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return json.loads(child.stdout), child.stderr


def test_a_package_that_makes_far_more_than_its_code_is_measured_as_a_whole(tmp_path: Path) -> None:
    installed = tmp_path / "site-packages"
    for package, code in {
        "tables": "TABLE = [[number] for number in range(50_000)]\n",
        "small": "TABLE = []\n",
    }.items():
        (installed / package).mkdir(parents=True)
        (installed / package / "__init__.py").write_text(code, encoding="utf-8")
    path = f"import sys; sys.path.insert(0, {str(installed)!r}); "
    few, many = (counted(path + imported)[0] for imported in ("import small", "import small, tables"))
    assert few["made"] == {}
    assert few["counts"]["made"] == 0
    assert list(many["made"]) == ["tables"]
    assert many["made"]["tables"]["code"] > 0
    assert many["counts"]["made"] == many["made"]["tables"]["made"] > 3 * KIB * KIB
    assert many["counts"]["code"] == few["counts"]["code"], "its code is in what it makes"
    assert many["after"] - few["after"] == pytest.approx(many["counts"]["made"], rel=0.3), "it is not traced itself"


def test_what_fails_when_it_is_executed_again_is_told(tmp_path: Path) -> None:
    answer, told = counted(f"open({str(tmp_path / 'lock')!r}, 'x').close()")
    assert answer["made"] == {}
    assert told.splitlines() == [
        "it fails when it is executed again: what packages make when they are imported is left out"
    ]


def test_the_model_adds_up_what_is_counted() -> None:
    sizes = {name: 100.0 * place for place, name in enumerate(PARTS, 1)}
    prices = units(sizes.__getitem__)
    model = WorkerModel({"the interpreter": 1000.0}, prices, code=3)
    assert model.worker(
        {"the interpreter": 1, "class": 2, "column": 10, "code": 100, "shared": 30, "made": 20, "unknown": 5}
    ) == pytest.approx(1000 + 2 * prices["class"] + 10 * prices["column"] + 350)
    five, twenty = (sizes[f"mapped class of {count} columns, configured"] for count in (5, 20))
    assert prices["class"] + 5 * prices["column"] == pytest.approx(five)
    assert prices["class"] + 20 * prices["column"] == pytest.approx(twenty)
