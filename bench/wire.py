"""Run one scenario through a relay: what crosses the wire between the server and it.

usage: MEMORY_JSON=OUTPUT python -m bench.wire SCENARIO

OUTPUT gets one JSON object: `wire`, with statements, round trips, rows and bytes, those of connecting too. The relay is
a thread of the scenario's own process, so nothing else is measured there.
"""

import json
import os
import re
import runpy
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypedDict

import psycopg

import common
from bench.database import joined, parted
from bench.scripts import Scenario
from common import database_url

_CHUNK = 2**16
# https://www.postgresql.org/docs/18/protocol-message-formats.html
_DATA_ROW, _READY_FOR_QUERY = b"D", b"Z"
_EXECUTE, _QUERY = b"E", b"Q"


class Traffic(TypedDict):
    """What was asked of the server, how often it was ready for the next query, and the rows and bytes that it sent."""

    statements: int
    round_trips: int
    rows: int
    bytes: int


def main(name: str) -> None:
    """Run the scenario, and write what crossed the wire."""
    with counted(database_url()) as (url, traffic):
        os.environ["DATABASE_URL"] = url
        common.print_top_allocations = lambda limit=10, *, rows=None: None
        del sys.argv[1:]  # they are not the scenario's
        runpy.run_path(str(Scenario(name).script), run_name="__main__")
        Path(os.environ["MEMORY_JSON"]).write_text(json.dumps({"wire": traffic}), encoding="utf-8")


@contextmanager
def counted(url: str) -> Iterator[tuple[str, Traffic]]:
    """Yield a URL that leads to the same server through a relay, and what has crossed the wire there so far.

    Nothing is encrypted between the relay and the server. Raises psycopg.Error.
    """
    with psycopg.connect(url, connect_timeout=10) as connection:  # libpq knows which of several hosts it is
        host, port = connection.info.hostaddr or connection.info.host, connection.info.port
    traffic, lock = Traffic(statements=0, round_trips=0, rows=0, bytes=0), threading.Lock()

    class Session(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with _connected(host, port) as server:
                threading.Thread(target=self.ask, args=[server], daemon=True).start()
                messages = Messages()
                with suppress(OSError):
                    while received := server.recv(_CHUNK):
                        kinds = messages.begun_in(received)
                        with lock:
                            traffic["round_trips"] += kinds.count(_READY_FOR_QUERY)
                            traffic["rows"] += kinds.count(_DATA_ROW)
                            traffic["bytes"] += len(received)
                        self.request.sendall(received)

        def ask(self, server: socket.socket) -> None:
            messages = Messages(b"\0")  # for a session's first message has no kind
            with suppress(OSError):
                while received := self.request.recv(_CHUNK):
                    kinds = messages.begun_in(received)
                    with lock:
                        traffic["statements"] += kinds.count(_EXECUTE) + kinds.count(_QUERY)
                    server.sendall(received)
                server.shutdown(socket.SHUT_WR)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as relay:
        relay.daemon_threads = True
        threading.Thread(target=relay.serve_forever, args=[0.01], daemon=True).start()
        try:
            yield _through(url, relay.server_address[1]), traffic
        finally:
            relay.shutdown()


class Messages:
    """The messages of a stream, which comes in pieces: each has a byte for its kind, and four for its length."""

    def __init__(self, header: bytes = b"") -> None:
        """Begin with a message of which this much is known."""
        self._header = header
        self._rest = 0  # bytes of the present message that are still to come

    def begun_in(self, piece: bytes) -> bytes:
        """Return the kinds of the messages whose header ends in this piece."""
        kinds = bytearray()
        piece, position = self._header + piece, self._rest
        while len(piece) - position >= 5:
            kinds.append(piece[position])
            position += 1 + int.from_bytes(piece[position + 1 : position + 5], "big")
        self._header, self._rest = piece[position:], max(0, position - len(piece))
        return bytes(kinds)


def _connected(host: str, port: int) -> socket.socket:
    if not host.startswith("/"):
        return socket.create_connection((host, port), timeout=None)
    server = socket.socket(socket.AF_UNIX)
    server.connect(f"{host}/.s.PGSQL.{port}")
    return server


def _through(url: str, port: int) -> str:
    """Return the URL with the relay's address in the server's place, and its other parameters."""
    base, parameters = parted(url)
    there = re.sub(r"^([\w+]+://(?:[^@/]*@)?)[^/]*", rf"\g<1>127.0.0.1:{port}", base)
    kept = {name: value for name, value in parameters.items() if name not in ("host", "hostaddr", "port")}
    return joined(there, kept | {"sslmode": "disable", "gssencmode": "disable"})


if __name__ == "__main__":
    main(*sys.argv[1:])
