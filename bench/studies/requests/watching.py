"""What is seen inside the process that serves: its memory, its event loop, and its connections to the database."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

import psutil
from sqlalchemy import event
from sqlalchemy.pool import Pool

from bench.memory import reset_peak
from common import peak_rss

# Between two ticks of the event loop, in seconds.
TICK = 0.001
# So long does a process take to settle after its last response.
SETTLING = 0.05


class Seen(TypedDict):
    """What was seen for a while: the process's peak and what it had at the end, in bytes, more than at first of all.

    And the longest time that the event loop was blocked, and that a connection was held, in seconds; and how many
    connections were held at once.
    """

    peak: int
    after: int
    blocked: float
    held: float
    connections: int


class Watch:
    """It sees the process from the warm one on, which is how it was when this was made."""

    def __init__(self) -> None:
        """Look at every connection that a pool of SQLAlchemy's gives out from now on."""
        self._blocked = 0.0
        self._given_out: dict[Any, float] = {}
        self._held = [0.0]
        self._most = 0
        self.warm = 0
        event.listen(Pool, "checkout", self._checkout)
        event.listen(Pool, "checkin", self._checkin)

    def _checkout(self, connection: object, record: object, proxy: object) -> None:
        self._given_out[record] = time.perf_counter()
        self._most = max(self._most, len(self._given_out))

    def _checkin(self, connection: object, record: object) -> None:
        self._held.append(time.perf_counter() - self._given_out.pop(record))

    @property
    def connections(self) -> int:
        return len(self._given_out)

    async def tick(self) -> None:
        """Measure by how much the event loop is late, until this is cancelled."""
        while True:
            start = time.perf_counter()
            await asyncio.sleep(TICK)
            self._blocked = max(self._blocked, time.perf_counter() - start - TICK)

    @staticmethod
    def rss() -> int:
        """Return the process's resident set size in bytes."""
        return psutil.Process().memory_info().rss

    @contextmanager
    def seeing(self) -> Iterator[Seen]:
        """See what happens meanwhile; what that was is filled in at the end."""
        seen = Seen(peak=0, after=0, blocked=0.0, held=0.0, connections=0)
        self._blocked, self._held, self._most = 0.0, [0.0], self.connections
        reset_peak()
        yield seen
        time.sleep(SETTLING)
        after = self.rss()
        seen["peak"], seen["after"] = max(peak_rss(), after) - self.warm, after - self.warm
        seen["blocked"], seen["held"], seen["connections"] = self._blocked, max(self._held), self._most
