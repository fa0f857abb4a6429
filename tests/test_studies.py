"""The studies' command: what it measures, prints and refuses, what is stale, and that the pages cannot drift away."""

import re
import signal
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import psutil
import pytest

from bench import __main__ as command
from bench import digests, embedded_postgres, process, results, turns, unfinished
from bench.database import seed
from bench.digests import Deciding, Snapshot
from bench.errors import UserError
from bench.results import Results
from bench.runs import Job, Measured, Outcome
from bench.scripts import ALTERNATIVES, EVERYTHING, REMEDIES, SCENARIOS, Scenario
from bench.studies.costs import measure as costs
from bench.studies.costs.page import NAMES, figures
from bench.studies.study import COSTS, Study
from bench.unfinished import Unfinished
from tests import forks
from tests.support import ROWS, TIMEOUT, finished, query, refused, replace, run, running, store_costs, wait_until

PSYCOPG = "run_sync_psycopg.py"
# Matches one scenario and one remedy, so that few processes tell what both do.
CORE = "run_sync_sqlalchemy_engine"
# Matches this scenario alone.
EMPTY_MODELS = "run_sync_psycopg_pydantic_no_validation"
ONE_ROW = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'one_row%'"


def test_three_tables_in_markdown_where_the_output_is_no_terminal(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(process, "run", forks.run)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["", "costs", "--repeats", "1", "--only", CORE])
    monkeypatch.setenv("DATABASE_URL", url)
    assert not command.main()
    output, errors = capsys.readouterr()
    lines = output.splitlines()
    title = "| Synchronous SQLAlchemy Engine - Core | "
    assert sum(line.startswith(title) for line in lines) == 2
    assert sum("| Core with `yield_per` | Core | " in line for line in lines) == 1
    assert "| Scenario | Result Iteration End | Total Allocated Size | Main Memory Sources |" in lines
    assert lines[-1].startswith(f"These figures are of {results.here()['python']}")
    progress = errors.splitlines()
    kinds = [f"({kind}{table})" for kind in ("traced", "without tracing") for table in ("", ", one row")]
    assert progress[:4] == [f"{number}/4 Core {kind}" for number, kind in enumerate(kinds, 1)]
    jobs = [f"Core, yield_per {kind}" for kind in kinds]
    jobs.insert(2, "Core (without tracing, to compare with)")
    assert progress[4:] == [f"{number}/5 {job}" for number, job in enumerate(jobs, 1)]


@pytest.mark.parametrize("terminal", [True, False])
def test_same_work_whatever_the_output(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def measure(names: list[str], *rest: object) -> list[dict[str, Measured]]:
        asked.append((names, *rest))
        return []

    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    monkeypatch.setattr(costs, "measure", measure)
    options = Namespace(all=False, repeats=None, full=False, wide=False, write=False)
    with pytest.raises(UserError, match="nothing was measured"):
        command.measured(COSTS, list(NAMES), options)
    assert asked == [(list(NAMES), None, False, Unfinished)]


def test_what_a_run_had_measured_before_it_was_ended_is_measured_once(
    schema_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", schema_url)
    seed(schema_url, 10)
    kept, again, timed = (
        Job(Scenario(f"remedies.run_sync_psycopg_{name}")) for name in ("stream", "tuple_row", "args_row")
    )

    def run_again() -> tuple[list[str], list[Outcome]]:
        outcomes = process.succeeded(process.run([kept, again, again], [timed], progress=Unfinished))
        return capsys.readouterr().err.splitlines(), list(outcomes)

    said, first = run_again()
    assert [line.partition(" ")[0] for line in said] == ["1/4", "2/4", "3/4", "4/4"]
    said, second = run_again()
    assert re.fullmatch(
        r"1 of 4 are from \d{4}-\d\d-\d\d \d\d:\d\d, before a run was ended: --all measures them anew", said[0]
    )
    assert [line.partition(" ")[2] for line in said[1:]] == [str(again), str(again), str(timed)]
    assert second[0] == first[0]
    text = Snapshot.now().texts
    with monkeypatch.context() as patch:
        patch.setattr(Snapshot, "now", lambda: Snapshot({**text, "common.py": f"{text['common.py']}\nnew = 1"}))
        assert len(run_again()[0]) == 4
    seed(schema_url, 11)  # other rows
    assert len(run_again()[0]) == 4
    assert "1 of 4" in run_again()[0][0]
    unfinished.forget()
    assert len(run_again()[0]) == 4


def test_in_short_the_other_stacks_are_measured_only_where_nothing_else_is() -> None:
    everything = [list(group) for group in (SCENARIOS, REMEDIES, ALTERNATIVES)]
    assert costs.groups(NAMES, full=True) == everything
    assert costs.groups(NAMES, full=False) == everything[:2]
    assert costs.groups([one.name for one in ALTERNATIVES], full=False) == everything[2:]


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(turns, "find_spec", lambda name: None)
    monkeypatch.setattr(Scenario, "missing", "asyncpg")
    assert not turns.with_native(full=False)
    assert not turns.with_native(full=True)
    assert not turns.that_can_run([ALTERNATIVES[1]])
    assert capsys.readouterr().err.splitlines() == [
        "native memory is left out: memray is not installed for this Python: "
        "`make venv groups=full` installs it into .venv",
        f"{ALTERNATIVES[1].name} is left out: asyncpg is not installed for this Python: "
        "`make venv groups=alternatives` installs it into .venv",
    ]


def test_what_is_published_needs_every_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: name != "pyarrow")
    monkeypatch.setattr(sys, "argv", ["studies", "--write"])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(
        UserError, match=r"^what is published needs every package: pyarrow is not installed for this Pyt"
    ):
        command.main()


def test_a_pair_has_the_times_of_one_turn() -> None:
    """Not those of other turns, in which the machine may have been slower, nor those of the fixed cost."""
    stored = results.load("costs")
    dropped, streaming = (f"remedies.run_sync_sqlalchemy_session_{how}" for how in ("dropped", "streaming"))
    stored.records[dropped]["compared"] = [10.0, 12.0, 11.0]
    stored.records[streaming]["compared"] = [20.0, 20.0, 20.0]
    costs = figures(stored)
    orm, direct = costs.pair("run_sync_sqlalchemy_session", streaming), costs.pair(dropped, streaming)
    fixed = costs["run_sync_sqlalchemy_session"].fixed_seconds
    assert orm.seconds_before.value == pytest.approx(11 - fixed)
    assert orm.seconds_before.spread > 0.1
    assert direct.seconds_before.value == pytest.approx(20 - costs[dropped].fixed_seconds)
    assert orm.after == direct.after == costs[streaming]
    unrelated = costs.pair("run_sync_psycopg", "run_sync_sqlalchemy_engine")
    assert unrelated.seconds_before == costs["run_sync_psycopg"].seconds
    del costs.by_name["run_sync_sqlalchemy_session"]  # type: ignore[attr-defined]
    assert [pair.before.scenario.name for pair in costs.pairs([direct.after.scenario, direct.before.scenario])] == [
        dropped
    ]


@pytest.fixture
def spoiled(copied: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the scripts be run that are in a copy of the project."""
    monkeypatch.setattr(process, "PROJECT", copied)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    return copied


def test_scenario_that_fails_is_named_and_the_others_still_run(
    spoiled: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of those that read through psycopg alone, which take the least time."""
    with (spoiled / "remedies" / "run_sync_psycopg_server_cursor.py").open("a") as script:
        script.write("raise SystemExit('broken on purpose')\n")
    line = refused(command.main, "costs", "--repeats", "1", "--only", "run_sync_psycopg_s", url=url)
    assert line == "remedies.run_sync_psycopg_server_cursor failed: broken on purpose"
    assert "Psycopg with `Cursor.stream`" in capsys.readouterr().out


def test_nothing_is_stored_where_a_scenario_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def measure(*_: object) -> Iterator[dict[str, Measured]]:
        yield {}
        raise UserError("broken on purpose")

    monkeypatch.setattr(costs, "measure", measure)
    monkeypatch.setattr(Study, "tables", lambda *_: [])
    monkeypatch.setattr(results, "of", lambda *_: results.Results(results.here(), {}, {}))
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(command, "find_spec", lambda name: True)  # whichever packages are here
    options = Namespace(repeats=1, full=False, wide=False, write=True, all=True)
    with pytest.raises(UserError, match="broken on purpose"):
        command.run({COSTS: list(NAMES)}, options)
    assert list(tmp_path.iterdir()) == []


def test_table_that_changes_between_two_runs(
    spoiled: Path, schema_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each run takes a row away, but not the only one of the other table, for an empty one is another error."""
    seed(schema_url, ROWS)
    with (spoiled / f"{EMPTY_MODELS}.py").open("a") as script:
        delete = "DELETE FROM data WHERE id = (SELECT min(id) FROM data HAVING count(*) > 1)"
        script.write(f"with psycopg.connect(database_url()) as connection:\n    connection.execute({delete!r})\n")
    line = refused(command.main, "costs", "--repeats", "1", "--only", EMPTY_MODELS, url=schema_url)
    assert re.match(r"a table changed between two runs \((1,99\d and )+", line)
    assert capsys.readouterr().out == ""


def test_server_that_goes_away_in_the_middle() -> None:
    with embedded_postgres.temporary_server() as url:
        seed(url, ROWS)
        with running("-m", "bench", "costs", "--only", EMPTY_MODELS, url=url) as process:
            assert process.stderr
            wait_until(lambda: process.stderr and process.stderr.readline().startswith("1/"))
            stop_server(url)
            ended = finished(process)
    assert ended.returncode == 1
    # Either a script's process finds it out first, or the command itself.
    assert re.search(r"^(\S*run_\S+ failed: .*|nothing listens at .*)\Z", ended.stderr.rstrip(), re.MULTILINE), (
        ended.stderr
    )
    assert "Traceback" not in ended.stderr


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
    with running("-m", "bench", "costs", url=url) as process:
        parent = psutil.Process(process.pid)
        wait_until(lambda: query(url, ONE_ROW) and parent.children())
        children = parent.children(recursive=True)
        process.send_signal(number)
        ended = finished(process)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines()[-1] == "interrupted"
    assert "Traceback" not in ended.stderr
    assert not any(child.is_running() for child in children)
    assert query(url, ONE_ROW) == []


def test_remedy_alone_is_shown_too() -> None:
    name = "remedies.run_sync_psycopg_tuple_row"
    alone = results.load("costs").only([name])
    titles = [row[0] for table in COSTS.tables(alone, [name]) for row in table.texts()]
    assert "Psycopg with plain tuples, its default" in titles


def test_table_that_changes_between_the_scenarios_and_the_remedies(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(scenarios: list[Scenario], *_: object, **__: object) -> tuple[dict[str, Measured], list[str]]:
        return {one.name: Measured({}, 5 if one in SCENARIOS else 6, {}, []) for one in scenarios}, []

    monkeypatch.setattr(costs, "one_row_table", lambda _: nullcontext(""))
    monkeypatch.setattr(turns, "measure", measure)
    with pytest.raises(UserError, match="a table changed between two runs"):
        list(costs.measure([scenario.name for scenario in EVERYTHING], 1, full=False))


def test_wrong_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    for arguments, message in (
        (["--only", "oracle"], "no scenario's name contains 'oracle'; there are: run_sync_psycopg, "),
        (["--repeats", "0"], "argument --repeats: '0' is not a number from 1 to 1,000"),
        (["--repeats", "x"], "argument --repeats: 'x' is not a number"),
        (["--unknown"], "unrecognized arguments: --unknown: see `python -m bench --help`"),
        (["speed"], "there is no study 'speed'; there are: costs, "),
        (["--check", "costs"], "--check goes alone"),
    ):
        assert refused(command.main, *arguments).startswith(message)


def measured_here(folder: Path) -> Results:
    """Say of all stored costs that they were measured here, for else they would have to be measured whole."""
    stored = results.load("costs")
    now = Snapshot.now()
    digests = {name: now.like(deciding) for name, deciding in stored.digests.items()}
    here = Results(results.header(ROWS, results.here()["versions"]), stored.records, digests)
    store_costs(folder, here)
    return here


def test_only_what_is_stale_is_measured_again(copied: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    measured_here(copied)
    replace(f"{EMPTY_MODELS}.py", "if not storage", "if len(storage) == 0")(copied)
    written = run("-m", "bench", "costs", "--repeats", "1", "--write", url=url, folder=copied)
    assert written.returncode == 0, written.stderr
    lines = written.stderr.splitlines()
    assert lines[:2] == [
        f"costs: {EMPTY_MODELS} is older than {EMPTY_MODELS}.py",
        f"costs: {len(NAMES) - 1} of {len(NAMES)} skipped: nothing that decides them has changed",
    ]
    kinds = [kind + table for table in ("", ", one row") for kind in ("native", "traced")]
    kinds += ["without tracing", "without tracing, one row"]
    assert lines[2:8] == [f"{number}/6 psycopg, empty models ({kind})" for number, kind in enumerate(kinds, 1)]
    monkeypatch.setattr(digests, "PROJECT", copied)
    monkeypatch.setattr(results, "RESULTS", copied / "bench" / "results")
    assert results.load("costs").stale(NAMES, Snapshot.now()) == {}


@pytest.fixture
def of_another_machine(monkeypatch: pytest.MonkeyPatch) -> Results:
    """Let the costs be stale, and measured by another Python."""
    stored = results.load("costs")
    header = results.here()
    header["python"] = "CPython 3.10.0"
    found = Results(
        header,
        stored.records,
        {name: Deciding(study={}, loaded={"gone.py": "0"}, versions={}) for name in stored.records},
    )
    monkeypatch.setattr(results, "load", lambda name: found)
    return found


def test_what_was_measured_otherwise_is_measured_whole(
    of_another_machine: Results, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.to_measure(COSTS, list(NAMES), everything=False) == (None, list(NAMES))
    why = f"it was measured with Python CPython 3.10.0, not {results.here()['python']}"
    assert capsys.readouterr().err == f"costs: all of it is measured: {why}\n"
    with pytest.raises(UserError, match=f"^costs has to be measured whole, without --only: {re.escape(why)}$"):
        command.to_measure(COSTS, [EMPTY_MODELS], everything=False)


def test_what_is_measured_whole_is_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it may have another number of rows."""
    stored = results.load("costs")
    now = Snapshot.now()
    here = Results(results.here(), stored.records, {name: now.like(stored.digests[name]) for name in NAMES})
    monkeypatch.setattr(results, "load", lambda name: here)
    assert command.to_measure(COSTS, list(NAMES), everything=True) == (None, list(NAMES))
    kept, names = command.to_measure(COSTS, [EMPTY_MODELS], everything=True)
    assert (kept, names) == (here, [EMPTY_MODELS])
    assert command.to_measure(COSTS, list(NAMES), everything=False) == (here, [])


def test_what_has_no_use_is_measured_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    assert command.to_measure(COSTS, list(NAMES), everything=False) == (None, list(NAMES))
    with pytest.raises(UserError, match=r"measured whole, without --only: bench/results/costs\.json is missing"):
        command.to_measure(COSTS, [EMPTY_MODELS], everything=False)


def test_whose_figures_these_are(of_another_machine: Results) -> None:
    here = results.here()["python"]
    assert command.whose() == f"These figures are of {here}; those of the pages are of CPython 3.10.0."
    of_another_machine.header["python"] = here
    assert command.whose() == f"These figures are of {here}."


def test_what_is_stale_for_one_reason_is_one_line() -> None:
    reasons = {"a": "is older than x.py", "b": "was never measured", "c": "is older than x.py"}
    assert command.by_reason(reasons) == ["a (and 1 more) is older than x.py", "b was never measured"]


def test_study_of_a_script_that_fails_is_one_line(spoiled: Path, url: str) -> None:
    with (spoiled / "run_sync_sqlalchemy_engine.py").open("a") as script:
        script.write("raise SystemExit('broken on purpose')\n")
    line = refused(command.main, "over_time", "--only", "run_sync_sqlalchemy_engine", url=url)
    assert line == "run_sync_sqlalchemy_engine failed: broken on purpose"


def test_record_that_was_never_measured_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = results.load("costs")
    del stored.records["run_sync_psycopg"]
    monkeypatch.setattr(results, "load", lambda name: stored)
    with pytest.raises(
        UserError, match=r"^bench/results/costs\.json: run_sync_psycopg was never measured: run `make readme`"
    ):
        COSTS.stored()
