"""The client, in a process of its own: it reads as it is told, and checks what it has read.

usage: python -m bench.studies.requests.client PORT SLOW_PORT

Each line of standard input is a number of readers that begin at once, and what they do: `few` read the last ten rows,
`all` every row; a `crowd` does, too, and some of it may be refused; one that is `slow` stops in the middle of a body
and goes on after the next line; one that `leaves` closes its connection there. The answer is a line of JSON, an
`Answer`; that of a slow one comes twice.
"""

import json
import re
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from typing import NamedTuple, TypedDict

import psycopg

from bench.studies.requests.bodies import count_rows
from common import database_url

FEW = 10
# A reader that stops lets few bytes wait in the kernel: else it would hold most of a body for it.
WINDOW = 4096
# So long does a slow reader stop, in seconds.
PAUSE = 1.0
# A response that takes longer never ends.
TIMEOUT = 300.0


class Answer(TypedDict):
    """Seconds to the first and to the last byte of each reader's bodies; how many rows and bytes one has read.

    `refused` is how many were answered by an error.
    """

    first: list[float]
    last: list[float]
    rows: int
    size: int
    refused: int


class RefusedError(ValueError):
    """The endpoint has answered with another status than that of success."""


class Body(NamedTuple):
    """What one response was, how many rows its header announced, and when its first and last byte came."""

    content_type: str
    content: bytes
    announced: str | None
    first: float
    last: float


def read_all(port: int, start: int) -> list[Body]:
    """Return every response to one reader, who follows the links to the next page."""
    bodies = []
    with closing(HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)) as connection:
        path: str | None = f"/rows?start={start}"
        while path:
            connection.request("GET", path)
            response = connection.getresponse()
            content, first = response.read(1), time.perf_counter()
            content, last = content + response.read(), time.perf_counter()
            announced = response.getheader("Row-Count")
            bodies.append(Body(checked_type(response), content, announced, first, last))
            link = re.fullmatch(r'<http://[^/]+(/.+)>; rel="next"', response.getheader("Link", ""))
            path = link[1] if link else None
    return bodies


def checked_type(response: HTTPResponse) -> str:
    """Return a response's type. Raises RefusedError where its status is not that of success."""
    if response.status != 200:
        raise RefusedError(f"the endpoint answers with status {response.status}")
    return response.getheader("Content-Type", "")


def several(port: int, readers: int, start: int, crowd: bool = False) -> Answer:
    """Let so many read at once, and check what they have read; of a `crowd`, some may be refused."""

    def read(_: int) -> list[Body]:
        try:
            return read_all(port, start)
        except RefusedError:
            if not crowd:
                raise
            return []

    begin = time.perf_counter()
    with ThreadPoolExecutor(readers) as pool:
        every = [bodies for bodies in pool.map(read, range(readers)) if bodies]
    counts = set()
    for responses in {tuple(body[:3] for body in bodies) for bodies in every}:
        count = 0
        for content_type, content, announced in responses:
            count += count_rows(content_type, content, start + count, announced)
        counts.add(count)
    [rows] = counts  # else one reader has read others than another
    return Answer(
        first=[bodies[0].first - begin for bodies in every],
        last=[bodies[-1].last - begin for bodies in every],
        rows=rows,
        size=sum(len(body.content) for body in every[0]),
        refused=readers - len(every),
    )


def stopped(port: int, start: int) -> Iterator[Answer]:
    """Read the first bytes of a response; then the rest, and check it."""
    begin = time.perf_counter()
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.sock = socket.socket()
        connection.sock.settimeout(TIMEOUT)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
        connection.sock.connect(("127.0.0.1", port))
        connection.request("GET", f"/rows?start={start}")
        response = connection.getresponse()
        content, first = response.read(1), time.perf_counter() - begin
        time.sleep(PAUSE)
        yield Answer(first=[first], last=[], rows=0, size=1, refused=0)
        content += response.read()
        rows = count_rows(checked_type(response), content, start, response.getheader("Row-Count"))
        last = time.perf_counter() - begin
        yield Answer(first=[first], last=[last], rows=rows, size=len(content), refused=0)


def main(port: int, slow_port: int) -> None:
    with psycopg.connect(database_url()) as connection:
        [(last,)] = connection.execute("SELECT max(id) FROM data").fetchall()
    for line in sys.stdin:
        readers, task = line.split()
        if task in ("few", "all", "crowd"):
            start = max(0, last + 1 - FEW) if task == "few" else 0
            print(json.dumps(several(port, int(readers), start, task == "crowd")), flush=True)
            continue
        answers = stopped(slow_port, 0)
        print(json.dumps(next(answers)), flush=True)
        if task == "leaves":
            answers.close()  # type: ignore[attr-defined]
        else:
            sys.stdin.readline()
            print(json.dumps(next(answers)), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
