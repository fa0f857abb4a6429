"""What the pages say of Pythons and package versions; and that each is measured in an environment of its own."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from common import MIB
from errors import UserError
from runner import results
from runner.environments import LOCK, ORIGINAL, Combination, NoWheelsError, interpreters
from runner.scenarios import SCENARIOS
from runner.scripts import PROJECT
from studies.versions import measure as versions
from studies.versions.figures import Figures, Versions, figures
from studies.versions.measure import Cost
from studies.versions.tables import costs, tables
from tests.support import ROWS

RUNNING = f"3.{sys.version_info.minor}"
# Bytes per instance, with one attribute in its dict, that slots and dict together may take.
SLOTTED = {"3.11": (60, 90), "3.12": (60, 90), "3.13": (380, 420), "3.14": (60, 300)}
# A later Python puts the array into the instance again, or does not.
LATER = (60, 420)


@pytest.mark.parametrize("version", sorted({RUNNING, *interpreters()}))
def test_instance_with_slots_and_dict(version: str) -> None:
    python = sys.executable if version == RUNNING else interpreters()[version]
    script = [python, "studies/versions/slots_and_dict.py"]
    output = subprocess.run(script, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    plain, slotted = (int(size) for size in re.findall(rf"CPython {version}\.\S+: (\d+) bytes", output))
    low, high = SLOTTED.get(version, LATER)
    assert 60 <= plain <= 90
    assert low <= slotted <= high


def test_tables_of_versions() -> None:
    found = {"3.12, lock": Cost(per_row=209.6, peak=round(20.26 * MIB))}
    made_up = {one.name: Figures(one, found, {"3.14, original"}) for one in SCENARIOS}
    per_row, peaks = (table.texts() for table in tables(Versions(made_up, {}), made_up))
    title = SCENARIOS[0].title
    assert per_row[0] == peaks[0] == ["Scenario", "3.12, lock", "3.14, original"]
    assert (per_row[1], peaks[1]) == ([title, "210", "no wheels"], [title, "20.3", "no wheels"])
    assert len(per_row) == len(peaks) == 10
    short = costs(list(made_up.values())).texts(short=True)
    assert short[:2] == [["", "3.12", "3.14o"], ["psycopg", "210", "-"]]
    made_up[SCENARIOS[0].name] = Figures(SCENARIOS[0], found, ())
    assert costs(list(made_up.values())).texts()[1] == [title, "210", "not measured"]


def test_table_of_overheads_by_python() -> None:
    made_up = {"ORM entity": {"3.12": {"1": 878.4, "30": 2366.0}, "3.13": {"1": 1150.0, "30": 2893.0}}}
    [table] = tables(Versions({}, made_up), made_up)
    assert table.texts() == [
        ["Layer", "Columns", "3.12", "3.13"],
        ["ORM entity", "1", "878", "1,150"],
        ["ORM entity", "30", "2,366", "2,893"],
    ]


def test_no_environment_for_any_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "interpreters", dict)
    with pytest.raises(UserError, match="no environment could be made"):
        list(versions.measure(["run_sync_psycopg"], None, full=True))


def test_versions_are_measured_with_the_interpreter_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        versions, "install_all", lambda: {Combination(RUNNING, LOCK): "", Combination("3.9", ORIGINAL): "none==1"}
    )
    monkeypatch.setattr(Combination, "interpreter", Path(sys.executable))
    monkeypatch.setattr(versions, "ROWS", ROWS)
    [found] = versions.measure(["run_sync_psycopg"], None, full=True)
    one = found["run_sync_psycopg"]
    assert one.record["no_wheels"] == {"3.9, original": "none==1"}
    cost = one.record["costs"][f"{RUNNING}, lock"]
    assert 150 < cost["per_row"] < 400
    assert cost["peak"] > ROWS * cost["per_row"]
    # So that results of another release are not joined with these.
    python = one.versions[f"python of {RUNNING}, lock"]
    assert python == results.here()["python"].removeprefix("CPython ")


def test_overheads_are_measured_with_the_interpreter_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "install_all", lambda: {Combination(RUNNING, LOCK): ""})
    monkeypatch.setattr(Combination, "interpreter", Path(sys.executable))
    monkeypatch.setattr(versions, "COLUMNS", (3, 20))
    [found] = versions.measure(["psycopg, tuple"], None, full=True)
    tuples = {str(count): pytest.approx(sys.getsizeof((None,) * count), abs=1) for count in (3, 20)}
    assert found["psycopg, tuple"].record == {"overheads": {RUNNING: tuples}}


def test_package_without_wheels_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(combination: Combination, python: str) -> None:
        if combination.packages == ORIGINAL:
            raise NoWheelsError("greenlet==3.1.1")

    monkeypatch.setattr(versions, "install", refuse)
    installed = versions.install_all()
    assert installed[Combination(RUNNING, ORIGINAL)] == "greenlet==3.1.1"
    assert installed[Combination(RUNNING, LOCK)] == ""


def session(combination: str) -> Cost:
    return stored()["run_sync_sqlalchemy_session"].costs[combination]


def stored() -> Mapping[str, Figures]:
    return figures(results.load("versions")).scenarios


def test_python_3_12_makes_every_row_smaller_as_readme_says() -> None:
    for name, one in stored().items():
        before, after = (one.costs[f"{python}, {LOCK}"]["per_row"] for python in ("3.11", "3.12"))
        assert 5 <= before - after <= 30, name


@pytest.mark.parametrize("packages", [ORIGINAL, LOCK])
def test_python_3_13_makes_an_entity_more_expensive_as_readme_says(packages: str) -> None:
    # 264 bytes in its state, and 8 in the entity itself.
    before, after = (session(f"{python}, {packages}")["per_row"] for python in ("3.12", "3.13"))
    assert after - before == pytest.approx(272, abs=4)
    assert after == pytest.approx(1.25 * before, rel=0.02)  # a quarter


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_sqlalchemy_2_1_lowers_the_peak_and_not_the_cost_as_readme_says(python: str) -> None:
    original, lock = (session(f"{python}, {packages}") for packages in (ORIGINAL, LOCK))
    assert lock["per_row"] == pytest.approx(original["per_row"], abs=4)
    # 65 bytes a row, less what the newer libraries' own modules take.
    assert 4 * MIB < original["peak"] - lock["peak"] < 6 * MIB
