"""Measure what the studies ask, and print it; or store it and rewrite the pages; or check that nothing is stale."""

import argparse
import importlib
import signal
import sys
from collections.abc import Callable, Container, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from errors import UserError, number, parser
from report import pages
from report.tables import Table
from runner import results
from runner.results import Parts
from runner.scenarios import PROJECT
from studies import STUDIES


class Study(Protocol):
    """What every module in STUDIES has; its meaning is in `studies/__init__.py`."""

    NAME: str
    __file__: str | None
    sources: Callable[[], Mapping[str, list[Path]]]
    measure: Callable[[Container[str], int | None, bool], Iterator[Parts]]
    tables: Callable[[Parts, Container[str]], list[Table]]
    summary: Callable[[Parts, Container[str]], list[Table]]
    blocks: Callable[[Parts], dict[str, str]]
    charts: Callable[[Parts], dict[str, str]]


def study(name: str) -> Study:
    """Return the study of that name."""
    found: Study = importlib.import_module(f"studies.{name}")
    return found


def sources(one: Study) -> dict[str, list[Path]]:
    """Return the files that decide each of a study's parts: those that it names, and its own."""
    own = Path(str(one.__file__)).relative_to(PROJECT)
    return {name: [*files, own] for name, files in one.sources().items()}


def main() -> int:
    """Measure and print, or check; return the exit code."""
    options = parser(__doc__, prog="python -m studies")
    options.add_argument("names", metavar="NAME", nargs="*", help=f"{', '.join(STUDIES)} (all)")
    options.add_argument("--only", metavar="PATTERN", default="", help="the scenarios whose name contains PATTERN")
    options.add_argument("--repeats", metavar="N", type=number(1000), help="runs of what varies (3; in short 2 or 1)")
    options.add_argument("--wide", action="store_true", help="in a terminal: measure in full, print every column")
    options.add_argument("--write", action="store_true", help="measure what is stale; store it and rewrite the pages")
    options.add_argument("--all", action="store_true", help="with --write: measure what is not stale, too")
    options.add_argument("--check", action="store_true", help="measure nothing: fail where something is stale")
    arguments = options.parse_args()
    for signalled in (signal.SIGTERM, signal.SIGHUP):  # what was made for the measurement is removed, as after Ctrl-C
        signal.signal(signalled, signal.default_int_handler)
    if unknown := [name for name in arguments.names if name not in STUDIES]:
        raise UserError(f"there is no study {unknown[0]!r}; there are: {', '.join(STUDIES)}")
    chosen = [study(name) for name in dict.fromkeys(arguments.names or STUDIES)]
    if arguments.check and (arguments.write or arguments.only or arguments.names):
        options.error("--check goes alone, for the pages are made of all studies")
    if arguments.all and not arguments.write:
        options.error("--all goes with --write")
    if arguments.check:
        return check()
    found = [(one, [name for name in one.sources() if arguments.only in name]) for one in chosen]
    if not any(names for _, names in found):
        names = ", ".join(dict.fromkeys(name for one in chosen for name in one.sources()))
        raise UserError(f"no scenario's name contains {arguments.only!r}; there are: {names}")
    for one, wanted in found:
        known: Parts = {}
        if arguments.write:
            known, wanted = to_measure(one, wanted, everything=arguments.all)
        if wanted:
            known = measure(one, wanted, known, arguments)
            if arguments.write:
                pages.write({results.path(one.NAME): results.serialise(results.consistent(one.NAME, known))})
    if arguments.write:
        pages.write(expected())
    return 0


def to_measure(one: Study, wanted: list[str], everything: bool) -> tuple[Parts, list[str]]:
    """Return the stored parts that stay, and which of the wanted to measure; say what is skipped, and why."""
    decide = sources(one)
    try:
        stored = {name: part for name, part in results.load(one.NAME).items() if name in decide}
        reasons = results.stale(stored, decide)
    except UserError as error:
        print(f"{one.NAME}: all is measured: {error}", file=sys.stderr)
        return {}, list(decide)
    if everything:
        reasons = dict.fromkeys(decide, "is measured as asked")
    elif reasons:  # what stays must have been measured as the rest will be, to stand in one table with it
        reasons = results.foreign(stored, results.here()) | reasons
    chosen = [name for name in wanted if name in reasons]
    for name in chosen:
        print(f"{one.NAME}: {name} {reasons[name]}", file=sys.stderr)
    if skipped := len(wanted) - len(chosen):
        print(f"{one.NAME}: {skipped} of {len(wanted)} skipped: nothing that decides them has changed", file=sys.stderr)
    return stored, chosen


def measure(one: Study, names: list[str], known: Parts, arguments: argparse.Namespace) -> Parts:
    """Measure and print; return the parts that were known with the new ones, in the study's order."""
    short = sys.stdout.isatty() and not arguments.wide
    show = one.summary if short else one.tables
    before = {name: results.digests(files) for name, files in sources(one).items()}  # a file may change meanwhile
    for new in one.measure(names, arguments.repeats, arguments.write or not short):
        known = known | {name: part | {"sources": before[name]} for name, part in new.items()}
        for table in show(known, new):
            table.print(wide=arguments.wide)
        sys.stdout.flush()
    return {name: known[name] for name in one.sources() if name in known}


def expected() -> dict[Path, str]:
    """Return the text of every page and chart, as they follow from what is stored. Raises UserError."""
    blocks: dict[str, str] = {}
    charts: dict[str, str] = {}
    for name in STUDIES:
        one = study(name)
        stored = results.load(name)
        if missing := [part for part in one.sources() if part not in stored]:
            raise UserError(f"results/{name}.json: {missing[0]} was never measured: {results.AGAIN}")
        parts = results.consistent(name, {part: stored[part] for part in one.sources()})
        blocks |= one.blocks(parts)
        charts |= one.charts(parts)
    return pages.files(blocks, charts)


def check() -> int:
    """Print what is stale; return the exit code."""
    stale = []
    for name in STUDIES:
        for part, reason in results.stale(results.load(name), sources(study(name))).items():
            stale.append(f"results/{name}.json: {part} {reason}: {results.AGAIN}")
    stale = stale or pages.differences(expected())
    for line in stale:
        print(line, file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
