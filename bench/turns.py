"""What scripts cost: each runs on the whole table and on one of one row, under each instrument, and is timed in turns.

Scripts are timed one after the other, again and again, so that a drift of the machine hits all alike: in one turn all
that is compared with a scenario, or with what is compared with it, and so on, and the scenario itself.
"""

from collections.abc import Sequence
from typing import Any, TypedDict

from bench import process
from bench.database import server_version
from bench.errors import UserError
from bench.process import Progress, unseen
from bench.runs import NATIVE, TRACED, UNTRACED, Job, Line, Measured, Outcome, Process, Run, seconds
from bench.scripts import Scenario
from common import database_url

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


def jobs(
    scenarios: Sequence[Scenario], repeats: int, one_row: str, native: Sequence[Scenario] = ()
) -> tuple[list[Job], list[Job]]:
    """Return the processes that may run side by side, and those that are timed, each of which runs alone.

    What is traced does not vary from run to run, so it runs once.
    """
    together = []
    for url in ("", one_row):
        together += [Job(one, NATIVE, module="bench.native", url=url) for one in native]
        together += [Job(one, TRACED, url=url) for one in scenarios]
    turns: dict[Scenario | None, list[Scenario]] = {}
    for one in scenarios:
        turns.setdefault(one.origin if one.compared_with else None, []).append(one)
    return together, [job for turn in turns.values() for job in _in_turn(turn, one_row) * repeats]


def _in_turn(turn: Sequence[Scenario], one_row: str) -> list[Job]:
    """Return the timed processes of one turn: first that of what is compared with, where it is not among them."""
    references = dict.fromkeys(one.compared_with for one in turn if one.compared_with not in (None, *turn))
    return [
        *(Job(one, UNTRACED, reference=True) for one in references if one),
        *(Job(one, UNTRACED, url=url) for one in turn for url in ("", one_row)),
    ]


def measure(
    scenarios: Sequence[Scenario],
    repeats: int,
    one_row: str,
    native: Sequence[Scenario] = (),
    timed: bool = True,
    progress: Progress = unseen,
) -> tuple[dict[str, Measured], list[str]]:
    """Return what is stored of each script, by name, and a line for each that has failed.

    `one_row` is the URL of the table of one row; memray runs those of `native`, too. Unless they are `timed`, all run
    together. Raises UserError where the table changes meanwhile, or has one row only.
    """
    together, alone = jobs(scenarios, repeats, one_row, native)
    side_by_side, by_turns = (together, alone) if timed else ([*together, *alone], [])
    outcomes = process.run(side_by_side, by_turns, progress=progress)
    found, server = {}, server_version(database_url())
    for one in scenarios:
        own = [outcome for outcome in outcomes if outcome.job.script == one and not outcome.job.reference]
        before = _timed(outcomes, one.compared_with)
        if not any(outcome.error for outcome in (*own, *before)):
            found[one.name] = measured(one, own, before, server)
    return found, process.failures(outcomes)


def _timed(outcomes: Sequence[Outcome], scenario: Scenario | None) -> list[Outcome]:
    """Return a scenario's timed runs; those that ran to be compared with, if any did."""
    timed = [one for one in outcomes if one.job.script == scenario and one.job.kind == UNTRACED]
    return [one for one in timed if one.job.reference] or timed


def measured(scenario: Scenario, own: Sequence[Outcome], before: Sequence[Outcome], server: dict[str, str]) -> Measured:
    """Return what is stored of one script, made of its own runs, and of those of what it is compared with."""
    [traced] = [one for one in own if one.job.instrument == TRACED and not one.job.url]
    run: Run = traced.output
    if run["rows"] < 2:
        raise UserError("the table has one row, which is the fixed cost: run `python setup_db.py`")
    record = Record(
        all_rows=_runs([one for one in own if not one.job.url]),
        one_row=_runs([one for one in own if one.job.url]),
        compared=[seconds(one.output) for one in before],
        console="" if scenario.room else traced.console,
        lines=[] if scenario.room else [line for line in run["lines"] if line["size"] >= SMALLEST_LINE],
    )
    return Measured(record, run["rows"], run["versions"] | server, [*own, *before])


def _runs(outcomes: Sequence[Outcome]) -> Runs:
    def of(instrument: str) -> list[Any]:
        return [one.output for one in outcomes if one.job.instrument == instrument]

    [traced] = of(TRACED)
    return Runs(
        total=sum(line["size"] for line in traced["lines"]),
        packages=dict(sorted(traced["packages"].items(), key=lambda item: -item[1])),
        native=next((Native(python=one["python"], native=one["native"]) for one in of(NATIVE)), None),
        traced=_kept(traced),
        untraced=[_kept(run) for run in of(UNTRACED)],
    )


def _kept(run: Run) -> Process:
    return Process(checkpoints=run["checkpoints"], peak_rss=run["peak_rss"])
