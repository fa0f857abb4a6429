"""Let a handler answer requests, without a server, and note how the process grows.

usage: MEMORY_JSON=OUTPUT python -m bench.studies.uptime.running MODULE HANDLER REQUESTS [VARIABLE=VALUE]

OUTPUT gets one JSON object, a `Growth`.
"""

import asyncio
import gc
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import TypedDict

import psutil

from bench.memory import reset_peak
from common import loaded_versions, peak_rss

# The first ones make what is made once; they are not counted.
FIRST, STEPS = 20, 10
Handler = Callable[[int], object]


class Growth(TypedDict):
    """The resident set size, in bytes over that after the first requests: after each tenth, and at the peak."""

    requests: int
    steps: list[int]
    peak: int
    versions: dict[str, str]


async def answer(handler: Handler, numbers: Iterable[int]) -> None:
    for number in numbers:
        answered = handler(number)
        if inspect.isawaitable(answered):
            await answered


async def growth(handler: Handler, requests: int) -> Growth:
    await answer(handler, range(FIRST))
    gc.collect()
    reset_peak()
    process, steps = psutil.Process(), []
    warm = process.memory_info().rss
    for step in range(STEPS):
        each = requests // STEPS
        await answer(handler, range(FIRST + step * each, FIRST + (step + 1) * each))
        steps.append(process.memory_info().rss - warm)
    return Growth(requests=requests, steps=steps, peak=max(peak_rss() - warm, *steps), versions=loaded_versions())


def main(module: str, handler: str, requests: str, *variables: str) -> None:
    if variables:  # malloc reads them when a process begins
        os.environ.update(dict(variable.split("=", 1) for variable in variables))
        os.execv(sys.executable, [sys.executable, "-m", "bench.studies.uptime.running", module, handler, requests])
    output = asyncio.run(growth(getattr(import_module(module), handler)(), int(requests)))
    Path(os.environ["MEMORY_JSON"]).write_text(json.dumps(output), encoding="utf-8")
    os._exit(0)  # the tasks that are kept need not be ended


if __name__ == "__main__":
    main(*sys.argv[1:])
