"""What crosses the wire between the server and a process, as libpq traces it: statements, rows and bytes.

usage: MEMORY_JSON=OUTPUT python -m bench.wire SCENARIO
       python -m bench.wire < TRACE

The first runs one scenario; OUTPUT gets what that measures, and `wire`, a `Traffic` whose statements and rows are those
of connecting, too, but for its authentication, or null where libpq has no trace. The second counts a trace.

A trace has the values of all rows, so it goes through a pipe into a process that counts, and lies nowhere.
"""

import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from bench.errors import note

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn

# https://github.com/postgres/postgres/blob/REL_18_0/src/interfaces/libpq/fe-trace.c: who sends (F: the client), the
# message's length without the byte for its kind, and its name; and whether it fetches from a cursor or closes it.
MESSAGE = re.compile(rb'([FB])\t(\d+)\t(\w+)(\t "(?:FETCH|CLOSE) )?')
ROW, STATEMENTS = b"DataRow", (b"Execute", b"Query")


class Traffic(TypedDict):
    """What was asked of the server, `fetches` from cursors among it; the rows and bytes that it sent, and was sent."""

    statements: int
    fetches: NotRequired[int]
    rows: int
    bytes: int
    sent: NotRequired[int]


class Counter:
    """The process that counts what some connections send and receive. Raises psycopg.NotSupportedError but on Linux."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([sys.executable, __file__], stdin=pipe, stdout=pipe, cwd=Path.cwd())

    def count(self, connection: "PGconn") -> None:
        from psycopg.pq import Trace

        assert self._process.stdin
        connection.trace(self._process.stdin.fileno())
        connection.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)

    def end(self) -> Traffic:
        """Return what was counted, once nothing is traced any more."""
        output, _ = self._process.communicate()
        traffic: Traffic = json.loads(output)
        return traffic


def counted(trace: Iterable[bytes]) -> Traffic:
    traffic = Traffic(statements=0, fetches=0, rows=0, bytes=0, sent=0)
    for message in filter(None, map(MESSAGE.match, trace)):
        sender, length, name, cursor = message.groups()
        traffic["statements"] += sender == b"F" and name in STATEMENTS
        traffic["fetches"] += sender == b"F" and bool(cursor)
        traffic["rows"] += sender == b"B" and name == ROW
        traffic["bytes" if sender == b"B" else "sent"] += 1 + int(length)
    return traffic


def main(name: str) -> None:
    import psycopg
    from psycopg import generators

    connect: Any = generators.connect
    counter, connections = Counter(), []

    def traced(*arguments: Any, **options: Any) -> Any:
        connection = yield from connect(*arguments, **options)
        with suppress(psycopg.NotSupportedError):
            counter.count(connection)
            connections.append(connection)
        return connection

    generators.connect = traced
    del sys.argv[1:]  # they are not the scenario's
    runpy.run_path(f"{name.replace('.', os.sep)}.py", run_name="__main__")
    for connection in connections:
        connection.untrace()
    traffic = counter.end() if connections else None
    if not traffic:
        note("libpq traces on Linux alone: what crosses the wire is not counted")
    path = Path(os.environ["MEMORY_JSON"])
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"wire": traffic}), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:]:
        main(sys.argv[1])
    else:
        print(json.dumps(counted(sys.stdin.buffer)))
