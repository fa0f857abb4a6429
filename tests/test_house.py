"""The house, where import-linter does not see it: the files beside the folders, names, and how much a room holds."""

import ast
import re
import tomllib
from collections import Counter
from pathlib import Path

from bench.studies.study import STUDIES
from tests.support import PROJECT, run

BENCH = PROJECT / "bench"
MODELS = {"db_model", "domain_model"}
# What a reader runs from the root; nothing imports it.
COMMANDS = {path.stem for path in PROJECT.glob("*.py")} - MODELS - {"common"}
MODULES = [path for path in PROJECT.glob("[a-z]*/**/*.py") if path.relative_to(PROJECT).parts[0] != "tests"]
MOST_MODULES = 15


def of_the_project(path: Path) -> set[str]:
    """Return what a module imports, wherever in it, of the root's files and of `bench`."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inner = {f"bench.{alias.name}" for alias in node.names}
            imported |= inner if node.module == "bench" else {str(node.module)}
    return {name for name in imported if name.partition(".")[0] in COMMANDS | MODELS | {"common", "bench"}}


def test_import_linter_sees_every_folder() -> None:
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    folders = {path.relative_to(PROJECT).parts[0] for path in MODULES}
    assert set(settings["root_packages"]) == folders
    [scripts] = [rule["source_modules"] for rule in settings["contracts"] if rule.get("forbidden_modules") == ["bench"]]
    [protected] = [rule["protected_modules"] for rule in settings["contracts"] if rule["type"] == "protected"]
    assert {*scripts} == {folder.removesuffix(".*") for folder in protected} == folders - {"bench"}


def test_nothing_imports_a_scenario_or_a_command() -> None:
    assert {"common", "db_model"} <= of_the_project(PROJECT / "run_sync_sqlalchemy_engine.py")
    modules = (*MODULES, *PROJECT.glob("*.py"))
    assert {path: COMMANDS & of_the_project(path) for path in modules if COMMANDS & of_the_project(path)} == {}


def test_a_scenario_stands_on_the_instrument_and_the_models() -> None:
    for path in PROJECT.glob("run_*.py"):
        assert of_the_project(path) <= {"common", *MODELS}, path
    for model in MODELS:
        assert of_the_project(PROJECT / f"{model}.py") == set()


def test_the_instrument_stands_on_the_errors_alone() -> None:
    assert of_the_project(PROJECT / "common.py") == {"bench.errors"}
    for name in ("errors", "faults"):
        assert of_the_project(BENCH / f"{name}.py") <= {"bench.errors", "bench.faults"}


def test_what_goes_to_standard_error_may_be_lost() -> None:
    files = [*BENCH.rglob("*.py"), *PROJECT.glob("*.py")]
    assert [path.name for path in files if "file=sys.stderr" in path.read_text(encoding="utf-8")] == ["errors.py"]


def test_nothing_below_the_studies_names_one() -> None:
    # Two of the names are also words for packages: their versions, and a group of them.
    names = "|".join(name for name in STUDIES if name not in ("versions", "requests"))
    above = (
        BENCH / "studies",
        BENCH / "original",
        BENCH / "__main__.py",
        BENCH / "digests.py",
    )  # that one names the folder
    for path in BENCH.rglob("*.py"):
        if not any(path.is_relative_to(place) for place in above):
            named = re.findall(rf"\bstudies\b|['\"`](?:{names})['\"`]", path.read_text(encoding="utf-8"))
            assert not named, path


def test_every_study_decides_in_one_module_and_shows_in_another() -> None:
    for module in ("measure", "page"):
        assert sorted(path.parent.name for path in BENCH.glob(f"studies/*/{module}.py")) == sorted(STUDIES)


def test_a_room_is_seen_at_a_glance() -> None:
    modules = Counter(path.parent.relative_to(BENCH) for path in BENCH.rglob("*.py") if path.name != "__init__.py")
    del modules[Path()]
    assert {room: count for room, count in modules.items() if count > MOST_MODULES} == {}


def test_the_command_loads_no_package_that_make_bench_does_not_install() -> None:
    """Who measures one study need not have what another one, or its charts, are made with."""
    process = run("-c", "import sys, bench.__main__; print(*(name.partition('.')[0] for name in sys.modules))")
    assert {"psycopg", "rich"} <= set(process.stdout.split())
    assert not {"matplotlib", "memray", "uvicorn", "fastapi", "django", "tortoise"} & set(process.stdout.split())


def test_a_class_has_a_name_of_its_own() -> None:
    names = Counter(
        node.name
        for path in BENCH.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    assert {name: count for name, count in names.items() if count > 1} == {}
