"""The house: imports run downwards, no floor knows what is above it, and every study has the same shape."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from studies import STUDIES
from studies.__main__ import study
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
        "studies.costs",
        "studies.__main__",
        "report.tables",
        "runner.results",
        "common",
        "run_sync_psycopg",
    } <= NAMES
    assert {"report.pages", "runner.results", "studies"} <= IMPORTS["studies.__main__"]
    assert "report.charts" in IMPORTS["studies.growth"]  # inside a function


@pytest.mark.parametrize("module", sorted(NAMES))
def test_imports_run_downwards(module: str) -> None:
    own = floor(module)
    for other in IMPORTS[module]:
        below = floor(other)
        if own is not None and below is not None:
            assert below >= own, other
        # A script stands on the instrument and the models alone, and is run, not imported.
        if "run_" in module:
            assert other in ("common", "errors", "db_model", "domain_model"), other
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


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_has_the_same_shape(name: str) -> None:
    one = study(name)
    assert name == one.NAME
    assert all((PROJECT / source).exists() for files in one.sources().values() for source in files)
    for function in ("sources", "measure", "tables", "summary", "blocks", "charts"):
        assert callable(getattr(one, function))


def test_every_study_is_listed() -> None:
    folder = PROJECT / "studies"
    found = [
        path for path in (*folder.glob("*.py"), *folder.glob("*/__init__.py")) if "\nNAME = " in path.read_text("utf-8")
    ]
    assert sorted(dotted(path.relative_to(folder)) for path in found) == sorted(STUDIES)
