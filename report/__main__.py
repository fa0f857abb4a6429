"""Measure what a row costs in every scenario, each instrument in a fresh process of its own."""

from errors import UserError

import argparse
import sys
import threading
from contextlib import closing
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from report import measure, results, tables
from report.measure import Job, Measurement
from report.scenarios import EVERYTHING, SCENARIOS, Scenario


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line and exit code 1."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, without the usage."""
        sys.exit(f"{message}: see `{self.prog} --help`")


class Bar:
    """What runs now and the time left, on standard error; a line per process where that is no terminal."""

    def __init__(self, total: int) -> None:
        """Take the number of processes to come."""
        self._total = total
        self._started = 0
        self._lock = threading.Lock()
        columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
        self._bar = RichProgress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("", total=total)
        if sys.stderr.isatty():
            self._bar.start()

    def started(self, job: Job) -> None:
        """Show the job that runs now."""
        with self._lock:  # jobs start in several threads
            self._started += 1
            self._bar.update(self._task, description=str(job))
            if not sys.stderr.isatty():
                print(f"{self._started}/{self._total} {job}", file=sys.stderr)

    def finished(self, job: Job) -> None:
        """Show that one more is done."""
        self._bar.advance(self._task)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def positive(text: str) -> int:
    """Return an option's value as a number."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def chosen(pattern: str) -> list[Scenario]:
    """Return the scenarios whose name contains the pattern. Raises UserError where there is none."""
    found = [scenario for scenario in EVERYTHING if pattern in scenario.name]
    if not found:
        names = ", ".join(scenario.name for scenario in EVERYTHING)
        raise UserError(f"no scenario's name contains {pattern!r}; there are: {names}")
    return found


def main() -> int:
    """Measure and print, or check; return the exit code."""
    parser = Parser(prog="python -m report", description=__doc__)
    parser.add_argument("--only", metavar="PATTERN", default="", help="the scenarios whose name contains PATTERN")
    parser.add_argument("--repeats", metavar="N", type=positive, default=3, help="runs with and without tracing (3)")
    parser.add_argument(
        "--write", action="store_true", help="store the results; rewrite README's blocks and the charts"
    )
    parser.add_argument(
        "--check", action="store_true", help="measure nothing: fail where README is older than its sources"
    )
    arguments = parser.parse_args()
    if arguments.check:
        return check()
    measurements = run(chosen(arguments.only), arguments.repeats)
    records = [results.record(one) for one in measurements if not one.error]
    if records:
        print_tables([results.figures(record) for record in records])
    failed = [one for one in measurements if one.error]
    for one in failed:
        print(f"{one.scenario.name} failed: {one.error}", file=sys.stderr)
    if failed:
        return 1
    if arguments.write:
        write(records)
    return 0


def print_tables(figures: list[results.Figures]) -> None:
    """Print the two tables of the scenarios, and that of the remedies whose scenario was measured, too."""
    scenarios = [one for one in figures if one.scenario in SCENARIOS]
    if scenarios:
        tables.overview(scenarios).print()
        tables.costs(scenarios).print()
    table = tables.remedies(figures)
    if table.rows:
        table.print()


def run(scenarios: list[Scenario], repeats: int) -> list[Measurement]:
    """Measure with a progress bar."""
    with closing(Bar(len(measure.jobs(scenarios, repeats, measure.INSTRUMENTS)))) as bar:
        return measure.measure(scenarios, repeats, bar)


def write(records: list[results.Record]) -> None:
    """Store the results, and whatever follows from them and from those that were stored before."""
    from report import readme  # it draws: no child is to start from a process that has loaded matplotlib

    readme.store({record["scenario"]: record for record in records})


def check() -> int:
    """Print what is stale; return the exit code."""
    from report import readme

    stale = readme.check()
    for line in stale:
        print(line, file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
