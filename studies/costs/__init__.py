"""What does a row cost in each scenario, what does each remedy change, and what does it cost with another stack?"""

import importlib.util
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from pathlib import Path

from errors import UserError
from report.tables import Table
from runner import processes, results
from runner.database import one_row_table
from runner.processes import NATIVE, TRACED, UNTRACED, Job, Outcome
from runner.progress import Bar
from runner.results import Parts
from runner.runs import Run, bare_data
from runner.scenarios import ALTERNATIVES, EVERYTHING, REMEDIES, SCENARIOS, Scenario
from studies.costs import answers, readme
from studies.costs import tables as shown
from studies.costs.figures import Figures, of_all

NAME = "costs"
# A line below this many bytes is told by its package only.
SMALLEST_LINE = 100_000
# What memray takes apart, too.
PARTED = SCENARIOS + ALTERNATIVES


def sources() -> dict[str, list[Path]]:
    """Return the files that decide each scenario's part, by its name."""
    native, packages = Path("runner", "native.py"), Path("requirements.txt")
    return {
        **{one.name: [*one.sources, native] if one in SCENARIOS else one.sources for one in EVERYTHING},
        **{one.name: [*one.sources, native, packages] for one in ALTERNATIVES},
    }


def measure(names: Container[str], repeats: int | None, full: bool) -> Iterator[Parts]:
    """Yield the parts of the scenarios, of the remedies and of the alternatives, each as soon as they are known.

    Sooner, for a terminal, the alternatives are measured only where nothing else is asked for. Raises UserError at the
    end where some have failed.
    """
    failures, counts = [], set()
    groups = [(SCENARIOS, 2), (REMEDIES, 1), (ALTERNATIVES, 1)]
    if not full and any(scenario.name in names for scenario in EVERYTHING):
        groups.pop()
    with one_row_table() as one_row:
        for group, quick in groups:
            chosen = [scenario for scenario in group if scenario.name in names and can_run(scenario)]
            parts, failed = measure_group(chosen, repeats or (3 if full else quick), one_row, full=full)
            failures += failed
            counts |= {part["rows"] for part in parts.values()}
            processes.same_rows(counts)
            if parts:
                yield parts
    if failures:
        raise UserError("\n".join(failures))


def can_run(scenario: Scenario) -> bool:
    """Return whether all of the scenario's packages are here; say which one is not."""
    if missing := scenario.missing:
        print(f"{scenario.name} is left out: {missing} is not installed for this Python", file=sys.stderr)
    return not missing


def jobs(scenarios: Sequence[Scenario], repeats: int, one_row: str, full: bool) -> tuple[list[Job], list[Job]]:
    """Return the processes that may run side by side, and those that are timed, each of which runs alone.

    Each script runs on both tables. What is traced does not vary from run to run, so it runs once. Scenarios take
    turns, so that drift hits all alike.
    """
    native = full and importlib.util.find_spec("memray")  # it takes as long as all the rest
    parted = [scenario for scenario in scenarios if native and scenario in PARTED]
    together = []
    for url in ("", one_row):
        together += [Job(scenario, NATIVE, module="runner.native", url=url) for scenario in parted]
        together += [Job(scenario, TRACED, url=url) for scenario in scenarios]
    alone = [
        Job(scenario, UNTRACED, url=url) for _ in range(repeats) for scenario in scenarios for url in ("", one_row)
    ]
    return together, alone


def measure_group(
    scenarios: Sequence[Scenario], repeats: int, one_row: str, full: bool = True, timed: bool = True
) -> tuple[Parts, list[str]]:
    """Return the parts by scenario, and a line for each that has failed. Unless they are `timed`, all run together."""
    together, alone = jobs(scenarios, repeats, one_row, full)
    with Bar(len(together) + len(alone)) as bar:
        outcomes = processes.run(*((together, alone) if timed else ([*together, *alone], [])), bar)
    parts, failures = {}, []
    for scenario in scenarios:
        own = [outcome for outcome in outcomes if outcome.job.scenario == scenario]
        if error := next((outcome.error for outcome in own if outcome.error), ""):
            failures.append(f"{scenario.name} failed: {error}")
        else:
            parts[scenario.name] = _part(scenario, own)
    return parts, failures


def _part(scenario: Scenario, outcomes: Sequence[Outcome]) -> results.Part:
    [traced] = [one.output for one in outcomes if one.job.instrument == TRACED and not one.job.url]
    if traced["rows"] < 2:
        raise UserError("table data has one row, which is what is paid once: run `python setup_db.py`")
    return results.part(
        traced["rows"],
        traced["versions"],
        bare=bare_data(traced["rows"]),
        lines=[line for line in traced["lines"] if line["size"] >= SMALLEST_LINE],
        whole=_said([outcome for outcome in outcomes if not outcome.job.url]),
        once=_said([outcome for outcome in outcomes if outcome.job.url]),
        console=traced["console"],
    )


def _said(outcomes: Sequence[Outcome]) -> Run:
    """Return what is kept of a script's runs on one of the two tables."""
    by_instrument = {
        instrument: [outcome.output for outcome in outcomes if outcome.job.instrument == instrument]
        for instrument in (TRACED, UNTRACED, NATIVE)
    }
    [traced] = by_instrument[TRACED]
    native = next(iter(by_instrument[NATIVE]), None)
    return {
        "total": sum(line["size"] for line in traced["lines"]),
        "packages": dict(sorted(traced["packages"].items(), key=lambda item: -item[1])),
        "native": native and {key: native[key] for key in ("python", "native", "traced")},
        "traced": _kept(traced),
        "untraced": [_kept(run) for run in by_instrument[UNTRACED]],
    }


def _kept(run: Run) -> Run:
    return {"checkpoints": run["checkpoints"], "peak_rss": run["peak_rss"]}


def tables(parts: Parts, new: Container[str]) -> list[Table]:
    """Return the tables of what is new among the parts."""
    return _tables(parts, new, (shown.overview, shown.costs), shown.remedies, shown.stacks)


def summary(parts: Parts, new: Container[str]) -> list[Table]:
    """Return the same for a terminal: a line for each scenario, and the few figures that answer the question."""
    return _tables(parts, new, (shown.short_costs,), shown.short_remedies, shown.short_stacks)


def _tables(
    parts: Parts,
    new: Container[str],
    of_scenarios: Iterable[Callable[[Sequence[Figures]], Table]],
    of_remedies: Callable[[shown.Pairs], Table],
    of_stacks: Callable[[Sequence[Figures]], Table],
) -> list[Table]:
    figures = of_all(parts)
    scenarios, remedies, alternatives = (
        [figures[one.name] for one in group if one.name in new] for group in (SCENARIOS, REMEDIES, ALTERNATIVES)
    )
    pairs = shown.remedied(figures, remedies)
    # What it is compared with was not measured: it stands by itself.
    scenarios += [one for one in remedies if one.scenario.fields["Instead of"] not in figures]
    return [
        *(table(scenarios) for table in of_scenarios if scenarios),
        *([of_remedies(pairs)] if pairs else []),
        *([of_stacks(alternatives)] if alternatives else []),
    ]


def blocks(parts: Parts) -> dict[str, str]:
    """Return README's blocks by their marker."""
    return readme.blocks(parts)


def charts(parts: Parts) -> dict[str, str]:
    """Return the charts' SVG by file name."""
    from studies.costs import bars  # it loads matplotlib, which only this needs

    figures = of_all(parts)
    scenarios = [figures[one.name] for one in SCENARIOS]
    return {
        "where-the-memory-is.svg": bars.where(scenarios),
        "what-tracing-adds.svg": bars.tracing(scenarios),
        "other-stacks.svg": bars.stacks(readme.stacks(figures), answers.wire_bytes(scenarios[0].rows)),
    }
