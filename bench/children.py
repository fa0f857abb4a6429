"""Child processes, none of which outlives this one."""

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from bench.scripts import PROJECT


class Ended(NamedTuple):
    """A process that has ended: its exit code, and what it wrote to standard output and to standard error."""

    code: int
    console: str
    errors: str


class Children:
    """The processes that run now."""

    def __init__(self) -> None:
        """Begin with none."""
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def run(
        self, command: Sequence[str], variables: Mapping[str, str], stdin: str, watch: Callable[[int], None] | None
    ) -> Ended | None:
        """Run a command in the project's folder to its end, with further variables; None, if no other may start.

        `watch` is called with the process's number in a thread of its own, and returns when the process has ended.
        """
        child = self._start(command, variables)
        if not child:
            return None
        watcher = threading.Thread(target=watch or (lambda pid: None), args=[child.pid])
        watcher.start()
        console, errors = child.communicate(stdin)
        watcher.join()
        with self._lock:
            self._running.discard(child)
        return Ended(child.returncode, console, errors)

    def _start(self, command: Sequence[str], variables: Mapping[str, str]) -> subprocess.Popen[str] | None:
        with self._lock:
            if self._closed:
                return None
            child = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=os.environ | variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
            )
            self._running.add(child)
        return child

    def kill(self) -> None:
        """End every process at once, and let no other start."""
        with self._lock:
            self._closed = True
            for child in self._running:
                child.kill()
