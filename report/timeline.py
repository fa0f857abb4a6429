"""Sample the memory of three scenarios from outside while they run, every 10 milliseconds."""

from errors import UserError

import os
import subprocess
import sys
import threading
import time

import psutil

from report import results
from report.__main__ import Parser
from report.results import Record
from report.scenarios import FIRST_ROW, LAST_CHECKPOINT, PROJECT, Scenario

NAME = "timeline"
INTERVAL = 0.01
SCENARIOS = tuple(
    map(
        Scenario,
        ("run_sync_sqlalchemy_session", "remedies.run_sync_sqlalchemy_session_yield_per", "run_sync_sqlalchemy_engine"),
    )
)


def main() -> None:
    """Sample all three, one after the other, and store them where that is asked for."""
    parser = Parser(prog="python -m report.timeline", description=__doc__)
    parser.add_argument("--write", action="store_true", help="store the result, and rewrite README and its charts")
    arguments = parser.parse_args()
    header = results.header(source for scenario in SCENARIOS for source in scenario.sources)
    stored = {**header, "curves": {scenario.name: sample(scenario) for scenario in SCENARIOS}}
    for scenario in SCENARIOS:
        curve = stored["curves"][scenario.name]
        print(f"{scenario.title}: {len(curve['samples'])} samples, first row after {curve[FIRST_ROW]:.2f} s")
    if arguments.write:
        from report import readme

        readme.store({NAME: stored})


def sample(scenario: Scenario) -> Record:
    """Return `samples` of (seconds since the start, resident set size in bytes), and when the checkpoints came."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *scenario.command],
        cwd=PROJECT,
        env=os.environ | {"MEMORY_TRACING": "off"},
        stdout=subprocess.PIPE,
        text=True,
    )
    checkpoints: dict[str, float] = {}

    def read() -> None:
        assert process.stdout
        for line in process.stdout:
            checkpoints[line.partition("  - ")[0]] = round(time.perf_counter() - start, 3)

    reader = threading.Thread(target=read)
    reader.start()
    observed = psutil.Process(process.pid)
    samples = []
    while process.poll() is None:
        try:
            samples.append((round(time.perf_counter() - start, 3), observed.memory_info().rss))
        except psutil.Error:
            break
        time.sleep(INTERVAL)
    reader.join()
    if process.wait():
        raise UserError(f"{scenario.name} failed: see above")
    # What comes after the last checkpoint is the interpreter's end.
    samples = [(seconds, rss) for seconds, rss in samples if rss and seconds <= checkpoints[LAST_CHECKPOINT]]
    return {"samples": samples, FIRST_ROW: checkpoints[FIRST_ROW], LAST_CHECKPOINT: checkpoints[LAST_CHECKPOINT]}


if __name__ == "__main__":
    main()
