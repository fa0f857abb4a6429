"""Who may read when: processes start and trace side by side, but one whose time counts reads alone."""

import fcntl
import os


class Turns:
    """A process's place among those that share a file: its lock ends with the process, however that ends."""

    def __init__(self, path: str) -> None:
        """Take part beside others, as soon as none reads alone. Without a path there are no others."""
        self._file = os.open(path, os.O_RDONLY) if path else None
        self._wait(fcntl.LOCK_SH)

    def alone(self) -> None:
        """Wait until no other takes part, and let none begin."""
        self._wait(fcntl.LOCK_EX)

    def beside_others(self) -> None:
        self._wait(fcntl.LOCK_SH)

    def _wait(self, operation: int) -> None:
        if self._file is not None:
            fcntl.flock(self._file, operation)
