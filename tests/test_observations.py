"""Each statement that README makes, in README's order, measured at 92,000 rows in processes of its own."""

import pytest
from psycopg.rows import namedtuple_row

import setup_db
from domain_model import DomainModel
from measure.results import Parts
from studies.costs.figures import Figures

# One process measures for all of them.
pytestmark = pytest.mark.xdist_group("measured")

CLIENT_SIDE = (
    "sync_psycopg",
    "sync_psycopg_pydantic_no_validation",
    "sync_sqlalchemy_engine",
    "sync_sqlalchemy_session",
)


def test_what_is_measured_is_92_000_rows(scenarios: dict[str, Figures]) -> None:
    assert {one.rows for one in scenarios.values()} == {setup_db.ROWS} == {92_000}


def test_an_entity_costs_at_least_ten_times_the_bare_data(scenarios: dict[str, Figures]) -> None:
    assert scenarios["sync_sqlalchemy_session"].multiple >= 10


def test_growth_is_accounted_for(scenarios: dict[str, Figures]) -> None:
    """The rest, which no instrument sees, is at most 30 % of the growth."""
    for one in scenarios.values():
        assert one.rest is not None
        assert -0.05 * one.growth.value <= one.rest <= 0.3 * one.growth.value


def test_two_instruments_agree(parts: Parts) -> None:
    """What memray sees of Python's allocations equals what tracemalloc sees in the same process, within 1 %."""
    native = [part["native"] for part in parts.values() if part["native"]]
    assert len(native) == 9
    for sizes in native:
        assert sizes["python"] == pytest.approx(sizes["traced"], rel=0.01)


def test_the_driver_keeps_the_whole_result_with_a_client_side_cursor_only(scenarios: dict[str, Figures]) -> None:
    for name, one in scenarios.items():
        assert one.native is not None
        expected = 7 if name in CLIENT_SIDE else 0
        assert round(one.native / 2**20) in (expected, expected + 1)


def test_tracing_itself_makes_the_orm_process_at_least_1_4_times_as_large(scenarios: dict[str, Figures]) -> None:
    for name in ("sync_sqlalchemy_session", "async_sqlalchemy_session"):
        assert scenarios[name].traced_process >= 1.4 * scenarios[name].untraced_process.value


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_observation_1_the_orm_holds_all_rows_at_the_first_one(scenarios: dict[str, Figures], mode: str) -> None:
    """At least 90 % of the final traced memory, with asyncio and without; Core at most half."""
    entities, rows = scenarios[f"{mode}_sqlalchemy_session"], scenarios[f"{mode}_sqlalchemy_engine"]
    assert entities.first_row >= 0.9 * entities.python
    assert rows.first_row <= 0.5 * rows.python


def test_observation_2_model_construct_of_a_row_sets_no_field() -> None:
    row = namedtuple_row.__globals__["namedtuple"]("Row", "id num data")(1, 5, "hello-1")
    model = DomainModel.model_construct(row)
    assert (model.__dict__, model.model_fields_set) == ({}, row)


def test_observation_2_empty_models_take_less(scenarios: dict[str, Figures]) -> None:
    empty, validated, built = (
        scenarios[f"async_sqlalchemy_engine_pydantic{variant}"].per_row
        for variant in ("_no_validation", "_validate", "")
    )
    assert empty <= 0.7 * validated
    assert built == pytest.approx(validated, rel=0.02)


def test_observation_3_each_layer_adds_memory(scenarios: dict[str, Figures]) -> None:
    driver, core, orm = (
        scenarios[name].per_row for name in ("sync_psycopg", "sync_sqlalchemy_engine", "sync_sqlalchemy_session")
    )
    assert driver < core < orm
    assert core < scenarios["async_sqlalchemy_engine_pydantic"].per_row


def test_observation_3_asyncio_adds_nothing_to_a_row(scenarios: dict[str, Figures]) -> None:
    for stack in ("engine", "session"):
        same = scenarios[f"sync_sqlalchemy_{stack}"].per_row
        assert scenarios[f"async_sqlalchemy_{stack}"].per_row == pytest.approx(same, rel=0.02)


def test_observation_3_asyncio_adds_time(scenarios: dict[str, Figures]) -> None:
    """Handing out each row through asyncio takes longer; the margin is wide, for times are noisy."""
    synchronous, asynchronous = (scenarios[f"{mode}_sqlalchemy_engine"].seconds.value for mode in ("sync", "async"))
    assert asynchronous >= 1.3 * synchronous
