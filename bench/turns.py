"""What scripts cost: each runs on the whole table and on one of one row, under each instrument, and is timed in turns.

Scripts are timed one after the other, again and again, so that a drift of the machine hits all alike: in one turn all
that is compared with a scenario, or with what is compared with it, and so on, and the scenario itself.
"""

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from typing import Any, TypedDict

from bench import process
from bench.database import server_version
from bench.errors import UserError, explain, note
from bench.process import Progress, unseen
from bench.runs import NATIVE, TRACED, UNTRACED, Job, Measured, Outcome, Process, Run, seconds
from bench.scripts import Scenario
from common import Line, database_url

# A line below this many bytes is counted by its package only.
SMALLEST_LINE = 100_000


class Native(TypedDict):
    """What memray sees at the last row, in bytes: Python's side, and `malloc`'s."""

    python: int
    native: int


class Runs(TypedDict):
    """A script's runs on one table, in bytes: the total of its list, what each package holds, and the processes."""

    total: int
    packages: dict[str, int]
    native: Native | None
    traced: Process
    untraced: list[Process]


class Record(TypedDict):
    """What is stored of a script: its runs on both tables, what it printed, and the lines that hold the most.

    `compared` has the seconds of what it is compared with, run in turns with it. Only of the nine, the pages show what
    they print, and single lines.
    """

    all_rows: Runs
    one_row: Runs
    compared: list[float]
    console: str
    lines: list[Line]


def that_can_run(scenarios: Iterable[Scenario]) -> list[Scenario]:
    """Return those whose packages are all here; say which one is not."""
    able = []
    for scenario in scenarios:
        if missing := scenario.missing:
            note(f"{scenario.name} is left out: {_not_installed(missing)}")
        else:
            able.append(scenario)
    return able


def with_native(full: bool) -> bool:
    """Return whether native memory is to be measured, and can be; say why it cannot."""
    if full and not find_spec("memray"):
        note(f"native memory is left out: {_not_installed('memray')}")
        return False
    return full


def _not_installed(package: str) -> str:
    return explain(ModuleNotFoundError(name=package)) or f"{package} is not installed for this Python"


def jobs(
    scenarios: Sequence[Scenario],
    repeats: int,
    one_row: str,
    native: Sequence[Scenario] = (),
    traced_by: str = "",
) -> tuple[list[Job], list[Job]]:
    """Return the processes that may run side by side, and those that are timed, each of which runs alone.

    What is traced does not vary from run to run, so it runs once, by a module, if it is to be run by one.
    """
    together = []
    for url in ("", one_row):
        together += [Job(scenario, NATIVE, module="bench.native", url=url) for scenario in native]
        together += [Job(scenario, TRACED, module=traced_by, url=url) for scenario in scenarios]
    turns: dict[Scenario | None, list[Scenario]] = {}
    for scenario in scenarios:
        turns.setdefault(scenario.origin if scenario.compared_with else None, []).append(scenario)
    return together, [job for turn in turns.values() for job in _in_turn(turn, one_row) * repeats]


def _in_turn(turn: Sequence[Scenario], one_row: str) -> list[Job]:
    """Return the timed processes of one turn: first that of what is compared with, where it is not among them."""
    compared = dict.fromkeys(scenario.compared_with for scenario in turn)
    return [
        *(Job(scenario, UNTRACED, reference=True) for scenario in compared if scenario and scenario not in turn),
        *(Job(scenario, UNTRACED, url=url) for scenario in turn for url in ("", one_row)),
    ]


def measure(
    scenarios: Sequence[Scenario],
    repeats: int,
    one_row: str,
    native: Sequence[Scenario] = (),
    timed: bool = True,
    progress: Progress = unseen,
    traced_by: str = "",
    workers: int | None = None,
) -> tuple[dict[str, Measured], list[str]]:
    """Return what is stored of each script, by name, and a line for each that has failed.

    `one_row` is the URL of the table of one row; memray runs those of `native`, too. Unless they are `timed`, all run
    together. What is traced is run by the module `traced_by`, and so many `workers` run at once what is not timed.
    Raises UserError where the table changes meanwhile, or has one row only.
    """
    together, alone = jobs(scenarios, repeats, one_row, native, traced_by)
    side_by_side, by_turns = (together, alone) if timed else ([*together, *alone], [])
    outcomes = process.run(side_by_side, by_turns, progress=progress, workers=workers)
    records, server = {}, server_version(database_url())
    for scenario in scenarios:
        own = [outcome for outcome in outcomes if outcome.job.script == scenario and not outcome.job.reference]
        before = _timed(outcomes, scenario.compared_with)
        if not any(outcome.error for outcome in (*own, *before)):
            records[scenario.name] = measured(scenario, own, before, server)
    return records, process.failures(outcomes)


def _timed(outcomes: Sequence[Outcome], scenario: Scenario | None) -> list[Outcome]:
    """Return a scenario's timed runs; those that ran to be compared with, if any did."""
    timed = [outcome for outcome in outcomes if outcome.job.script == scenario and outcome.job.kind == UNTRACED]
    return [outcome for outcome in timed if outcome.job.reference] or timed


def measured(scenario: Scenario, own: Sequence[Outcome], before: Sequence[Outcome], server: dict[str, str]) -> Measured:
    """Return what is stored of one script, made of its own runs, and of those of what it is compared with."""
    [traced] = [outcome for outcome in own if outcome.job.instrument == TRACED and not outcome.job.url]
    run: Run = traced.output
    if run["rows"] < 2:
        raise UserError("the table has one row, which is the fixed cost: run `python setup_db.py`")
    record = Record(
        all_rows=_runs([outcome for outcome in own if not outcome.job.url]),
        one_row=_runs([outcome for outcome in own if outcome.job.url]),
        compared=[seconds(outcome.output) for outcome in before],
        console="" if scenario.room else traced.console,
        lines=[] if scenario.room else [line for line in run["lines"] if line["size"] >= SMALLEST_LINE],
    )
    return Measured(record, run["rows"], run["versions"] | server, [*own, *before])


def _runs(outcomes: Sequence[Outcome]) -> Runs:
    def of(instrument: str) -> list[Any]:
        return [outcome.output for outcome in outcomes if outcome.job.instrument == instrument]

    [traced] = of(TRACED)
    return Runs(
        total=sum(line["size"] for line in traced["lines"]),
        packages=dict(sorted(traced["packages"].items(), key=lambda package: -package[1])),
        native=next((Native(python=held["python"], native=held["native"]) for held in of(NATIVE)), None),
        traced=_kept(traced),
        untraced=[_kept(run) for run in of(UNTRACED)],
    )


def _kept(run: Run) -> Process:
    return Process(checkpoints=run["checkpoints"], peak_rss=run["peak_rss"])
