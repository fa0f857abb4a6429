"""When a call's memory was at its peak, by its statements: a look comes late on a busy machine, they do not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Where so much of the peak's growth was reached, it was at its peak; with the last row so much, for lists may follow.
NEAR, NEAR_THE_LAST_ROW = 0.98, 0.9
BEFORE, EXECUTED, READ, AFTER = "before", "executed", "read", "after"


@dataclass(frozen=True)
class Phase:
    """Before the first statement; while one was executed, or its rows were read; or after, before the next one."""

    stage: str
    # Which one in time, of how many, and where it stands among the statements that are told apart.
    number: int
    marked: int
    statement: int | None


def phase_of(process: Mapping[str, Any], stated: Mapping[str, Any]) -> Phase | None:
    """Return the phase from the run of the process, and from that in which rows were counted; None where not known."""
    traced = "traced_peak" in process
    began = 0 if traced else process["began"]["peak"]
    highest = process["traced_peak"] if traced else process["returned"]["peak"]
    marks, reached = process["marks"], began + NEAR * (highest - began)
    if not marks or highest <= began:
        return None
    stage, number = _reached(marks, reached)
    executed = sum(one["times"] for one in process["statements"])  # of which not all are marked
    statement = _same(process["statements"], stated["statements"], marks[number - 1][4]) if number else None
    if stage == AFTER and statement is not None and not len(marks) == number < executed:
        read = stated["statements"][statement]
        if read["last_row"] and read["peak"] >= NEAR_THE_LAST_ROW * stated["traced_peak"]:
            stage = READ
    return Phase(stage, marks[number - 1][5] if number else 0, executed, statement)


def _same(statements: list[Any], others: list[Any], number: int) -> int | None:
    """Return which statement of another run one of this is: that of the same number, if it is of the same line."""
    told = [[one.get(name) for name in ("line", "verb", "relation")] for one in (statements[number], *others)]
    if number < len(others) and told[number + 1] == told[0]:
        return number
    return told.index(told[0], 1) - 1 if told[0] in told[1:] else None


def _reached(marks: list[Any], size: float) -> tuple[str, int]:
    for number, (_began, _ended, before, after, *_) in enumerate(marks, 1):
        if before >= size:
            return (AFTER if number > 1 else BEFORE), number - 1
        if after >= size:
            return EXECUTED, number
    return AFTER, len(marks)
