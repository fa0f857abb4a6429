"""Measure what every scenario, remedy and alternative costs on table data, group by group."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench import process, turns
from bench.database import one_row_table
from bench.errors import UserError
from bench.process import Progress, unseen
from bench.runs import Measured, bytes_of_values
from bench.scripts import Scenario
from bench.seeds import DATA

REMEDIES, ALTERNATIVES = "remedies", "alternatives"


def measure(
    names: Sequence[str], repeats: int | None, full: bool, progress: Progress = unseen
) -> Iterator[dict[str, Measured]]:
    """Yield the records of each group as soon as they are known. Raises UserError at the end where some have failed."""
    failures, counts, native = [], set(), turns.with_native(full)
    with one_row_table([DATA]) as one_row:
        for group in groups(names, full):
            group = turns.that_can_run(group)
            times = repeats or _repeats(group, full)
            records, failed = turns.measure(group, times, one_row, _parted(group, native), progress=progress)
            failures += failed
            counts |= {measured.rows for measured in records.values()}
            process.same_rows(counts)
            if records:
                yield {name: with_values(measured) for name, measured in records.items()}
    if failures:
        raise UserError("\n".join(dict.fromkeys(failures)))


def with_values(measured: Measured) -> Measured:
    return replace(measured, values=bytes_of_values(measured.rows))


def groups(names: Sequence[str], full: bool) -> list[list[Scenario]]:
    """Return the scripts room by room. In short, the alternatives are left out where others are asked for, too."""
    rooms: dict[str, list[Scenario]] = {}
    for scenario in map(Scenario, names):
        rooms.setdefault(scenario.room, []).append(scenario)
    if not full and len(rooms) > 1:
        rooms.pop(ALTERNATIVES, None)
    return list(rooms.values())


def _repeats(group: Sequence[Scenario], full: bool) -> int:
    return 3 if full else 1 if any(scenario.compared_with for scenario in group) else 2


def _parted(group: Sequence[Scenario], native: bool) -> list[Scenario]:
    """Return those whose native memory is measured, too, for that takes as long as all the rest."""
    return [scenario for scenario in group if native and scenario.room != REMEDIES]
