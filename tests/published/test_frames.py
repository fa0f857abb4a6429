"""What the page says of rows of three shapes in frames, of the figures that are stored."""

import pytest

from bench import results
from bench.layers.names import ARROW, ENTITY, PANDAS, PANDAS_ARROW, POLARS, TUPLE
from bench.studies.frames.measure import SHAPES
from bench.studies.frames.page import Stacks, figures


@pytest.fixture(scope="module")
def stacks() -> Stacks:
    return figures(results.load("frames"))


@pytest.mark.parametrize("table", SHAPES)
def test_pandas_takes_twice_what_tuples_do_at_the_peak_and_arrow_and_polars_less(stacks: Stacks, table: str) -> None:
    plain = stacks[TUPLE].peaks[table]
    for layer in (PANDAS, PANDAS_ARROW):
        assert stacks[layer].peaks[table] > 2 * plain
        assert stacks[layer].kept[table] < stacks[TUPLE].kept[table]
    for layer in (ARROW, POLARS):
        assert stacks[layer].peaks[table] < plain


def test_pandas_takes_about_what_entities_do_at_the_peak_of_wide_rows_alone(stacks: Stacks) -> None:
    shares = {table: stacks[PANDAS].peaks[table] / stacks[ENTITY].peaks[table] for table in SHAPES}
    assert shares["events"] == pytest.approx(1, abs=0.25)
    assert shares["points"] < 0.6


def test_a_few_numbers_flatter_frames_of_numpy_s_types(stacks: Stacks) -> None:
    """What an array of numbers takes, beside a tuple of as many objects; of `events`, the objects are kept."""
    shares = {table: stacks[PANDAS].kept[table] / stacks[TUPLE].kept[table] for table in SHAPES}
    assert stacks[PANDAS].kept["points"] == pytest.approx(8 * len(SHAPES["points"]), rel=0.1)
    assert shares["points"] < 0.25
    assert shares["events"] > 2 * shares["points"]
    assert stacks[PANDAS_ARROW].kept["events"] < 0.75 * stacks[PANDAS].kept["events"]
