"""Each statement that README makes of the scenarios, in README's order, measured in processes of its own."""

import re
import sys

import pytest
from psycopg.rows import namedtuple_row

from bench import process, results, seeds, turns
from bench.database import one_row_table, private_server, seed
from bench.digests import Snapshot
from bench.layers.names import READERS
from bench.layers.reading import Reading
from bench.relations.describing import describe
from bench.relations.transaction import connect
from bench.runs import TRACED, UNTRACED, Job, Measured
from bench.scripts import SCENARIOS
from bench.studies.costs.measure import with_values
from bench.studies.costs.page import figures, in_the_figure
from bench.studies.growth.measure import container
from bench.studies.script_costs import ScriptCosts, stored_bytes
from common import FIRST_ROW, IMPORTED, LAST_CHECKPOINT, MIB, STARTED
from domain_model import DomainModel
from tests import forks
from tests.support import linux, run

# An eighth of what is published: what a row costs is the same, for a dict is as full as one with eight times as many.
MEASURED_ROWS = seeds.ROWS // 8

CLIENT_SIDE = (
    "sync_psycopg",
    "sync_psycopg_pydantic_no_validation",
    "sync_sqlalchemy_engine",
    "sync_sqlalchemy_session",
)


@pytest.fixture(scope="module")
def measured(no_further_server: None) -> dict[str, Measured]:
    """Measure every scenario, one run each; native memory of those that no other reads its rows like."""
    with private_server(MEASURED_ROWS) as server, one_row_table([seeds.DATA]) as one_row:
        together, alone = turns.jobs(SCENARIOS, 1, one_row, native=SCENARIOS[:6])
        # Both instruments begin after the imports; untraced, nobody looks at the growth of those without native memory.
        fresh = [job for job in alone if job.url or job.script in SCENARIOS[:6]]
        outcomes = forks.run([job for job in (*together, *alone) if job not in fresh])
        outcomes += process.succeeded(process.run(fresh))
    by_scenario = {one: [outcome for outcome in outcomes if outcome.job.script == one] for one in SCENARIOS}
    return {one.name: with_values(turns.measured(one, own, [], server)) for one, own in by_scenario.items()}


@pytest.fixture(scope="module")
def scenarios(measured: dict[str, Measured]) -> dict[str, ScriptCosts]:
    """Return every scenario's figures by its name without `run_`."""
    found = figures(results.of(measured, "bench.studies.costs.measure", Snapshot.now()))
    return {name.removeprefix("run_"): one for name, one in found.by_name.items()}


def test_checkpoints_of_the_nine_are_those_of_the_original_and_only_their_stack_is_imported(
    measured: dict[str, Measured],
) -> None:
    """In a process of its own, as a user starts it."""
    for name, one in measured.items():
        [fresh] = [outcome for outcome in one.outcomes if outcome.job.kind == f"{UNTRACED}, one row"]
        first = "Engine" if "engine" in name or "async" in name else "Session"
        connected = [f"{first} connected"] if "sqlalchemy" in name else []
        expected = [STARTED, IMPORTED, *connected, FIRST_ROW, LAST_CHECKPOINT]
        assert [checkpoint["label"] for checkpoint in fresh.output["checkpoints"]] == expected
        lines = fresh.console.splitlines()
        assert [line.partition("  - ")[0] for line in lines[: len(expected)]] == expected
        assert fresh.output["rows"] == 1
        versions = fresh.output["versions"].keys()
        for library in ("sqlalchemy", "pydantic"):
            assert (library in versions) == (library in name), name
        assert "psycopg" in versions
        others = {"asyncpg", "sqlmodel", "msgspec", "adbc-driver-postgresql", "adbc-driver-manager", "pyarrow"}
        assert not versions & others


def test_an_entity_costs_at_least_ten_times_the_values(scenarios: dict[str, ScriptCosts]) -> None:
    assert scenarios["sync_sqlalchemy_session"].multiple >= 10


def test_the_values_are_the_id_and_the_text_as_objects(scenarios: dict[str, ScriptCosts]) -> None:
    expected = 80 if sys.version_info >= (3, 12) else 88
    assert scenarios["sync_psycopg"].values == pytest.approx(expected, abs=1)
    assert stored_bytes(seeds.ROWS) == pytest.approx(19, abs=0.5)


@linux
def test_growth_for_the_rows_is_accounted_for(scenarios: dict[str, ScriptCosts]) -> None:
    """The rest, which no instrument sees, is at most a fifth of the growth, and what an arena has to spare.

    It is negative where rows lie in what the imports have freed: up to 1 MiB up to 3.13, up to 3 MiB from 3.14 on.
    """
    freed = (1 if sys.version_info < (3, 14) else 3) * MIB
    with_native = [one for one in scenarios.values() if one.rest is not None]
    assert len(with_native) == 6
    for one in with_native:
        assert one.rest is not None
        assert -0.05 * one.growth.value - freed <= one.rest <= 0.2 * one.growth.value + 1 * MIB


def test_two_instruments_agree(measured: dict[str, Measured], scenarios: dict[str, ScriptCosts]) -> None:
    """What memray sees of Python's allocations for the rows equals what tracemalloc sees, within 1 %."""
    with_native = {name: one for name, one in measured.items() if one.record["all_rows"]["native"]}
    assert len(with_native) == 6
    for name, one in with_native.items():
        every, fixed = (one.record[runs]["native"]["python"] for runs in ("all_rows", "one_row"))
        assert every - fixed == pytest.approx(scenarios[name.removeprefix("run_")].python, rel=0.01), name


def test_the_driver_keeps_the_whole_result_with_a_client_side_cursor_only(scenarios: dict[str, ScriptCosts]) -> None:
    with_native = {name: one for name, one in scenarios.items() if one.native is not None}
    assert with_native.keys() > set(CLIENT_SIDE)
    for name, one in with_native.items():
        assert one.native is not None
        # Its values, and 16 bytes beside each of them.
        expected = one.rows * (stored_bytes(one.rows) + 3 * 16) if name in CLIENT_SIDE else 0
        assert one.native == pytest.approx(expected, rel=0.35, abs=0.2 * MIB)


@linux
def test_once_is_what_sqlalchemy_does_after_the_imports_and_psycopg_before(scenarios: dict[str, ScriptCosts]) -> None:
    """So the growth of a process alone compares unlike things."""
    for name, one in scenarios.items():
        if "sqlalchemy" in name:
            assert one.fixed >= 12 * MIB
        else:
            assert one.fixed <= 6 * MIB


def test_sqlalchemy_imports_its_driver_when_an_engine_is_made() -> None:
    code = (
        "import sys, sqlalchemy.orm, sqlalchemy.ext.asyncio\n"
        "drivers = 'psycopg', 'sqlalchemy.dialects.postgresql.psycopg'\n"
        "print([name in sys.modules for name in drivers])\n"
        "sqlalchemy.create_engine('postgresql+psycopg://')\n"
        "print([name in sys.modules for name in drivers])"
    )
    assert run("-c", code).stdout.splitlines() == ["[False, False]", "[True, True]"]


def test_what_an_entity_s_figure_holds(scenarios: dict[str, ScriptCosts]) -> None:
    orm = scenarios["sync_sqlalchemy_session"]
    found = re.findall(r"(\d+) (?:are|its)", in_the_figure(orm))
    container = sys.getsizeof(dict.fromkeys(range(orm.rows))) / orm.rows
    assert [int(size) for size in found[:2]] == pytest.approx([container, container], abs=1)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_observation_1_the_orm_holds_all_rows_at_the_first_one(scenarios: dict[str, ScriptCosts], mode: str) -> None:
    """At least 90 % of the final traced memory, with asyncio and without; Core at most a tenth."""
    entities, rows = scenarios[f"{mode}_sqlalchemy_session"], scenarios[f"{mode}_sqlalchemy_engine"]
    assert entities.first_row >= 0.9 * entities.python
    assert rows.first_row <= 0.1 * rows.python


def test_observation_2_model_construct_of_a_row_sets_no_field() -> None:
    row = namedtuple_row.__globals__["namedtuple"]("Row", "id num data")(1, 5, "hello-1")
    model = DomainModel.model_construct(row)
    assert (model.__dict__, model.model_fields_set) == ({}, row)


def test_observation_2_empty_models_take_less(scenarios: dict[str, ScriptCosts]) -> None:
    empty, validated, built = (
        scenarios[f"async_sqlalchemy_engine_pydantic{variant}"].per_row
        for variant in ("_no_validation", "_validate", "")
    )
    assert empty <= 0.7 * validated
    assert built == pytest.approx(validated, rel=0.02)


def test_observation_3_each_layer_adds_memory(scenarios: dict[str, ScriptCosts]) -> None:
    driver, core, orm = (
        scenarios[name].per_row for name in ("sync_psycopg", "sync_sqlalchemy_engine", "sync_sqlalchemy_session")
    )
    assert driver < core < orm
    assert core < scenarios["async_sqlalchemy_engine_pydantic"].per_row


def test_observation_3_asyncio_adds_nothing_to_a_row(scenarios: dict[str, ScriptCosts]) -> None:
    for stack in ("engine", "session"):
        same = scenarios[f"sync_sqlalchemy_{stack}"].per_row
        assert scenarios[f"async_sqlalchemy_{stack}"].per_row == pytest.approx(same, rel=0.01)


def test_your_table_says_the_same_of_the_project_s_own(scenarios: dict[str, ScriptCosts], schema_url: str) -> None:
    """With as many rows, layer by layer; the scenarios' figures have the dict's place for each row in them, too."""
    layers = {
        "psycopg, named tuple": "sync_psycopg",
        "Core row": "sync_sqlalchemy_engine",
        "ORM entity": "sync_sqlalchemy_session",
        "Pydantic model": "async_sqlalchemy_engine_pydantic",
    }
    seed(schema_url, MEASURED_ROWS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", schema_url)
        with connect(schema_url, 60) as connection:
            table = describe(connection, "data")
        jobs = [Job(Reading(READERS[layer], table, MEASURED_ROWS), TRACED) for layer in layers]
        found = [one.output for one in forks.run(jobs)]
    for (layer, name), one in zip(layers.items(), found, strict=True):
        expected = scenarios[name].per_row - container(scenarios[name].scenario, MEASURED_ROWS)
        assert one["count"] == MEASURED_ROWS
        # A scenario and a layer differ in what each does once by some 120 kB.
        assert one["traced"] / MEASURED_ROWS == pytest.approx(expected, abs=150_000 / MEASURED_ROWS), layer
