"""The house: imports run downwards, no floor knows what is above it, and every study has the same shape."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.digests import Snapshot
from bench.studies.study import STUDIES
from tests.support import PROJECT, run

# From the top; a module imports from its own floor and from those below.
FLOORS = (
    ("your_table", "bench.__main__"),
    ("bench.studies", "bench.original", "bench.yours"),
    ("bench.look", "bench.layers"),
    ("bench.relations",),
    ("bench",),
    ("setup_db",),
    ("bench.embedded_postgres", "bench.own_tables"),
    ("common",),
    ("bench.errors",),
)
MODULES = sorted(
    path.relative_to(PROJECT)
    for path in (*PROJECT.glob("*.py"), *PROJECT.glob("[a-z]*/**/*.py"))
    if path.relative_to(PROJECT).parts[0] != "tests"
)


def dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


NAMES = {dotted(path) for path in MODULES}


def imported(path: Path) -> Iterator[str]:
    """Yield which of the project's modules a module imports, wherever in it."""
    for node in ast.walk(ast.parse((PROJECT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in NAMES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in NAMES else node.module for name in inner if {name, node.module} & NAMES)


IMPORTS = {dotted(path): set(imported(path)) - {dotted(path)} for path in MODULES}


def floor(module: str) -> int | None:
    inside = {
        room: number for number, rooms in enumerate(FLOORS) for room in rooms if f"{module}.".startswith(f"{room}.")
    }
    return inside[max(inside, key=len)] if inside else None


def test_the_walk_sees_the_imports() -> None:
    assert {
        "bench.studies.costs.measure",
        "bench.__main__",
        "bench.look.tables",
        "bench.results",
        "common",
        "run_sync_psycopg",
    } <= NAMES
    assert {"bench.look.pages", "bench.results", "bench.studies.study"} <= IMPORTS["bench.__main__"]
    assert "bench.look.charts" in IMPORTS["bench.studies.growth.page"]


@pytest.mark.parametrize("module", sorted(NAMES))
def test_imports_run_downwards(module: str) -> None:
    own = floor(module)
    for other in IMPORTS[module]:
        below = floor(other)
        if own is not None and below is not None:
            assert below >= own, other
        # A script stands on the instrument and the models alone, and is run, not imported.
        if "run_" in module:
            assert other in ("common", "bench.errors", "db_model", "domain_model", "relationships.shop_model"), other
        assert "run_" not in other, other


def test_no_circle() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " → ".join([*path, module])
        if module not in done:
            for other in IMPORTS[module]:
                visit(other, (*path, module))
            done.add(module)

    for module in sorted(NAMES):
        visit(module, ())


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in MODULES
        if path.parts[0] == "bench" and path.parts[1] not in ("studies", "original", "__main__.py")
    ],
    ids=str,
)
def test_rooms_below_name_no_study(path: Path) -> None:
    text = (PROJECT / path).read_text(encoding="utf-8")
    # `versions` is also the word for the packages' versions.
    names = "|".join(name for name in STUDIES if name != "versions")
    assert not re.search(rf"\bstudies\b|['\"`]({names})['\"`]", text)


def test_the_command_loads_no_package_that_make_bench_does_not_install() -> None:
    """Who measures one study need not have what another one, or its charts, are made with."""
    process = run("-c", "import sys, bench.__main__; print(*(name.partition('.')[0] for name in sys.modules))")
    assert {"psycopg", "rich"} <= set(process.stdout.split())
    assert not {"matplotlib", "memray", "uvicorn", "fastapi", "django", "tortoise"} & set(process.stdout.split())


def test_every_study_is_listed() -> None:
    assert sorted(path.parent.name for path in (PROJECT / "bench" / "studies").glob("*/measure.py")) == sorted(STUDIES)


@pytest.mark.parametrize("name", STUDIES)
def test_what_measures_shows_nothing(name: str) -> None:
    """Else how a figure looks would decide whether it is stale."""
    files = Snapshot.now().digests([f"bench.studies.{name}.measure"])
    assert f"bench/studies/{name}/measure.py" in files
    shows = ("bench/look/", f"bench/studies/{name}/page.py", "bench/studies/study.py")
    assert not [file for file in files if file.startswith(shows)]
    assert "bench/scenarios.py" not in files  # one scenario more makes no other stale
