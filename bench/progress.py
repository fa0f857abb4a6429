"""Progress on standard error: a bar in a terminal, else a line per process."""

import sys
import threading

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.errors import note


class Bar:
    """What runs now and the time left."""

    def __init__(self, total: int) -> None:
        self._total = total
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
                note(f"{self._started}/{self._total} {name}")

    def finished(self) -> None:
        self._bar.advance(self._task)
