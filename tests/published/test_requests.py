"""What is published of requests: the sentences of their page about the endpoints hold."""

import pytest

from bench import results
from bench.seeds import ROWS
from bench.studies.requests import client
from bench.studies.requests.endpoints import LENT, EndpointFigures
from bench.studies.requests.page import figures
from common import MIB

WHOLE = ("entities", "entities_sync", "columns", "type_adapter", "msgspec_structs", "database_json", "dicts")


@pytest.fixture(scope="module")
def stored() -> dict[str, EndpointFigures]:
    """Return every endpoint's figures by its name, as the page has them."""
    found = figures(results.load("requests")).by_name
    return {name.removeprefix("endpoints."): one for name, one in found.items()}


def test_streamed_in_batches_a_request_takes_little_whatever_encodes_it(stored: dict[str, EndpointFigures]) -> None:
    for name in ("lines", "json_array", "json_array_sync", "csv_copy", "lines_database"):
        assert stored[name].peak < 5 * MIB
        assert stored[name].peak_of_many.value < 30 * MIB
        assert stored[name].peak < 0.05 * stored["entities"].peak
        assert stored[name].first.value < 0.2 * stored[name].last.value
    assert stored["pages"].peak < 5 * MIB


# Peaks in MiB that another machine had, of the same system: of one request, and of ten at once.
ELSEWHERE = {"entities": (148.6, 222.7), "json_array": (1.4, 6.4)}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_another_machine_s_peaks_lie_within_a_tenth_or_a_mib(stored: dict[str, EndpointFigures], name: str) -> None:
    for elsewhere, here in zip(ELSEWHERE[name], (stored[name].peak, stored[name].peak_of_many.value), strict=True):
        assert elsewhere == pytest.approx(here / MIB, rel=0.1, abs=1)


def test_in_threads_ten_at_once_take_several_times_as_much_as_in_one_event_loop(
    stored: dict[str, EndpointFigures],
) -> None:
    assert stored["entities_sync"].peak_of_many.value > 3 * stored["entities"].peak_of_many.value
    assert stored["entities_sync"].peak < 1.3 * stored["entities"].peak
    assert (stored["entities_sync"].fitting() or LENT) < 10
    assert stored["entities"].fitting() is None


def test_more_at_once_than_the_pool_lends_take_hardly_more_memory_and_the_last_ones_fail(
    stored: dict[str, EndpointFigures],
) -> None:
    twenty, forty = stored["entities"].crowds
    assert (twenty["connections"], forty["connections"]) == (LENT, LENT)
    assert forty["peak"] < 1.25 * twenty["peak"]
    assert twenty["refused"] == 0
    assert 40 - forty["refused"] == pytest.approx(min(40, stored["entities"].in_time), rel=0.3)


def test_the_peak_of_the_eleventh_request_is_that_of_the_first_but_for_json_agg(
    stored: dict[str, EndpointFigures],
) -> None:
    for name, one in stored.items():
        risen = one.single[-1]["peak"] - one.single[0]["peak"]
        assert (risen < 0.1 * one.peak + MIB) == (name != "database_json"), name
    peaks = [one["peak"] for one in stored["database_json"].single]
    assert max(peaks[5:]) - min(peaks[5:]) < MIB


def test_a_batch_blocks_the_event_loop_for_a_small_part_of_what_a_list_does(stored: dict[str, EndpointFigures]) -> None:
    for name in ("lines", "json_array", "lines_database", "csv_copy"):
        assert stored[name].blocked < 0.1 * stored["entities"].blocked


def test_a_slow_client_has_a_whole_response_wait_and_of_a_streamed_one_a_batch(
    stored: dict[str, EndpointFigures],
) -> None:
    for name in WHOLE:
        assert stored[name].slow["waiting"] > 0.9 * stored[name].single[0]["size"]
        assert stored[name].slow["connections"] == 0
    for name in ("lines", "json_array", "lines_database"):
        assert stored[name].slow["waiting"] < 65_536 + 2 * stored[name].single[0]["size"] / (ROWS / 1000)
        assert (stored[name].slow["connections"], stored[name].slow["held"] > client.PAUSE) == (1, True)
        assert stored[name].given_back is not None


def test_the_database_makes_streamed_json_the_quickest(stored: dict[str, EndpointFigures]) -> None:
    assert stored["lines_database"].last.value < min(stored[name].last.value for name in ("lines", "json_array"))


def test_what_does_not_help_does_not(stored: dict[str, EndpointFigures]) -> None:
    assert stored["dicts"].last.value > stored["columns"].last.value
    assert stored["lines_loaded"].peak > 10 * stored["lines"].peak
