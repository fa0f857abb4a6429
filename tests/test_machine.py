"""What a machine lacks is one line; what it tells an interpreter, or has no room for, makes no difference."""

import ast
import errno
import os
import socket
import subprocess
import sys
import sysconfig
import venv
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from bench import process
from bench.errors import explain
from bench.faults import explain_file
from bench.runs import Job
from bench.scripts import PROJECT
from tests.support import environment, error_line, finished, locked, run, running

FOLDERS = ("remedies", "relationships", "alternatives", "writing")
COMMANDS = ("setup_db.py", "your_table.py", "bench/__main__.py", "bench/original/__main__.py")
SCRIPTS = tuple(
    path.relative_to(PROJECT).as_posix() for folder in (".", *FOLDERS) for path in PROJECT.glob(f"{folder}/run_*")
)
IMPORT, LIGHT = ("import ", "from "), ("import os", "import sys")
# Runs a script, which waits a second for a table.
IMPATIENT = "import common, runpy; common.PATIENCE = 1; runpy.run_module('{}', run_name='__main__', alter_sys=True)"
# Runs each file, a script by its path and a module by its name, as another version does, and says by what it ends.
AS_ANOTHER_VERSION = """
import os, runpy, sys
sys.version_info, sys.version = (3, 10, 2), "3.10.2 (main)"
for name in sys.argv[1:]:
    sys.path[0] = os.path.abspath("." if name.startswith("bench") else os.path.dirname(name))
    try:
        runpy.run_path(name, run_name="__main__")
    except SystemExit as end:
        print(end.code)
    for module in [module for module in sys.modules if module.partition(".")[0] in ("common", "bench")]:
        del sys.modules[module]
"""


def shell(
    command: str, url: str | None = None, folder: Path = PROJECT, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a shell's command, in which Python is $PYTHON and the project's folder $PROJECT."""
    variables |= {"PYTHON": sys.executable, "PROJECT": str(PROJECT)}
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment(url, variables), capture_output=True, text=True
    )


def test_older_python_is_one_line_from_every_command_and_script() -> None:
    process = run("-c", AS_ANOTHER_VERSION, *COMMANDS, *SCRIPTS)
    assert process.stderr == ""
    line = "Python 3.11 or newer is needed, not 3.10.2: `make venv` makes .venv/bin/python of one"
    assert process.stdout.splitlines() == [line] * (len(COMMANDS) + len(SCRIPTS))
    for name in (*COMMANDS, *SCRIPTS, "common.py", "bench/errors.py", "bench/process.py", "remedies/common.py"):
        ast.parse((PROJECT / name).read_text(encoding="utf-8"), feature_version=(3, 8))


def test_command_can_tell_an_error_and_an_interrupt_from_its_first_import_on() -> None:
    for name in (*COMMANDS, "your_code.py"):
        imports = [line for line in (PROJECT / name).read_text("utf-8").splitlines() if line.startswith(IMPORT)]
        assert next(line for line in imports if line not in LIGHT).startswith("from bench.errors import"), name


@pytest.mark.parametrize(
    "script",
    [
        "remedies/run_sync_psycopg_stream.py",
        "relationships/run_sync_sqlalchemy_session_lazy.py",
        "writing/run_sync_psycopg_copy.py",
        "alternatives/run_async_asyncpg_fetch.py",
    ],
)
def test_script_is_run_by_its_path_from_any_folder(script: str, url: str, tmp_path: Path) -> None:
    process = run(PROJECT / script, url=url, folder=tmp_path)
    assert (process.returncode, process.stderr) == (0, "")
    assert "\nResult iteration end  - process memory: " in process.stdout


def test_endpoint_that_is_run_by_its_path_says_how_it_is_served(tmp_path: Path) -> None:
    line = error_line(run(PROJECT / "endpoints" / "json_array.py", folder=tmp_path))
    assert line == "an endpoint is served, and not run: `python -m uvicorn endpoints.json_array:app`"
    beside = run("-c", "import lines; print(lines.app.title)", folder=PROJECT / "endpoints")  # as uvicorn may find it
    assert (beside.stdout, beside.stderr) == ("FastAPI\n", "")


def test_script_s_name_hides_no_module_from_those_beside_it() -> None:
    others = {*sys.stdlib_module_names, *packages_distributions()}
    for folder in (".", *FOLDERS, "endpoints"):
        assert not others & {path.stem for path in (PROJECT / folder).glob("*.py")}, folder


def test_python_that_may_not_look_beside_the_script_finds_the_project(url: str, tmp_path: Path) -> None:
    venv.create(tmp_path, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(tmp_path)}))
    (packages / "packages.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")  # what is installed here
    commands = ("-I your_table.py data --layers tuple --rows 5", "-P setup_db.py --help", "-P your_code.py --help")
    for arguments in (*commands, "-P remedies/run_sync_psycopg_stream.py"):
        if arguments not in commands:
            (packages / "project.pth").write_text(f"{PROJECT}\n", encoding="utf-8")  # as the Makefile writes it
        process = shell(f"{tmp_path}/bin/python {arguments}", url=url, PYTHONSAFEPATH="1")
        assert process.returncode == 0, process.stderr


def test_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    for script in ("run_sync_psycopg.py", "your_table.py", "remedies/run_sync_psycopg_stream.py"):
        (tmp_path / "gone").mkdir()
        process = shell(f'cd gone && rmdir ../gone && exec "$PYTHON" "$PROJECT/{script}"', folder=tmp_path)
        assert error_line(process).startswith("the working folder cannot be used: No such file or directory: change")


def test_few_files_that_may_be_open_are_one_line(url: str) -> None:
    for most, arguments in ((4, "run_sync_psycopg.py"), (6, "run_async_sqlalchemy_session.py")):
        process = shell(f'ulimit -n {most} && exec "$PYTHON" {arguments}', url=url)
        assert error_line(process).startswith("too many files are open at once: raise the limit, as by `ulimit -n")
    process = shell('ulimit -n 8 && exec "$PYTHON" your_table.py data --layers core', url=url)
    assert process.returncode == 1
    assert [line[:8] for line in process.stderr.splitlines() if "Core row" not in line] == ["too many"]


def test_implementation_that_psycopg_has_not_is_one_line() -> None:
    for arguments in (["setup_db.py"], ["run_sync_sqlalchemy_session.py"]):
        process = run(*arguments, url="postgresql://127.0.0.1:1/db", PSYCOPG_IMPL="zz")
        assert error_line(process) == "psycopg has not the implementation that PSYCOPG_IMPL names: unset it"


def test_no_folder_for_temporary_files_is_one_line(url: str) -> None:
    process = shell('ulimit -f 0 && exec "$PYTHON" your_table.py data --layers core', url=url)  # nothing can be written
    assert process.returncode == 1
    assert {line for line in process.stderr.splitlines() if "Core row" not in line} == {
        "no folder for temporary files can be used: let TMPDIR name one that is writable"
    }


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (MemoryError(), "no memory is left: end other processes"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "no memory is left: end other processes"),
        (BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)), "no further process or thread can be started: "),
        (RuntimeError("can't start new thread"), "no further process or thread can be started: "),
        (ImportError("no pq wrapper available.\nAttempts made:"), "psycopg finds no libpq: `make venv` installs it"),
        (BlockingIOError(errno.EAGAIN, "write could not complete without blocking"), ""),
        (TimeoutError(), ""),
    ],
)
def test_what_a_machine_is_short_of_is_one_line(error: BaseException, line: str) -> None:
    assert (explain(error) or "").startswith(line)
    assert bool(explain(error)) == bool(line)


@pytest.mark.parametrize(
    ("number", "file", "line"),
    [
        (errno.EACCES, "a/b", "cannot use a/b: Permission denied: let this user read and write it"),
        (errno.EROFS, "a", "cannot use a: Read-only file system: let this user read and write it"),
        (errno.ENOSPC, None, "cannot write a file: No space left on device: make room there, then run this again"),
        (errno.EFBIG, "a", "cannot write a: File too large: make room there, then run this again"),
        (errno.EPERM, None, None),  # of a process, say
        (errno.ENOENT, "a", None),
    ],
)
def test_file_that_cannot_be_used_is_one_line(number: int, file: str | None, line: str | None) -> None:
    assert explain_file(OSError(number, os.strerror(number), file)) == line


def test_narrow_terminal_shows_all_words() -> None:
    for arguments in (["setup_db.py", "--help"], ["-m", "remedies.run_sync_psycopg_stream", "--help"]):
        shown = [run(*arguments, COLUMNS=columns) for columns in ("1", "2", "3", "80")]
        assert {(process.returncode, process.stderr) for process in shown} == {(0, "")}
        assert len({"".join(process.stdout.split()) for process in shown}) == 1


def test_table_that_is_locked_is_one_line(url: str) -> None:
    stacks = ("async_asyncpg_fetch", "async_tortoise", "sync_django", "sync_polars_adbc")
    names = ("run_async_sqlalchemy_session", *(f"alternatives.run_{stack}" for stack in stacks))
    with locked(url), ExitStack() as stack:
        for process in [stack.enter_context(running("-c", IMPATIENT.format(name), url=url)) for name in names]:
            line = error_line(finished(process))
            assert line.startswith("a table is in use by another session at ")
            assert line.endswith(": end that session")


def test_script_that_waits_for_no_lock_is_not_ended() -> None:
    code = "import common, os, signal, time; common.PATIENCE = 1; common.start_tracing(); time.sleep(1.2)"
    code += "; print(signal.alarm(0) > 0, os.environ['PGCONNECT_TIMEOUT'])"
    ended = run("-c", code, url="postgresql://127.0.0.1:1/db")
    assert (ended.stdout, ended.stderr) == ("True 10\n", "")


def test_server_that_accepts_and_never_answers_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://user:password@127.0.0.1:{silent.getsockname()[1]}/db"
        for name in ("sync_adbc_arrow", "async_asyncpg_fetch"):  # by libpq; by asyncpg, which has a minute of its own
            process = run("-c", IMPATIENT.format(f"alternatives.run_{name}"), url=url, PGCONNECT_TIMEOUT="2")
            assert error_line(process).startswith("what listens does not answer at 127.0.0.1:")


@dataclass(frozen=True)
class Told:
    """A script that says what its environment tells an interpreter."""

    name = short = "told"
    stdin = b""

    @property
    def command(self) -> list[str]:
        told = "{name: value for name, value in os.environ.items() if name.startswith('PYTHON')}"
        return ["-c", f"import json, os; json.dump({told}, open(os.environ['MEMORY_JSON'], 'w'))"]


def test_what_the_environment_tells_an_interpreter_changes_no_figure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    for name in ("TRACEMALLOC", "SAFEPATH", "INSPECT", "DEVMODE"):
        monkeypatch.setenv(f"PYTHON{name}", "1")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    [outcome] = process.run([Job(Told())])
    assert outcome.output == {"PYTHONPATH": str(tmp_path), "PYTHONUTF8": "1"}


def test_tracing_begins_where_a_script_begins_it() -> None:
    code = "from bench import errors; import tracemalloc; print(tracemalloc.is_tracing())"
    assert run("-c", code, PYTHONTRACEMALLOC="25").stdout == "False\n"


def test_progress_that_cannot_be_written_changes_nothing(url: str) -> None:
    process = shell('"$PYTHON" your_table.py data --layers tuple --rows 5 2>/dev/full', url=url)
    assert process.returncode == 0
    assert "\n| psycopg, tuple" in process.stdout
