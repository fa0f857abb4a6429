"""Measuring: processes and what they say, results and when they are stale, Pythons and their environments."""

import ast
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from errors import UserError
from runner import database as measured_database
from runner import environments, results
from runner.database import one_row_table, with_search_path
from runner.environments import LOCK, ORIGINAL, Combination, NoWheelsError, install, interpreters, requirements
from runner.processes import NATIVE, Job, outputs, reason
from runner.processes import run as run_jobs
from runner.progress import Bar
from runner.results import Part, Parts
from runner.runs import kept
from runner.scenarios import Scenario
from tests.support import PROJECT, ROWS, error_line, expected_rows, query, run, unused_port

RUNNING = f"3.{sys.version_info.minor}"
REAL = os.path.realpath(sys.executable)
HERE = Combination(RUNNING, ORIGINAL)
PSYCOPG = Scenario("run_sync_psycopg")
ENTITIES = Scenario("run_async_sqlalchemy_session")


def measure(*jobs: Job) -> list[Part]:
    with Bar(len(jobs)) as bar:
        return outputs(run_jobs(jobs, [], bar))


@pytest.fixture
def database(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let DATABASE_URL name the server with the table."""
    monkeypatch.setenv("DATABASE_URL", url)
    return url


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "?options=-csearch_path%3Done"),
        ("?", "?options=-csearch_path%3Done"),
        ("?password=a+b", "?password=a%2Bb&options=-csearch_path%3Done"),
        ("?sslmode=disable", "?sslmode=disable&options=-csearch_path%3Done"),
        ("?options=-cgeqo%3Doff", "?options=-cgeqo%3Doff%20-csearch_path%3Done"),
        ("?options=-csearch_path%3Dmine&a=b", "?options=-csearch_path%3Dmine%20-csearch_path%3Done&a=b"),
    ],
)
@pytest.mark.parametrize("server", ["postgresql://user:p?w@host:5/db", "postgresql+psycopg://host", "postgresql:///db"])
def test_search_path_joins_the_url_s_own_options(server: str, before: str, after: str) -> None:
    assert with_search_path(server + before, "one") == server + after


@dataclass(frozen=True)
class Code:
    """A script that writes this measurement."""

    measurement: str
    name: str = "run_it"
    short: str = "it"
    stdin: str = ""

    @property
    def command(self) -> list[str]:
        return ["-c", f"import os; open(os.environ['MEMORY_JSON'], 'w').write({self.measurement!r})"]


@pytest.mark.parametrize(
    ("labels", "rows", "reason"),
    [
        (["After imports", "Result iteration end"], 5, "has no checkpoint 'Result iteration start'"),
        (["After imports", "Result iteration start", "Result iteration end"], None, "does not say how many rows"),
    ],
)
def test_script_that_is_no_scenario_says_what_it_lacks(labels: list[str], rows: int | None, reason: str) -> None:
    code = Code(json.dumps({"rows": rows, "checkpoints": [{"label": label} for label in labels]}))
    with pytest.raises(UserError, match=f"run_it failed: {reason}"):
        measure(Job(code))


def schemas(url: str) -> list[tuple[str, ...]]:
    return query(url, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'one_row%'")


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_table_of_one_row_lies_beside_the_reader_s_own(
    database: str, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.replace("postgresql", scheme) + "?options=-cgeqo%3Doff")
    with one_row_table() as seen:
        assert query(seen, "SELECT id, num, data FROM data") == expected_rows(1)
        assert query(seen, "SHOW geqo") == [("off",)]
        assert len(schemas(database)) == 1
    assert schemas(database) == []
    assert query(database, "SELECT count(*) FROM data") == [(ROWS,)]


def test_no_right_to_create_a_schema_is_one_line(database: str) -> None:
    query(database, 'REVOKE CREATE ON DATABASE db FROM "user"')
    try:
        line = error_line(run("-m", "studies", "costs", "--only", "run_sync_psycopg", url=database))
    finally:
        query(database, 'GRANT CREATE ON DATABASE db TO "user"')
    assert line.startswith("no right to create a schema at localhost:")
    assert "GRANT CREATE ON DATABASE" in line


def test_server_that_ignores_the_options_keeps_its_table(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pooler does; here, the URL stays as it was."""
    monkeypatch.setattr(measured_database, "with_search_path", lambda url, schema: url)
    with pytest.raises(UserError, match="ignores options=-csearch_path"), one_row_table():
        pass
    assert query(database, "SELECT count(*) FROM data") == [(ROWS,)]
    assert schemas(database) == []


@pytest.mark.parametrize("scenario", [PSYCOPG, ENTITIES], ids=str)
def test_what_is_traced_is_the_same_in_a_second_run(database: str, scenario: Scenario) -> None:
    """So each script is traced once only."""
    first, second = measure(Job(scenario), Job(scenario))
    assert kept(second) == pytest.approx(kept(first), rel=0.001)
    total, again = (sum(line["size"] for line in output["lines"]) for output in (first, second))
    assert again == pytest.approx(total, rel=0.001)


@pytest.mark.parametrize(
    ("code", "errors", "expected"),
    [
        (-9, "", "killed by SIGKILL"),
        (3, "", "exit code 3"),
        (1, "a warning\nnothing listens\n", "nothing listens"),
        (
            1,
            'Traceback (most recent call last):\n  File "a.py"\n    f()\nE: 1 error\nnum\n  bad\n    See https://\n',
            "E: 1 error",
        ),
        (
            1,
            2 * "Traceback (most recent call last):\n  File\nA: a\n\n" + "B: b",
            "A: a",
        ),
    ],
)
def test_reason_of_a_failure_is_the_line_that_says_what_is_wrong(code: int, errors: str, expected: str) -> None:
    assert reason(code, errors) == expected


@pytest.mark.parametrize("job", [Job(PSYCOPG), Job(PSYCOPG, NATIVE, module="runner.native")], ids=str)
def test_failure_is_the_scenario_s_own(monkeypatch: pytest.MonkeyPatch, job: Job) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://user:password@localhost:{unused_port()}/db")
    with pytest.raises(UserError, match=r"^run_sync_psycopg failed: nothing listens"):
        measure(job)


def test_scenario_that_is_killed_is_named_and_the_others_still_run(database: str, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nkill -KILL $$\n")
    python.chmod(0o755)
    with Bar(2) as bar:
        killed, other = run_jobs([Job(ENTITIES, python=str(python)), Job(PSYCOPG)], [], bar)
    assert (killed.output, killed.error) == (None, "killed by SIGKILL")
    assert (other.output["rows"], other.error) == (ROWS, "")


def test_scenario_that_failed_is_not_run_again(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://user:password@localhost:{unused_port()}/db")
    with Bar(3) as bar:
        outcomes = run_jobs([], [Job(PSYCOPG)] * 3, bar)
    assert len(outcomes) == 3
    assert all(outcome.error.startswith("nothing listens") for outcome in outcomes)
    assert capfd.readouterr().err.count("psycopg (traced)") == 1


def test_native_run_in_a_folder_that_the_locale_cannot_write(copied: Path, url: str) -> None:
    variables = {"LC_ALL": "xx_XX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    # Matches one scenario, so that no more runs than need be.
    only = "run_sync_psycopg_pydantic_no_validation"
    process = run("-m", "studies", "costs", "--only", only, "--repeats", "1", url=url, folder=copied, **variables)
    assert process.returncode == 0, process.stderr
    assert "| Synchronous Psycopg with Pydantic without validation | " in process.stdout


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


@pytest.fixture
def digest_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str], str]:
    """Return the digest of a file of that name with that text."""
    monkeypatch.setattr(results, "PROJECT", tmp_path)

    def digest(text: str, name: str = "module.py") -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return results.digest(Path(name))

    return digest


def test_digest_covers_code_and_neither_docstrings_nor_comments(digest_of: Callable[..., str]) -> None:
    before = digest_of(CODE)
    for old, new in (
        ("A module", "Another"),
        ("A class", "Of"),
        ("A function", "x"),
        ("# a", "# b"),
        ("import", "\nimport"),
    ):
        assert old in CODE
        assert digest_of(CODE.replace(old, new)) == before, old
    for old, new in (("= None", "= 0"), ("5", "6"), ("async def", "def"), ("Kind", "Sort"), ("!r", "!s")):
        assert old in CODE
        assert digest_of(CODE.replace(old, new)) != before, old


def test_digest_is_the_same_on_every_python(digest_of: Callable[..., str], tmp_path: Path) -> None:
    """The syntax tree itself is not: each version of Python has fields of its own."""
    digest_of(CODE)
    files = [tmp_path / "module.py", *PROJECT.glob("*.py")]
    tree = Path(results.__file__).read_text(encoding="utf-8").partition("def _tree")[2].partition("\n\n\n")[0]
    code = f"import ast, sys\nfrom pathlib import Path\nfrom typing import Any\ndef _tree{tree}\n"
    code += "for name in sys.argv[1:]: print(repr(_tree(ast.parse(Path(name).read_text(encoding='utf-8')))))"
    said = {
        subprocess.run([python, "-c", code, *files], capture_output=True, text=True, check=True).stdout
        for python in interpreters().values()
    }
    assert said == {"".join(f"{results._tree(ast.parse(file.read_text(encoding='utf-8')))!r}\n" for file in files)}


STUDY = """
STEPS: tuple = (1, 2)
LEAST, MOST = 3, 4
TITLE = "How"


def measure():
    return run(STEPS) + MOST


def run(steps):
    return Scale() * len(steps)


class Scale:
    factor = 2


def tables():
    return TITLE


if __name__ == "__main__":
    child()


def child():
    return 5
"""


def test_digest_of_a_study_covers_what_measures_and_not_how_it_looks(digest_of: Callable[..., str]) -> None:
    before = digest_of(STUDY)
    for old, new, same in (
        ('"How"', '"Why"', True),
        ("return TITLE", "return TITLE * 2", True),
        ("(1, 2)", "(1, 3)", False),
        ("3, 4", "3, 5", False),
        ("factor = 2", "factor = 3", False),
        ("return 5", "return 6", False),
    ):
        assert old in STUDY
        assert (digest_of(STUDY.replace(old, new)) == before) is same, old


LOCKED = """
[[package]]
name = "{name}"
version = "{version}"
groups = ["{group}"]
files = [{{file = "{file}", hash = "sha256:0"}}]
"""


def test_digest_of_the_lock_is_that_of_the_versions_in_use(digest_of: Callable[..., str]) -> None:
    def lock(version: str, file: str, linter: str) -> str:
        used = LOCKED.format(name="psycopg", version=version, group="main", file=file)
        return digest_of(used + LOCKED.format(name="ruff", version=linter, group="lint", file="b"), "poetry.lock")

    assert lock("1", "a", "1") == lock("1", "c", "2") != lock("2", "a", "1")


def part(rows: int = 5, python: str = "CPython 3.12.1", **versions: str) -> Part:
    machine = {"system": "Linux", "python": python}
    return {"date": "", "machine": machine, "rows": rows, "versions": versions, "sources": {}}


def test_stale_parts_are_named_with_the_reason(digest_of: Callable[..., str], tmp_path: Path) -> None:
    digest = digest_of(CODE)
    (tmp_path / "other.py").write_text("")
    sources = {name: [Path("module.py")] for name in ("same", "older", "new", "grown")} | {
        "more": [Path("module.py"), Path("other.py")]
    }
    parts = {name: part() | {"sources": {"module.py": digest}} for name in ("same", "older", "grown", "more")}
    parts["older"]["sources"] = {"module.py": "another"}
    parts["grown"]["sources"] |= {"gone.py": digest}
    assert results.stale(parts, sources) == {
        "older": "is older than module.py",
        "new": "was never measured",
        "grown": "is older than gone.py",
        "more": "is older than other.py",
    }


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (part(rows=6), "rows 6 rows, not 5 rows"),
        (part(python="CPython 3.13.0"), "python CPython 3.13.0, not CPython 3.12.1"),
        (part(pydantic="3"), "pydantic 3, not 2"),
    ],
)
def test_parts_that_do_not_belong_in_one_table_are_named(odd: Part, reason: str) -> None:
    parts: Parts = {"a": part(), "b": part(pydantic="2"), "c": part(pydantic="2")}
    assert results.consistent("costs", parts) == parts
    with pytest.raises(
        UserError, match=rf"^results/costs\.json: odd was measured with {reason}: run `make readme` ALL=1"
    ):
        results.consistent("costs", {"odd": odd, **parts})


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Store a result of the test's own; return its file."""
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    path = results.path("a_study")
    path.write_text(results.serialise({"one": part()}), encoding="utf-8")
    return path


def test_load_gives_what_was_stored(stored: Path) -> None:
    assert results.load("a_study") == {"one": part()}


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
        (age, "is of another schema version than 2"),
        (break_off, "is not a result of this project"),
        (garble, "is not a result of this project"),
    ],
)
def test_load_refuses(stored: Path, spoil: Callable[[Path], None], reason: str) -> None:
    spoil(stored)
    with pytest.raises(UserError, match=rf"^results/a_study\.json {reason}: run `make readme`$"):
        results.load("a_study")


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
    monkeypatch.setattr(environments, "ENVIRONMENTS", tmp_path / "environments")
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
    with pytest.raises(UserError, match=r"No matching distribution found for unheard-of==1\.0: fix that"):
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
