"""The house: imports run downwards, no floor knows what is above it, and every study has the same shape."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.digests import Snapshot
from studies.study import STUDIES, Study
from tests.support import PROJECT

# From the top; a module imports from its own floor and from those below.
FLOORS = (
    ("studies", "original", "your_table"),
    ("report", "layers"),
    ("runner",),
    ("setup_db", "embedded_postgres"),
    ("common",),
    ("errors",),
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
    room = module.partition(".")[0]
    return next((number for number, rooms in enumerate(FLOORS) if room in rooms), None)


def test_the_walk_sees_the_imports() -> None:
    assert {
        "studies.costs.measure",
        "studies.__main__",
        "report.tables",
        "runner.results",
        "common",
        "run_sync_psycopg",
    } <= NAMES
    assert {"report.pages", "runner.results", "studies.study"} <= IMPORTS["studies.__main__"]
    assert "report.charts" in IMPORTS["studies.growth.charts"]


@pytest.mark.parametrize("module", sorted(NAMES))
def test_imports_run_downwards(module: str) -> None:
    own = floor(module)
    for other in IMPORTS[module]:
        below = floor(other)
        if own is not None and below is not None:
            assert below >= own, other
        # A script stands on the instrument and the models alone, and is run, not imported.
        if "run_" in module:
            assert other in ("common", "errors", "db_model", "domain_model", "shop_model"), other
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


@pytest.mark.parametrize("path", [path for path in MODULES if path.parts[0] in ("report", "layers", "runner")], ids=str)
def test_rooms_below_name_no_study(path: Path) -> None:
    text = (PROJECT / path).read_text(encoding="utf-8")
    # `versions` is also the word for the packages' versions.
    names = "|".join(name for name in STUDIES if name != "versions")
    assert not re.search(rf"\bstudies\b|['\"`]({names})['\"`]", text)


# What a study's modules are called, with the function that each of them has.
MODULES_OF_A_STUDY = ("measure", "figures", "tables", "blocks", "charts")


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_has_the_same_shape(name: str) -> None:
    study = Study(name)
    assert study.names
    for module in MODULES_OF_A_STUDY:
        if found := study.module(module):
            assert callable(getattr(found, module))
        else:
            assert module in ("blocks", "charts")


def test_every_study_is_listed() -> None:
    assert sorted(path.parent.name for path in (PROJECT / "studies").glob("*/measure.py")) == sorted(STUDIES)


@pytest.mark.parametrize("name", STUDIES)
def test_what_measures_shows_nothing(name: str) -> None:
    """Else how a figure looks would decide whether it is stale."""
    files = Snapshot.now().digests([f"studies.{name}.measure"])
    assert f"studies/{name}/measure.py" in files
    shows = [f"studies/{name}/{module}.py" for module in MODULES_OF_A_STUDY if module != "measure"]
    assert not [file for file in files if file.startswith("report/") or file in (*shows, "studies/study.py")]
    assert "runner/scenarios.py" not in files  # one scenario more makes no other stale
