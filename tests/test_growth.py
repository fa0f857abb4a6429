"""What the pages say of growth with the rows and of memory over time, measured anew."""

import sys

import psutil
import pytest

from bench import process
from bench.database import seed
from bench.scripts import EVERYTHING, SCENARIOS, Scenario
from bench.studies.growth import measure as growth
from bench.studies.growth.page import growth_of
from bench.studies.over_time import measure as sampling
from bench.studies.over_time import page as over_time
from common import MIB
from tests import forks
from tests.support import ROWS, run

pytestmark = pytest.mark.usefixtures("no_further_server")
STREAMING = [scenario.name for scenario in EVERYTHING if scenario.streams]


def test_what_streams_stays_flat_when_measured_now(schema_url: str) -> None:
    peaks = []
    for rows in (9_200, 92_000):
        seed(schema_url, rows)
        peaks.append([peak(name, schema_url) for name in STREAMING])
    for name, few, many in zip(STREAMING, *peaks, strict=True):
        assert abs(many - few) <= 2 * MIB, name


def peak(name: str, url: str) -> int:
    """Return the peak of the process without tracing, in bytes."""
    read = f"import runpy, common; runpy.run_module({name!r}, run_name='__main__'); print(common.peak_rss())"
    process = run("-c", read, url=url, MEMORY_TRACING="off")
    assert process.returncode == 0
    return int(process.stdout.splitlines()[-1])


def test_container_is_the_dict_that_keeps_the_rows() -> None:
    storage = {}
    for row in range(ROWS):
        storage[row] = row
    assert growth.container(SCENARIOS[0], ROWS) * ROWS == sys.getsizeof(storage)
    assert growth.container(Scenario(STREAMING[0]), ROWS) == 0


def test_growth_is_measured_at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "STEPS", (20, 200))
    monkeypatch.setattr(growth, "MOST", 2_000)
    monkeypatch.setattr(process, "run", forks.run)
    [found] = growth.measure(["run_sync_psycopg", STREAMING[0]], None, full=True)
    keeping, streaming = (found[name].record for name in ("run_sync_psycopg", STREAMING[0]))
    assert [step["rows"] for step in keeping] == [1, 20, 200]
    assert [step["rows"] for step in streaming] == [1, 20, 200, 2000]
    [kept] = growth_of(SCENARIOS[0], keeping).further_rows
    assert 100 < kept < 200
    assert streaming[-1]["per_row"] is None


def test_curve_goes_from_the_start_of_the_process_to_the_last_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "ROWS", ROWS)
    name = over_time.NAMES[0]
    [found] = sampling.measure([name], None, full=True)
    curve = found[name].record
    seconds, sizes = zip(*curve["samples"], strict=True)
    assert list(seconds) == sorted(seconds)
    assert seconds[0] == 0 < curve["first_row"] <= curve["last_row"]
    # On a busy machine, the sampler has to wait, but so has the process.
    assert 0.7 * curve["last_row"] <= seconds[-1] <= curve["last_row"]
    assert 20 * MIB < max(sizes) < psutil.virtual_memory().total


def test_first_row_after_the_last_sample_is_at_the_last_sample() -> None:
    one = over_time.ScriptOverTime(SCENARIOS[0], [(0.0, 1), (0.1, 2)], 0.2)
    assert one.at_first_row == (0.1, 2)
