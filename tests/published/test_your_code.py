"""`your_code.py` measures as the scripts do: run through it, as functions, they give the figures that are published."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import results
from bench.database import one_row_table, private_server
from bench.runs import traced_peak
from bench.scripts import EVERYTHING, PROJECT, REMEDIES, SCENARIOS, Scenario
from bench.seeds import DATA
from bench.studies.script_costs import ScriptCosts
from bench.yours.function.advising import advice
from bench.yours.function.figures import FunctionFigures
from bench.yours.function.launching import UNTRACED, Order, run
from bench.yours.function.measuring import measure
from tests.functions import as_function
from tests.support import MEASURED_ROWS, linux

# What each remedy is called where it is advised. The others save less than a tenth, or time alone, or show something.
NAMES = {
    **dict.fromkeys(("psycopg_server_cursor", "psycopg_stream"), "cursor"),
    **dict.fromkeys(("engine_yield_per", "session_yield_per", "session_partitions"), "yield_per"),
    **dict.fromkeys(("session_streaming", "session_pydantic_batches"), "yield_per"),
    **dict.fromkeys(("session_columns", "session_columns_yield_per"), "columns"),
    **dict.fromkeys(("pydantic_construct_shared", "pydantic_dataclass"), "dataclass"),
}
ADVISED = {
    remedy: name
    for remedy in REMEDIES
    for end, name in NAMES.items()
    if remedy.name.endswith(f"_{end}") and not (end == "session_columns" and "yield_per" in remedy.name)
}


def function(scenario: Scenario, folder: Path) -> Order:
    """Write a script as a function."""
    (folder / "measured.py").write_text(as_function(scenario), encoding="utf-8")
    return Order("measured:main", folder, Path(sys.executable))


@pytest.fixture(scope="module")
def whole() -> Iterator[str]:
    """Give a table as large as that of the published figures."""
    with private_server(results.load("costs").header["rows"]):
        yield os.environ["DATABASE_URL"]


@pytest.fixture
def urls(whole: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    monkeypatch.setenv("DATABASE_URL", whole)
    with one_row_table([DATA]) as one_row:
        yield whole, one_row


@linux
@pytest.mark.parametrize("scenario", EVERYTHING, ids=lambda scenario: scenario.name)
def test_each_script_s_own_figures(
    scenario: Scenario,
    urls: tuple[str, str],
    stored: dict[str, ScriptCosts],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is traced, to 1 %; the process to 2 % or a MiB, for whether malloc trims the heap in time is chance."""
    order, costs, record = function(scenario, tmp_path), stored[scenario.name], results.load("costs").records
    found: list[tuple[int, int, int, int]] = []
    for url in urls:
        monkeypatch.setenv("DATABASE_URL", url)
        process, traced = (run(order, instrument).found for instrument in (UNTRACED, "statements"))
        rss, peak = (process["returned"][name] - process["began"]["rss"] for name in ("rss", "peak"))
        found.append((rss, peak, traced["traced"], traced["traced_peak"]))
    growth, peak, kept, of_peak = (every - fixed for every, fixed in zip(*found, strict=True))
    published = [traced_peak(record[scenario.name][rows]["traced"]) for rows in ("all_rows", "one_row")]
    assert kept == pytest.approx(costs.per_row * (costs.rows - 1), rel=0.01, abs=0.05 * 2**20)
    assert of_peak == pytest.approx(published[0] - published[1], rel=0.01, abs=0.05 * 2**20)
    assert peak == pytest.approx(costs.peak.value, rel=0.02, abs=2**20)
    assert growth == pytest.approx(costs.growth.value, rel=0.02, abs=2**20)


@pytest.fixture(scope="module")
def smaller() -> Iterator[dict[str, FunctionFigures]]:
    """Give a smaller table, and what was measured of it."""
    with private_server(MEASURED_ROWS):
        yield {}


def measured(scenario: Scenario, folder: Path, known: dict[str, FunctionFigures]) -> FunctionFigures:
    if scenario.name not in known:
        known[scenario.name] = measure(function(scenario, folder), once=False, started=lambda instrument: None)
    return known[scenario.name]


@linux
@pytest.mark.parametrize("remedy", ADVISED, ids=lambda remedy: remedy.name)
def test_what_a_remedy_is_compared_with_is_advised_to_take_it_and_the_remedy_is_not(
    remedy: Scenario, smaller: dict[str, FunctionFigures], tmp_path: Path
) -> None:
    before, after = (
        [step.name for step in advice(measured(one, tmp_path, smaller))]
        for one in (remedy.compared_with or remedy, remedy)
    )
    assert ADVISED[remedy] in before
    assert ADVISED[remedy] not in after


@linux
def test_a_script_itself_is_measured_too(
    urls: tuple[str, str], stored: dict[str, ScriptCosts], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It imports during its call, which is told apart."""
    name = SCENARIOS[0].name
    growths = []
    for url in urls:
        monkeypatch.setenv("DATABASE_URL", url)
        found = run(Order(str(PROJECT / f"{name}.py"), PROJECT, Path(sys.executable)), UNTRACED).found
        growths.append(found["returned"]["peak"] - found["began"]["rss"])
    assert growths[0] - growths[1] == pytest.approx(stored[name].peak.value, rel=0.02)
