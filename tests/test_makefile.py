"""The environment that the Makefile makes: when it is made anew, what is added to it, and what each target needs."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import PROJECT

# An interpreter that notes what it is asked for; its environment's is a copy of it.
INTERPRETER = """\
#!/bin/sh
case "$*" in
-V) echo "Python {version}" ;;
-c*) echo {new_enough} ;;
"-m venv --clear .venv") rm -rf .venv; mkdir -p .venv/bin .venv/lib/python3/site-packages
    cp "$0" .venv/bin/python; echo "{version}" >> log ;;
"-m pip "*) for file; do :; done; echo "$file" >> log; ! test -e fails ;;
esac
"""
GROUPS = {
    "bench": "",
    "stop": "",
    "original": "",
    "readme": "full alternatives dataframes requests servers",
    "check": "full alternatives requests test",
    "test": "full alternatives requests servers test",
    "lint": "full alternatives requests servers test lint",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project of the Makefile and files of requirements, in a folder with a space."""
    folder = tmp_path / "a b"
    (folder / "requirements").mkdir(parents=True)
    shutil.copy(PROJECT / "Makefile", folder)
    for name in ("requirements/bench.txt", "requirements/full.txt", "requirements/test.txt"):
        (folder / name).write_text(f"{name} 1")
    interpreter(folder / "python3")
    return folder


def interpreter(path: Path, version: str = "3.12.1", new_enough: bool = True) -> None:
    path.write_text(INTERPRETER.format(version=version, new_enough=new_enough))
    path.chmod(0o755)


def make(project: Path, *arguments: str, **variables: str) -> list[str]:
    """Make the environment; return what was done: the Python of a new one, and the files of requirements."""
    (project / "log").write_text("")
    environment = {"PATH": f"{project}:/usr/bin:/bin", **variables}
    subprocess.run(["make", "venv", *arguments], cwd=project, env=environment, check=False, capture_output=True)
    return (project / "log").read_text().splitlines()


def test_environment_is_made_once(project: Path) -> None:
    assert make(project) == ["3.12.1", "requirements/bench.txt"]
    assert make(project) == []


def test_groups_are_added_when_they_are_first_asked_for(project: Path) -> None:
    make(project)
    assert make(project, "groups=full test") == ["requirements/full.txt", "requirements/test.txt"]
    assert make(project, "groups=test") == []


@pytest.mark.parametrize("changed", ["requirements/bench.txt", "requirements/full.txt"])
def test_environment_is_made_anew_when_requirements_change_that_it_has(project: Path, changed: str) -> None:
    make(project, "groups=full")
    (project / "requirements" / "test.txt").write_text("requirements/test.txt 2")
    assert make(project) == []  # it does not have those
    (project / changed).write_text(f"{changed} 2")
    assert make(project) == ["3.12.1", "requirements/bench.txt"]
    assert make(project, "groups=full") == ["requirements/full.txt"]


def test_environment_is_made_anew_for_another_python_that_is_asked_for(project: Path) -> None:
    make(project)
    interpreter(project / "python3", "3.13.0")
    assert make(project) == []
    assert make(project, PYTHON="python3") == ["3.13.0", "requirements/bench.txt"]
    assert make(project, PYTHON="python3") == []
    interpreter(project / "another python", "3.14.0")
    assert make(project, f"PYTHON={project / 'another python'}") == ["3.14.0", "requirements/bench.txt"]


@pytest.mark.parametrize("unfinished", ["", "groups=full"])
def test_unfinished_environment_is_made_anew(project: Path, unfinished: str) -> None:
    if unfinished:
        make(project)
    (project / "fails").touch()
    make(project, unfinished)
    (project / "fails").unlink()
    assert make(project) == ["3.12.1", "requirements/bench.txt"]


def test_environment_whose_python_is_gone_is_made_anew(project: Path) -> None:
    make(project)
    (project / ".venv" / "bin" / "python").unlink()
    assert make(project) == ["3.12.1", "requirements/bench.txt"]


def test_environment_knows_the_project_s_folder(project: Path) -> None:
    make(project)
    [path] = (project / ".venv" / "lib").glob("*/site-packages/project.pth")
    assert path.read_text() == f"{project}\n"
    path.write_text("where it was before")
    make(project)
    assert path.read_text() == f"{project}\n"


@pytest.mark.parametrize("python", ["python3", "true", "echo", "missing"])
def test_python_that_is_too_old_or_none_is_one_line(project: Path, python: str) -> None:
    make(project)
    interpreter(project / "python3", "3.10.0", new_enough=False)
    environment = {"PATH": f"{project}:/usr/bin:/bin", "PYTHON": python}
    process = subprocess.run(
        ["make", "bench"], cwd=project, env=environment, check=False, capture_output=True, text=True
    )
    line, end = process.stderr.splitlines()
    assert line == "Python 3.11 or newer is needed: PYTHON=/path/to/python make …"
    assert end.startswith("make: *** ")
    assert process.returncode != 0


def test_all_is_passed_on() -> None:
    for target in ("bench", "readme"):
        plans = [
            subprocess.run(["make", "-n", target, all_], cwd=PROJECT, check=True, capture_output=True, text=True).stdout
            for all_ in ("ALL=1", "ALL=")
        ]
        assert ["--all" in plan for plan in plans] == [True, False]


def test_target_asks_for_what_it_needs() -> None:
    for target, groups in GROUPS.items():
        plan = subprocess.run(["make", "-n", target], cwd=PROJECT, check=True, capture_output=True, text=True).stdout
        files = ["requirements/bench.txt", *(f"requirements/{group}.txt" for group in groups.split())]
        assert f"for file in {' '.join(files).strip()}" in " ".join(plan.split()), target
