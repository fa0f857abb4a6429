"""The versions: which Pythons are found, their environments, the tables, and what an instance with slots costs."""

from errors import UserError

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common import MIB
from report import results
from report.measure import Measurement
from report.scenarios import SCENARIOS, Scenario
from tests.conftest import PROJECT, ROWS, error_line, run, unused_port
from versions import __main__ as command
from versions import environments, figures
from versions.environments import LOCK, ORIGINAL, Combination, NoWheelsError, install, interpreters, requirements

RUNNING = f"3.{sys.version_info.minor}"
REAL = os.path.realpath(sys.executable)
HERE = Combination(RUNNING, ORIGINAL)
# Bytes per instance, with one attribute in its dict, that slots and dict together may take.
SLOTTED = {"3.11": (60, 90), "3.12": (60, 90), "3.13": (380, 420)}
# A later Python puts the array into the instance again, or does not.
LATER = (60, 420)


@pytest.mark.parametrize("version", sorted({RUNNING, *interpreters()}))
def test_instance_with_slots_and_dict(version: str) -> None:
    python = sys.executable if version == RUNNING else interpreters()[version]
    script = [python, "versions/slots_and_dict.py"]
    output = subprocess.run(script, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    plain, slotted = (int(size) for size in re.findall(rf"CPython {version}\.\S+: (\d+) bytes", output))
    low, high = SLOTTED.get(version, LATER)
    assert 60 <= plain <= 90
    assert low <= slotted <= high


@pytest.fixture
def nothing_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hide every Python; return the folder that is PATH."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return folder


def pyenv_release(folder: Path, name: str) -> Path:
    python = folder.parent / "pyenv" / "versions" / name / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(REAL)
    return python


def test_interpreter_that_runs_this_is_found_at_least() -> None:
    assert os.path.realpath(interpreters()[RUNNING]) == REAL


def test_no_interpreter_is_found(nothing_found: Path) -> None:
    assert interpreters() == {}


def test_interpreter_that_does_not_work_is_passed_over(nothing_found: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = nothing_found / f"python{RUNNING}"
    shim.write_text("#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    assert interpreters() == {}
    working = nothing_found.parent / "b" / shim.name
    working.parent.mkdir()
    working.symlink_to(REAL)
    monkeypatch.setenv("PATH", f"{nothing_found}{os.pathsep}{working.parent}")
    assert interpreters() == {RUNNING: str(working)}


def test_interpreter_of_another_version_than_its_name_says(nothing_found: Path) -> None:
    other = "3.11" if RUNNING != "3.11" else "3.12"
    (nothing_found / f"python{other}").symlink_to(REAL)
    assert interpreters() == {}


def test_newest_release_of_pyenv_is_found(nothing_found: Path) -> None:
    for name in (f"{RUNNING}.9", f"{RUNNING}.11rc1", f"{RUNNING}.11t"):
        pyenv_release(nothing_found, name)
    newest = pyenv_release(nothing_found, f"{RUNNING}.10")
    assert interpreters() == {RUNNING: str(newest)}


def test_requirements_of_the_lock_are_only_what_the_scenarios_need() -> None:
    found = requirements(LOCK)
    names = set(re.findall(r"^([\w-]+)==", found, re.MULTILINE))
    original = set(re.findall(r"^([\w-]+)==", requirements(ORIGINAL), re.MULTILINE))
    assert names == original | {"typing-inspection"}
    assert found.count("--hash=sha256:") > len(names)


@pytest.fixture
def only_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let pip know one package, `nothing` 1.0, and no other; return its hash."""
    wheel = tmp_path / "wheels" / "nothing-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("nothing.py", "")
        archive.writestr("nothing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: nothing\nVersion: 1.0\n")
        archive.writestr("nothing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any")
        archive.writestr("nothing-1.0.dist-info/RECORD", "")
    monkeypatch.setattr(environments, "HERE", tmp_path / "versions")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    return f"--hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"


def refuse_to_run(combination: Combination, command: list[str]) -> None:
    assert command[1:4] == ["-m", "venv", "--clear"]
    raise UserError("made anew")


def test_environment(only_package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def require(text: str) -> None:
        monkeypatch.setattr(environments, "requirements", lambda packages: text)

    require(f"nothing==1.0 --hash=sha256:{64 * '0'}")
    with pytest.raises(UserError, match=rf"^{HERE}: -m pip failed: THESE PACKAGES DO NOT MATCH THE HASHES.*$"):
        install(HERE, sys.executable)
    with pytest.raises(UserError, match=r"No matching distribution found for unheard-of==1\.0: mend that"):
        environments.fill(HERE, f"unheard-of==1.0 {only_package}")
    with pytest.raises(NoWheelsError, match=r"^nothing==1\.1$"):
        environments.fill(HERE, f'nothing==1.1 ; python_version >= "3.11" {only_package}')
    assert not (HERE.folder / "requirements.txt").exists()

    require(f"nothing==1.0 {only_package}")
    environments.fill(HERE, f"# {sys.executable}\nnothing==1.0 {only_package}")
    subprocess.run([HERE.interpreter, "-c", "import nothing"], check=True)

    monkeypatch.setattr(environments, "_run", refuse_to_run)
    install(HERE, sys.executable)
    with pytest.raises(UserError, match=r"^made anew$"):
        install(HERE, "/another/python")
    require("")
    with pytest.raises(UserError, match=r"^made anew$"):
        install(HERE, sys.executable)


def measured(per_row: float, peak: float, python: str = "3.12", packages: str = LOCK) -> dict[str, Any]:
    values = {scenario.name: {"per_row": per_row, "peak": peak} for scenario in SCENARIOS}
    return {"python": python, "packages": packages, "versions": {"python": f"{python}.1"}, "figures": values, "rows": 5}


def test_tables_of_a_stored_result() -> None:
    missing = figures.without_wheels(Combination("3.14", ORIGINAL), "greenlet==3.1.1")
    stored = figures.record([measured(209.6, 20.26 * MIB), missing])
    assert stored["rows"] == 5
    costs, peaks = figures.tables(stored)
    title = SCENARIOS[0].title
    assert costs.columns == peaks.columns == ["Scenario", "3.12, lock", "3.14, original"]
    assert (costs.rows[0], peaks.rows[0]) == ([title, "210", "no wheels"], [title, "20.3", "no wheels"])
    assert len(costs.rows) == len(peaks.rows) == 9
    assert f"| {title} | 210 | no wheels |" in costs.markdown()


def test_nothing_that_could_be_measured() -> None:
    with pytest.raises(UserError, match="no environment could be measured"):
        figures.record([figures.without_wheels(HERE, "greenlet==3.1.1")])


def test_sources_are_every_script_and_both_sets_of_versions() -> None:
    names = {source.as_posix() for source in figures.sources()}
    assert {f"{scenario.name}.py" for scenario in SCENARIOS} <= names
    assert {"common.py", "db_model.py", "poetry.lock", "original/requirements.txt"} <= names


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Store a result of the test's own; return its file."""
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    path = results.path(figures.NAME)
    path.write_text(results.serialise(figures.record([measured(1, 2)])), encoding="utf-8")
    return path


def test_load_gives_what_was_stored(stored: Path) -> None:
    assert results.changed_sources(figures.load()) == []
    assert figures.tables(figures.load())[0].columns == ["Scenario", "3.12, lock"]


def remove(path: Path) -> None:
    path.unlink()


def edit(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace('"per_row": 1', '"per_row": 3', 1), encoding="utf-8")


def age(path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"schema": 0}), encoding="utf-8")


def break_off(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8")[:100], encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (remove, "is missing"),
        (edit, "was edited by hand"),
        (age, "is of another schema version than 1"),
        (break_off, "is not a result of this report"),
    ],
)
def test_load_refuses(stored: Path, spoil: Callable[[Path], None], reason: str) -> None:
    spoil(stored)
    with pytest.raises(UserError, match=rf"^results/versions\.json {reason}: run `make versions`$"):
        figures.load()


def test_bytes_per_row_are_those_of_the_report(url: str) -> None:
    scenario = Scenario("run_sync_psycopg")
    output = figures.run(Path(sys.executable), scenario, url)
    assert output["rows"] == ROWS
    found = figures.figures(output)
    output["console"] = ""
    reported = results.figures(results.record(Measurement(scenario, [output], [output])))
    assert found["per_row"] == reported.per_row
    assert 150 < found["per_row"] < 400
    assert found["peak"] > ROWS * found["per_row"]


def test_scenario_that_fails() -> None:
    url = f"postgresql://user:password@localhost:{unused_port()}/db"
    with pytest.raises(UserError, match=r"^run_sync_psycopg failed: nothing listens"):
        figures.run(Path(sys.executable), Scenario("run_sync_psycopg"), url)


def test_error_in_the_command_line_is_one_line() -> None:
    line = error_line(run("-m", "versions", "--repeats"))
    assert line == "unrecognized arguments: --repeats: see `python -m versions --help`"


def test_package_without_wheels_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(combination: Combination, python: str) -> None:
        if combination.packages == ORIGINAL:
            raise NoWheelsError("greenlet==3.1.1")

    monkeypatch.setattr(command, "install", refuse)
    installed = command.install_all()
    assert installed[HERE] == "greenlet==3.1.1"
    assert installed[Combination(RUNNING, LOCK)] == ""


def session(python: str, packages: str) -> dict[str, float]:
    """Return what is stored of the synchronous session."""
    [found] = [one for one in figures.load()["combinations"] if (one["python"], one["packages"]) == (python, packages)]
    values: dict[str, float] = found["figures"]["run_sync_sqlalchemy_session"]
    return values


@pytest.mark.parametrize("packages", [ORIGINAL, LOCK])
def test_python_3_13_makes_an_entity_dearer_as_readme_says(packages: str) -> None:
    # 264 bytes in its state, and 8 in the entity itself.
    dearer = session("3.13", packages)["per_row"] - session("3.12", packages)["per_row"]
    assert dearer == pytest.approx(272, abs=4)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_sqlalchemy_2_1_lowers_the_peak_and_not_the_cost_as_readme_says(python: str) -> None:
    original, lock = session(python, ORIGINAL), session(python, LOCK)
    assert lock["per_row"] == pytest.approx(original["per_row"], abs=4)
    # 65 bytes a row, less what the newer libraries' own modules take.
    assert 4 * MIB < original["peak"] - lock["peak"] < 6 * MIB
