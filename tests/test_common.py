"""The instrument: what it prints, what it writes, and that it stays out of what it measures."""

import json
import linecache
import os
import re
import sys
import sysconfig
import time
import tracemalloc
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import common
from bench.errors import UserError
from tests.support import PROJECT, ROWS, Measurement, measure, run

# The lightest, the one with C code that has no Python frame, and the one with every library.
PSYCOPG = "run_sync_psycopg.py"
CORE = "run_async_sqlalchemy_engine.py"
PYDANTIC = "run_async_sqlalchemy_engine_pydantic.py"
SCRIPTS = (PSYCOPG, CORE, PYDANTIC)
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
# Bytes: the tables of a tracer that does not run.
EMPTY_TRACER = 4096
TAKE_SNAPSHOT = """
import sys, tracemalloc
tracemalloc.start()
import asyncio, psycopg, sqlalchemy
rows = [(i, f"hello-{i}") for i in range(5_000)]
tracemalloc.take_snapshot().dump(sys.argv[1])
"""


def source_of(line: dict[str, Any]) -> str:
    """Return the stripped source of a line in the JSON, whose path is a shortened one."""
    paths = (str(Path(folder) / line["file"]) for folder in (PROJECT, sys.prefix, sys.base_prefix))
    return next((source.strip() for path in paths if (source := linecache.getline(path, line["line"]))), "")


def console_of(measurement: dict[str, Any]) -> str:
    """Return the console in the original's format, made from the JSON's bytes."""
    lines = [
        f"{checkpoint['label']}  - process memory: {checkpoint['rss'] / 2**20:.1f} Mib  - trace_malloc: "
        f"current={checkpoint['traced'] / 2**20:.1f} MiB, peak={checkpoint['traced_peak'] / 2**20:.1f} MiB"
        for checkpoint in measurement["checkpoints"]
    ]
    sizes = [line["size"] for line in measurement["lines"]]
    lines += ["", "Top 10 lines for memory allocation"]
    for index, line in enumerate(measurement["lines"][:10]):
        lines.append(f"#{index + 1}: {line['file']}:{line['line']}: {line['size'] / 2**20:.1f} MiB")
        lines += [f"    {source}"] if (source := source_of(line)) else []
    lines.append(f"{len(sizes[10:])} other: {sum(sizes[10:]) / 2**20:.1f} MiB")
    lines.append(f"Total allocated size: {sum(sizes) / 2**20:.1f} MiB")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("script", SCRIPTS)
def test_console_says_what_the_json_says(url: str, script: str) -> None:
    measurement = measure(script, url)
    assert measurement.console == console_of(measurement.json)


def test_console_has_the_format_of_the_original(url: str) -> None:
    figure = r"\d+\.\d"
    checkpoint = rf"  - process memory: {figure} Mib  - trace_malloc: current={figure} MiB, peak={figure} MiB\n"
    checkpoints = "".join(
        label + checkpoint for label in ("Start", "After imports", "Result iteration start", "Result iteration end")
    )
    allocation = rf"#\d+: .+:\d+: {figure} MiB\n(    \S.*\n)?"
    pattern = (
        rf"{checkpoints}\nTop 10 lines for memory allocation\n({allocation}){{10}}"
        rf"\d+ other: {figure} MiB\nTotal allocated size: {figure} MiB\n"
    )
    assert re.fullmatch(pattern, measure(PSYCOPG, url).console)


def test_paths_in_the_console_are_short(url: str) -> None:
    console = measure(PSYCOPG, url).console
    assert f"./{PSYCOPG}:" in console
    assert str(PROJECT) not in console
    assert sys.base_prefix not in console


@pytest.mark.parametrize("script", SCRIPTS)
def test_json_is_complete(url: str, script: str) -> None:
    measurement = measure(script, url).json
    assert set(measurement) == {"rows", "peak_rss", "checkpoints", "lines", "packages", "versions"}
    assert measurement["rows"] == ROWS
    for checkpoint in measurement["checkpoints"]:
        assert set(checkpoint) == {"label", "seconds", "rss", "traced", "traced_peak", "tracer"}
        # Linux adds up the pages of each thread and core now and then only (proc(5): VmRSS "is inaccurate").
        assert 0 < checkpoint["rss"] <= measurement["peak_rss"] + 2**18
        assert checkpoint["traced"] <= checkpoint["traced_peak"]
    seconds = [checkpoint["seconds"] for checkpoint in measurement["checkpoints"]]
    assert seconds == sorted(set(seconds))
    for line in measurement["lines"]:
        assert set(line) == {"file", "line", "size", "allocations"}
        assert line["size"] >= 0
        assert line["allocations"] > 0


@pytest.mark.parametrize("script", SCRIPTS)
def test_tracing_starts_after_the_imports(url: str, script: str) -> None:
    traced = {
        checkpoint["label"]: (
            checkpoint["traced"] > 0,
            checkpoint["traced_peak"] > 0,
            checkpoint["tracer"] > EMPTY_TRACER,
        )
        for checkpoint in measure(script, url).json["checkpoints"]
    }
    before = {"Start", "After imports"}
    assert traced == {label: (label not in before,) * 3 for label in traced}


@pytest.mark.parametrize("script", SCRIPTS)
def test_packages_sum_to_lines_and_lines_to_the_traced_memory(url: str, script: str) -> None:
    measurement = measure(script, url).json
    total = sum(line["size"] for line in measurement["lines"])
    assert sum(measurement["packages"].values()) == total
    # Less what the import system's own lines hold, and what is freed between the checkpoint and the list.
    assert 0.5 < total / measurement["checkpoints"][-1]["traced"] <= 1.1
    assert {"psycopg", "standard library", "script"} < set(measurement["packages"])


@pytest.mark.parametrize(
    ("script", "libraries"),
    [(PSYCOPG, {"psutil", "psycopg"}), (PYDANTIC, {"greenlet", "psutil", "psycopg", "pydantic", "sqlalchemy"})],
)
def test_json_has_the_versions_of_what_was_measured(url: str, script: str, libraries: set[str]) -> None:
    expected = {"python": sys.version.split()[0]} | {library: version(library) for library in libraries}
    assert expected.items() <= measure(script, url).json["versions"].items()
    assert not {"sqlalchemy", "pydantic"} & measure(PSYCOPG, url).json["versions"].keys()


def test_list_is_that_of_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    assert run("-c", TAKE_SNAPSHOT, path).returncode == 0
    snapshot = tracemalloc.Snapshot.load(str(path))
    # https://docs.python.org/3/library/tracemalloc.html#pretty-top, which also leaves out `<unknown>`.
    recipe = snapshot.filter_traces((tracemalloc.Filter(False, "<frozen importlib._bootstrap>"),))
    expected = [
        {
            "file": statistic.traceback[0].filename,
            "line": statistic.traceback[0].lineno,
            "size": statistic.size,
            "allocations": statistic.count,
        }
        for statistic in recipe.statistics("lineno")
    ]
    assert len(expected) > 1_000
    assert len(recipe.traces) < len(snapshot.traces)
    assert common.group_by_line(snapshot) == expected


def test_list_takes_less_time_than_that_of_the_recipe() -> None:
    """In turns, in the process's own time, which a busy machine does not lengthen."""
    tracemalloc.start()
    kept = [str(number) for number in range(50_000)]
    snapshot = tracemalloc.take_snapshot()
    tracemalloc.stop()
    assert len(snapshot.traces) > len(kept)
    took = {common.group_by_line: 0.0, as_the_recipe: 0.0}
    for _ in range(2):
        for way in took:
            start = time.process_time()
            way(snapshot)
            took[way] += time.process_time() - start
    assert took[common.group_by_line] < 0.7 * took[as_the_recipe]


def as_the_recipe(snapshot: tracemalloc.Snapshot) -> list[tracemalloc.Statistic]:
    """Group as https://docs.python.org/3/library/tracemalloc.html#pretty-top does, which filters every trace."""
    filters = (tracemalloc.Filter(False, "<frozen importlib._bootstrap>"),)
    return snapshot.filter_traces(filters).statistics("lineno")


def test_allocations_without_a_python_frame_are_listed(url: str) -> None:
    measurement = measure(CORE, url)
    unknown = [line for line in measurement.json["lines"] if line["file"] == "<unknown>"]
    assert [line["line"] for line in unknown] == [0]
    assert measurement.json["packages"]["<unknown>"] == unknown[0]["size"]
    assert re.search(r"^#\d+: <unknown>:0: \d+\.\d MiB\n(#|\d+ other)", measurement.console, re.MULTILINE)


def untraced(url: str) -> Measurement:
    return measure(PSYCOPG, url, tracing="off")


def test_tracing_off_has_the_same_checkpoints_and_no_list(url: str) -> None:
    lines = untraced(url).console.splitlines()
    assert [line.partition("  - ")[0] for line in lines] == measure(PSYCOPG, url).labels
    assert all(line.endswith("Mib  - trace_malloc: current=0.0 MiB, peak=0.0 MiB") for line in lines)


def test_tracing_off_measures_the_process_alone(url: str) -> None:
    measurement = untraced(url).json
    for checkpoint in measurement["checkpoints"]:
        assert checkpoint["traced"] == checkpoint["traced_peak"] == 0
        assert checkpoint["tracer"] <= EMPTY_TRACER
    assert (measurement["rows"], measurement["lines"], measurement["packages"]) == (ROWS, [], {})
    assert measurement["peak_rss"] >= max(checkpoint["rss"] for checkpoint in measurement["checkpoints"])


def test_tracing_stops_after_the_list(url: str) -> None:
    code = "import runpy, sys, tracemalloc; runpy.run_path(sys.argv.pop()); sys.exit(tracemalloc.is_tracing())"
    process = run("-c", code, PSYCOPG, url=url)
    assert process.returncode == 0, process.stderr
    assert "Total allocated size" in process.stdout


@pytest.mark.parametrize("name", [".", "missing/measurement.json"])
def test_json_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    path = str(tmp_path / name)
    monkeypatch.setenv("MEMORY_JSON", path)
    with pytest.raises(UserError, match=f"^cannot write {re.escape(path)}: .+: set MEMORY_JSON to another path$"):
        common.print_top_allocations(rows=1)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("{here}/run_sync_psycopg.py", "./run_sync_psycopg.py"),
        (
            "{here}/.venv/lib/python/site-packages/psycopg/cursor.py",
            "./.venv/lib/python/site-packages/psycopg/cursor.py",
        ),
        ("{here}-elsewhere/run_sync_psycopg.py", "{here}-elsewhere/run_sync_psycopg.py"),
        ("{prefix}/lib/site-packages/psycopg/cursor.py", "lib/site-packages/psycopg/cursor.py"),
        ("{base_prefix}/lib/python/collections/__init__.py", "lib/python/collections/__init__.py"),
        ("{prefix}-elsewhere/cursor.py", "{prefix}-elsewhere/cursor.py"),
        ("<unknown>", "<unknown>"),
        ("<frozen abc>", "<frozen abc>"),
    ],
)
def test_short_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, expected: str) -> None:
    monkeypatch.chdir(tmp_path)
    places = {"here": os.getcwd(), "prefix": sys.prefix, "base_prefix": sys.base_prefix}  # noqa: PTH109
    assert common.short_path(file.format_map(places)) == expected.format_map(places)


def test_short_path_of_the_standard_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert common.short_path(linecache.__file__) == f"lib/{PYTHON}/linecache.py"


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("/environment/lib/python3.12/site-packages/sqlalchemy/orm/identity.py", "sqlalchemy.orm"),
        ("/environment/lib/python3.12/site-packages/psycopg/cursor.py", "psycopg"),
        ("/environment/lib/python3.12/site-packages/typing_extensions.py", "typing_extensions"),
        ("/usr/lib/python3/dist-packages/psutil/_common.py", "psutil"),
        (linecache.__file__, "standard library"),
        (sysconfig.__file__, "standard library"),
        ("<frozen importlib._bootstrap_external>", "standard library"),
        ("<unknown>", "<unknown>"),
        ("<string>", "<string>"),
        (str(PROJECT / PSYCOPG), "script"),
        ("/home/me/my-packages/what-does-a-row-cost/run_sync_psycopg.py", "script"),
    ],
)
def test_package_of(file: str, expected: str) -> None:
    assert common.package_of(file) == expected


def test_importing_the_instrument_imports_nothing_under_test() -> None:
    process = run("-c", "import common, json, sys; print(json.dumps(list(sys.modules)))")
    modules = set(json.loads(process.stdout))
    assert {"common", "psutil"} <= modules
    assert not modules & {"asyncio", "greenlet", "psycopg", "pydantic", "sqlalchemy"}
    assert not modules & {"argparse", "logging"}  # each in every scenario's memory


def test_address_is_the_default_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert common.database_url() == "postgresql://user:password@localhost:54320/db"
    assert common.database_url("postgresql+psycopg") == "postgresql+psycopg://user:password@localhost:54320/db"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_address_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    rest = "me:a%40b@host:5433/name?options=-csearch_path%3Dmine"
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://{rest}")
    assert common.database_url() == f"postgresql://{rest}"
    assert common.database_url("postgresql+psycopg") == f"postgresql+psycopg://{rest}"


@pytest.mark.parametrize("end", ["\n", "\r\n", "?application_name=a\n"])
def test_address_with_a_line_break_is_refused(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://user:password@localhost/db{end}")
    with pytest.raises(UserError, match=r"^DATABASE_URL has a line break, at its end perhaps: write it without one$"):
        common.database_url()


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "nonsense",
        "postgresql:user",
        "mysql://user:password@localhost/db",
        "postgresql://user:password@localhost:port/db",
        "postgresql://localhost:port/db",
        "postgresql://user:password@[::1/db",
    ],
)
def test_malformed_address_is_refused(monkeypatch: pytest.MonkeyPatch, malformed: str) -> None:
    monkeypatch.setenv("DATABASE_URL", malformed)
    for scheme in ("postgresql", "postgresql+psycopg"):
        with pytest.raises(UserError, match=r"^DATABASE_URL is no PostgreSQL URL: write postgresql://"):
            common.database_url(scheme)


def test_several_hosts_are_refused_where_sqlalchemy_is(url: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    several = url.replace("@localhost:", f"@localhost:{port},localhost:")
    assert several != url
    assert run(PSYCOPG, url=several, MEMORY_TRACING="off").returncode == 0
    monkeypatch.setenv("DATABASE_URL", several)
    with pytest.raises(UserError, match=r"^DATABASE_URL names several hosts, .+ name one of them$"):
        common.database_url("postgresql+psycopg")
