"""Serve one endpoint by uvicorn, and measure what its requests take: the client is a process of its own.

usage: MEMORY_JSON=OUTPUT python -m bench.studies.requests.serving ENDPOINT

OUTPUT gets one JSON object, an `Output`.
"""

import asyncio
import gc
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from bench.studies.requests.client import Answer
from bench.studies.requests.watching import SETTLING, Seen, Watch
from common import loaded_versions

if TYPE_CHECKING:
    import uvicorn

MANY = 10
# The endpoint that most services have, and the one to write instead: both have ten at once so many times, for the
# spread. Of the first one, so many come at once, too, which the pool does not lend a connection each: forty of the
# others would take minutes, and say the same of the pool.
COMMONEST, STREAMED_ARRAY = "endpoints.entities", "endpoints.json_array"
AGAIN = 3
CROWDS = (20, 40)
# Towards a reader that stops, the kernel keeps few bytes, in place of the megabytes that it has for a loopback: else
# it would take most of a body, and neither the server nor its database would notice that nobody reads.
KERNEL = 65536
# Within so many seconds a connection has come back, or it does not.
PATIENCE = 10.0


class Load(Seen, Answer):
    """What so many readers at once took, and what they got."""


class Slow(TypedDict):
    """While a reader does not read: bytes that wait to be sent, connections that are held, and for how many seconds."""

    waiting: int
    connections: int
    held: float


class Output(TypedDict):
    """What was measured of one endpoint: in bytes, seconds, and connections.

    `warm` is the process before; `one` the first reader, `more` ten others after it, one by one, `many` ten at once,
    in each run; `crowds` are twenty and forty at once.
    `given_back` is after how many seconds the connection of a reader who left was free again; None: not at all.
    """

    rows: int
    warm: int
    one: Load
    more: list[Load]
    many: list[Load]
    crowds: list[Load]
    slow: Slow
    given_back: float | None
    versions: dict[str, str]


class Client:
    """The process that reads."""

    def __init__(self, *ports: int) -> None:
        """Start it; it reads from the first port, or slowly from the second."""
        command, pipe = [sys.executable, "-m", "bench.studies.requests.client", *map(str, ports)], subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def tell(self, line: str) -> Answer:
        """Tell it what to do; return its next answer. Raises RuntimeError with why there is none."""
        process = self._process
        assert process.stdin
        assert process.stdout
        print(line, file=process.stdin, flush=True)
        if not (answer := process.stdout.readline()):
            _, errors = process.communicate()
            raise RuntimeError(f"the client says: {errors.rstrip().rpartition(os.linesep)[2]}")
        told: Answer = json.loads(answer)
        return told

    def end(self) -> None:
        if self._process.returncode is None:
            self._process.communicate()


def measured(server: "uvicorn.Server", watch: Watch, runs: int, crowds: Sequence[int]) -> Output:
    """Return what was measured, in another thread than the event loop's."""
    client = Client(*(listening.sockets[0].getsockname()[1] for listening in server.servers))
    try:
        # Imports and connections are fixed costs: the pool's five, and what ten requests at once need in threads.
        for readers in (1, MANY):
            client.tell(f"{readers} few")
        gc.collect()
        time.sleep(SETTLING)
        watch.warm = watch.rss()
        first = load(client, watch, 1)
        more = [load(client, watch, 1) for _ in range(MANY)]
        many = [load(client, watch, MANY) for _ in range(runs)]
        slow = reading_slowly(server, client, watch)
        client.tell("1 leaves")
        given_back = until_given_back(watch)
        crowded = [load(client, watch, readers, "crowd") for readers in crowds]
    finally:
        client.end()
    return Output(
        rows=first["rows"],
        warm=watch.warm,
        one=first,
        more=more,
        many=many,
        crowds=crowded,
        slow=slow,
        given_back=given_back,
        versions=loaded_versions(),
    )


def load(client: Client, watch: Watch, readers: int, task: str = "all") -> Load:
    with watch.seeing() as seen:
        answer = client.tell(f"{readers} {task}")
    return Load(**seen, **answer)


def reading_slowly(server: "uvicorn.Server", client: Client, watch: Watch) -> Slow:
    """Let one read who stops in the middle of the response."""
    with watch.seeing() as seen:
        client.tell("1 slow")
        sizes = [protocol.transport.get_write_buffer_size() for protocol in server.server_state.connections]
        connections = watch.connections
        client.tell("on")
    return Slow(waiting=sum(sizes), connections=connections, held=seen["held"])


def until_given_back(watch: Watch) -> float | None:
    """Return after how many seconds no connection is held; None, where one still is."""
    start = time.perf_counter()
    while watch.connections:
        if time.perf_counter() - start > PATIENCE:
            return None
        time.sleep(0.001)
    return time.perf_counter() - start


def listening(buffer: int = 0) -> socket.socket:
    """Return a socket at a free port, whose connections have so many bytes to send from; else as the kernel has it."""
    made = socket.socket()
    if buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
    made.bind(("127.0.0.1", 0))
    return made


async def serve(name: str) -> Output:
    import uvicorn  # here, because who lists the studies may lack it

    watch = Watch()
    server = uvicorn.Server(uvicorn.Config(import_module(name).app, log_level="warning"))
    serving = asyncio.create_task(server.serve([listening(), listening(KERNEL)]))
    ticking = asyncio.create_task(watch.tick())
    while not (server.started or serving.done()):
        await asyncio.sleep(0.01)
    try:
        runs, crowds = AGAIN if name in (COMMONEST, STREAMED_ARRAY) else 1, CROWDS if name == COMMONEST else ()
        return await asyncio.to_thread(measured, server, watch, runs, crowds)
    finally:
        ticking.cancel()
        server.should_exit = True
        await serving


def main(name: str) -> None:
    output = asyncio.run(serve(name))
    Path(os.environ["MEMORY_JSON"]).write_text(json.dumps(output), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
