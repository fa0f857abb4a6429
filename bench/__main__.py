"""Measure what the studies ask, and print it; or store it and rewrite the pages; or check that nothing is stale."""

from bench.errors import UserError, explain, note, number, parser

# Any import below may be the first to fail, or to be interrupted.
# isort: split
import argparse
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench import results
from bench.digests import Snapshot
from bench.faults import PACKAGES
from bench.look import pages
from bench.look.tables import print_sentence
from bench.results import Results
from bench.studies.study import COSTS, STUDIES, Study, shown
from bench.unfinished import Unfinished, forget

PANDAS = "pandas"


def main() -> int:
    options = parser(__doc__, prog="python -m bench")
    options.add_argument("names", metavar="NAME", nargs="*", help=f"{', '.join(STUDIES)} (all)")
    options.add_argument("--only", metavar="PATTERN", default="", help="the scenarios whose name contains PATTERN")
    options.add_argument("--repeats", metavar="N", type=number(1000), help="runs of what varies (2 or 1; in full, 3)")
    options.add_argument("--full", action="store_true", help="also native memory, other stacks, and all shapes")
    options.add_argument("--wide", action="store_true", help="in a terminal: print every column")
    options.add_argument("--write", action="store_true", help="measure what is stale, in full; rewrite the pages")
    options.add_argument(
        "--all", action="store_true", help="measure what is not stale, or was measured before a run was ended"
    )
    options.add_argument("--check", action="store_true", help="measure nothing: fail where something is stale")
    arguments = options.parse_args()
    for signalled in (signal.SIGTERM, signal.SIGHUP):  # what was made for the measurement is removed, as after Ctrl-C
        signal.signal(signalled, signal.default_int_handler)
    if unknown := [name for name in arguments.names if name not in STUDIES]:
        raise UserError(f"there is no study {unknown[0]!r}; there are: {', '.join(STUDIES)}")
    if arguments.check and (arguments.write or arguments.only or arguments.names):
        options.error("--check goes alone, for the pages are made of all studies")
    if arguments.check:
        return check()
    # Of pandas' scripts, only what is stale needs it, for the tests do without.
    if arguments.write and (
        missing := next((name for name in PACKAGES if name != PANDAS and not find_spec(name)), None)
    ):
        raise UserError(without(missing))
    studies = [STUDIES[name] for name in dict.fromkeys(arguments.names or STUDIES)]
    chosen = {study: [name for name in study.names if arguments.only in name] for study in studies}
    if not any(chosen.values()):
        names = ", ".join(dict.fromkeys(name for study in studies for name in study.names))
        raise UserError(f"no scenario's name contains {arguments.only!r}; there are: {names}")
    run(chosen, arguments)
    return 0


def run(chosen: dict[Study[Any], list[str]], arguments: argparse.Namespace) -> None:
    """Measure these names of each study; with --write, those that are stale, and store and show them."""
    if arguments.all:
        forget()
    for study, names in chosen.items():
        if not names:
            continue
        if not arguments.write:
            measured(study, names, arguments)
            continue
        stored, stale = to_measure(study, names, everything=arguments.all)
        if any(PANDAS in name for name in stale) and not find_spec(PANDAS):
            raise UserError(without(PANDAS))
        if stale:
            results.write(study.name, measured(study, stale, arguments, stored))
    forget()
    if arguments.write:
        pages.write(expected())
    else:
        print_sentence(f"\n{whose()}")


def without(package: str) -> str:
    return f"what is published needs every package: {explain(ModuleNotFoundError(name=package))}"


def whose() -> str:
    """Return which Python these figures are of, and which one those of the pages, if that is another."""
    here = results.here()["python"]
    try:
        other = results.load(COSTS.name).header["python"]
    except UserError:
        other = here
    return f"These figures are of {here}{'' if other == here else f'; those of the pages are of {other}'}."


def to_measure(study: Study[Any], names: list[str], everything: bool) -> tuple[Results | None, list[str]]:
    """Return the stored results that stay, and which of the names to measure; say which, and why.

    None stays where all are measured. That has to be where the stored ones are of no use or of other conditions. Raises
    UserError where only some were asked for then.
    """
    try:
        stored = results.load(study.name).only(study.names)
        reasons = stored.stale(study.names, Snapshot.now())
        difference = stored.otherwise(results.here(stored.header["versions"]))
        why = f"it was measured with {difference}" if difference else ""
    except UserError as error:
        stored, reasons, why = None, dict.fromkeys(study.names, ""), str(error)
    stale = [name for name in names if everything or name in reasons]
    if stale and why:
        if names != list(study.names):
            raise UserError(f"{study.name} has to be measured whole, without --only: {why}")
        note(f"{study.name}: all of it is measured: {why}")
        return None, names
    for line in by_reason({name: reasons.get(name, "is measured as asked") for name in stale}):
        note(f"{study.name}: {line}")
    if skipped := len(names) - len(stale):
        note(f"{study.name}: {skipped} of {len(names)} skipped: nothing that decides them has changed")
    return None if stale == list(study.names) else stored, stale


def measured(
    study: Study[Any], names: list[str], arguments: argparse.Namespace, known: Results | None = None
) -> Results:
    """Measure and print; return the results that were known with the new ones. Raises UserError."""
    before = Snapshot.now()  # a file may change meanwhile
    for new in study.measuring.measure(names, arguments.repeats, arguments.full or arguments.write, Unfinished):
        latest = results.of(new, f"bench.studies.{study.name}.measure", before)
        known = known.joined(latest) if known else latest
        for table in study.tables(known, new):
            table.print(wide=arguments.wide)
        sys.stdout.flush()
    if not known:
        raise UserError("nothing was measured")
    return known.only(study.names)


def expected() -> dict[Path, str]:
    """Return the text of every page and chart, as they follow from what is stored. Raises UserError."""
    return pages.files(*shown())


def by_reason(reasons: dict[str, str]) -> list[str]:
    names: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        names.setdefault(reason, []).append(name)
    return [
        f"{alike[0]}{f' (and {len(alike) - 1} more)' if len(alike) > 1 else ''} {reason}"
        for reason, alike in names.items()
    ]


def check() -> int:
    now = Snapshot.now()
    stale = []
    for study in STUDIES.values():
        reasons = results.load(study.name).stale(study.names, now)
        stale += [f"bench/results/{study.name}.json: {line}: {results.AGAIN}" for line in by_reason(reasons)]
    stale = stale or pages.differences(expected())
    for line in stale:
        note(line)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
