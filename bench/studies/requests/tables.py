"""What one request takes and ten at once; and what a reader does to it who is slow, or leaves."""

from collections.abc import Container, Sequence
from typing import Any

from bench.look.tables import Column, Table, mib, time
from bench.studies.requests.figures import Figures, Requests

ENDPOINT = Column[Figures]("Endpoint", "", lambda one: one.endpoint.title, lambda one: one.endpoint.short, text=True)
COLUMNS = (
    Column[Figures]("Peak, 1 request, MiB", "peak", lambda one: mib(one.peak)),
    Column[Figures]("Peak, 10 at once, MiB", "of 10", lambda one: mib(one.many["peak"])),
    Column[Figures]("Stays after 1, after 11, MiB", "stays", lambda one: ", ".join(map(mib, one.stays))),
    Column[Figures]("First byte, s", "first", lambda one: time(one.first)),
    Column[Figures]("Last byte, s", "last", lambda one: time(one.last)),
    Column[Figures]("Last byte of 10 at once, s", "of 10", lambda one: f"{one.last_of_many:.2f}"),
    Column[Figures]("Event loop blocked, ms", "blocked", lambda one: f"{1000 * one.blocked:.0f}"),
)
READERS = (
    Column[Figures]("Connection held, s", "held", lambda one: f"{one.held:.2f}"),
    Column[Figures]("10 at once: connections", None, lambda one: f"{one.many['connections']}"),
    Column[Figures]("held at the longest, s", None, lambda one: f"{one.many['held']:.2f}"),
    Column[Figures]("Slow client: waits to be sent, MiB", "waits", lambda one: mib(one.slow["waiting"])),
    Column[Figures]("connection held, s", "held", lambda one: f"{one.slow['held']:.2f}"),
    Column[Figures]("Client gone: given back after, s", "back", lambda one: given_back(one)),
)
NOTE = (
    "MiB: of the process, over the warm one. Seconds: the median of eleven requests, one by one; blocked: the longest "
    "time, in milliseconds, that nothing else ran in the event loop."
)


def tables(figures: Requests, new: Container[str]) -> list[Table[Any]]:
    """Return both tables of the new ones."""
    found = [one for name, one in figures.by_name.items() if name in new]
    return [requests(found), readers(found)]


def requests(figures: Sequence[Figures], endpoint: Column[Figures] = ENDPOINT) -> Table[Figures]:
    """Return what one request takes, and ten at once."""
    return Table("What a request takes", [endpoint, *COLUMNS], figures, note=NOTE)


def readers(figures: Sequence[Figures], endpoint: Column[Figures] = ENDPOINT) -> Table[Figures]:
    """Return for how long connections are held, and what happens when a client is slow, or leaves."""
    return Table("Connections, a slow client, and one that leaves", [endpoint, *READERS], figures)


def given_back(one: Figures) -> str:
    """Return after how many seconds a connection was free again."""
    if not one.slow["connections"]:
        return "before"
    return "never" if one.given_back is None else f"{one.given_back:.2f}"
