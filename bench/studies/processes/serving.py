"""Run a server of several processes, let it answer requests, and note what its processes have, before and after.

usage: MEMORY_JSON=OUTPUT python -m bench.studies.processes.serving REQUESTS VARIABLE=VALUE SERVER WORD …

The variable is one of the server's environment, or empty. Of the server's words, PORT stands for a port that is free.
OUTPUT gets one JSON object, a `Service`.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from http.client import HTTPConnection
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.studies.processes.shares import CLASSES, WORKERS, Service, shares
from common import loaded_versions

# So long are processes to do nothing, and a server may take to start, in seconds; and what of that is nothing.
QUIET, PATIENCE, NOTHING = 2.0, 60.0, 0.05
PACKAGES = ("fastapi", "sqlalchemy", "psycopg", "pydantic", "uvicorn", "gunicorn", "celery")


def by_http(port: int, requests: int) -> None:
    """Send requests, each by a connection of its own, so that the workers share them. Raises OSError."""
    for number in range(requests):
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", f"/rows/{number % CLASSES}")
        response = connection.getresponse()
        response.read()
        connection.close()
        if response.status != 200:
            raise RuntimeError(f"the service answers with status {response.status}")


def by_celery(requests: int) -> None:
    """Send tasks, and wait until all are done. Raises RuntimeError."""
    from bench.studies.processes import tasks

    sent, queue, done = (Path(tasks.FOLDER) / name for name in ("sent", "queue", "done"))
    before = done.stat().st_size
    for number in range(requests):
        tasks.answer.delay(number % CLASSES)
    for message in sorted(sent.iterdir()):  # at once, for Celery reads a message that is not yet whole
        message.rename(queue / message.name)
    until(lambda: done.stat().st_size == before + requests, "the tasks were not done")


def until(reached: Callable[[], bool], failure: str) -> None:
    """Wait until something is so. Raises RuntimeError."""
    start = time.monotonic()
    while not reached():
        if time.monotonic() - start > PATIENCE:
            raise RuntimeError(failure)
        time.sleep(0.1)


def idle(parent: psutil.Process) -> bool:
    """Return whether all processes did nothing for a while: the workers have loaded all, or have done all."""
    before = worked(parent)
    time.sleep(QUIET)
    return len(parent.children()) >= WORKERS and worked(parent) - before < NOTHING


def worked(parent: psutil.Process) -> float:
    """Return the seconds that all processes have computed."""
    times = [process.cpu_times() for process in (parent, *parent.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def measured(server: list[str], requests: int) -> Service:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ask = by_celery if "celery" in server else lambda count: by_http(port, count)
    command = [sys.executable, "-m", *(word.replace("PORT", str(port)) for word in server)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    parent = psutil.Process(child.pid)
    try:
        until(lambda: idle(parent), "the server has not started its workers")
        before = shares(parent)
        ask(requests)
        until(lambda: idle(parent), "the server does not come to rest")
        after = shares(parent)
    finally:
        child.terminate()
        child.wait(PATIENCE)
    versions = {name: version(name) for name in PACKAGES} | {"python": loaded_versions()["python"]}
    return Service(requests=requests, before=before, after=after, versions=versions)


def main(requests: str, variable: str, *server: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("sent", "queue", "control"):
            (Path(folder) / name).mkdir()
        (Path(folder) / "done").touch()
        name, _, value = variable.partition("=")
        os.environ.update({"CELERY_FOLDER": folder} | ({name: value} if name else {}))
        output = measured(list(server), int(requests))
    Path(os.environ["MEMORY_JSON"]).write_text(json.dumps(output), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
