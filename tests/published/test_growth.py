"""What is published of growth with the rows and of memory over time."""

import sys
from itertools import pairwise

import pytest

from bench import results
from bench.scripts import EVERYTHING, Scenario
from bench.studies.growth import measure as growth
from bench.studies.growth.page import ScriptGrowth, figures
from bench.studies.over_time import page as over_time
from common import MIB
from tests.test_growth import STREAMING


@pytest.fixture(scope="module")
def grown() -> dict[str, ScriptGrowth]:
    return figures(results.load("growth"))


@pytest.mark.parametrize("scenario", EVERYTHING, ids=[scenario.name for scenario in EVERYTHING])
def test_what_is_kept_costs_the_same_for_each_further_row_from_9_200_to_920_000(
    grown: dict[str, ScriptGrowth], scenario: Scenario
) -> None:
    first, second = grown[scenario.name].further_rows
    if scenario.keeps:
        assert first == pytest.approx(second, rel=0.03)
    elif scenario.streams:
        assert abs(first) * 82_800 < 1_000 * 1_200  # the entities of a batch at the most, for the last one is held
        assert abs(second) < 1


def test_an_entity_s_figure_falls_with_the_rows_by_what_the_identity_map_does(grown: dict[str, ScriptGrowth]) -> None:
    """A dict that grows by doubling: 59.8 bytes for each further row, then 44.3."""
    sizes = [sys.getsizeof(dict.fromkeys(range(rows))) for rows in growth.STEPS]
    steps = [more - less for less, more in pairwise(growth.STEPS)]
    further = [(more - less) / rows for (less, more), rows in zip(pairwise(sizes), steps, strict=True)]
    first, second = grown["run_sync_sqlalchemy_session"].further_rows
    assert first - second == pytest.approx(further[0] - further[1], abs=1.5)


@pytest.mark.parametrize("name", STREAMING)
def test_what_streams_stays_flat(grown: dict[str, ScriptGrowth], name: str) -> None:
    peaks = grown[name].peaks
    assert max(peaks) >= 100 * min(peaks)
    assert max(peaks.values()) - min(peaks.values()) <= 2 * MIB
    assert max(peaks.values()) < 10 * MIB


def test_over_time_the_first_row_comes_last_in_the_orm_only() -> None:
    found = over_time.figures(results.load("over_time"))
    orm, yield_per, core = (found[name].at_first_row[1] / found[name].at_last_row for name in over_time.NAMES)
    assert orm >= 0.9
    assert yield_per <= 0.5
    assert core <= 0.9
