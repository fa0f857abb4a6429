"""When statements were executed, and the largest memory by then: of all of few, of many of some."""

from __future__ import annotations

from typing import NamedTuple

MOST = 2_000
# Where the largest memory rose by such a share, it is remembered which statement that was.
RISE = 0.01


class Moment(NamedTuple):
    """When, how much the process has without its tracer, how much was the most by then, and how much is traced."""

    seconds: float
    rss: int
    peak: int
    traced: int


class Marks:
    """The executions of statements in time, and how many of each were under way at once."""

    def __init__(self) -> None:
        """Begin with none."""
        # When each began and ended, the largest memory by then, the statement's number, and which execution it was.
        self.told: list[tuple[float, float, int, int, int, int]] = []
        self._executed, self._every = 0, 2
        self._ends: dict[int, list[float]] = {}

    def add(self, began: Moment, now: Moment, number: int) -> int:
        """Remember an execution, and return how many of its statement were under way when it began, and itself."""
        self._executed += 1
        self.told.append((began.seconds, now.seconds, began.peak, now.peak, number, self._executed))
        if len(self.told) == MOST:
            self._forget()
        ends = [end for end in self._ends.get(number, ()) if end > began.seconds]
        self._ends[number] = [*ends, now.seconds]
        return len(ends) + 1

    def _forget(self) -> None:
        """Forget all but each second, fourth, … one, and those beside which the memory rose: they are few."""
        rise, last, kept = RISE * self.told[-1][3], len(self.told) - 1, self.told
        while len(kept) > MOST * 3 // 4:
            kept = [
                mark
                for place, mark in enumerate(self.told)
                if mark[5] % self._every == 1
                or place == last
                or self.told[place + 1][2] - self.told[place - 1][3] > rise
            ]
            self._every *= 2
        self.told = kept
