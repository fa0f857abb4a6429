"""Progress on standard error: a bar in a terminal, else a line per process."""

import sys
import threading
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.errors import note
from bench.runs import Job, Outcome


class Bar:
    """What runs now and the time left."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._started = 0
        self._lock = threading.Lock()
        columns = (BarColumn(20), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> "Bar":
        if sys.stderr.isatty():
            self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        if sys.stderr.isatty():  # else it would print an empty line
            self._bar.stop()

    def started(self, name: str) -> None:
        with self._lock:  # processes start in several threads
            self._started += 1
            self._bar.update(self._task, description=name)
            if not sys.stderr.isatty():
                note(f"{self._started}/{self.total} {name}")

    def known(self, jobs: Sequence[Job]) -> Sequence[Outcome | None]:
        return [None] * len(jobs)

    def finished(self, outcome: Outcome) -> None:
        self._bar.advance(self._task)
