"""The remedies: each reads all rows rightly, and does what README says of it."""

import pytest

from bench import results
from bench.scenarios import EVERYTHING, REMEDIES, SCENARIOS
from bench.scripts import PROJECT, Scenario
from bench.studies.costs.page import figures, tables
from bench.studies.script_costs import ScriptCosts
from common import MIB
from tests.claims.fresh import told_by
from tests.support import ROWS, error_line, expected_rows, run

NAMES = [remedy.name for remedy in REMEDIES]
COUNTING = [name for name in NAMES if name.endswith(("_streaming", "_dropped"))]
GIVEN_BACK = "remedies.run_sync_sqlalchemy_session_given_back"
SURVIVORS = "remedies.run_sync_sqlalchemy_session_survivors"
KEEPING = [name for name in NAMES if name not in (*COUNTING, GIVEN_BACK, SURVIVORS)]
# One of each stack.
STACKS = [
    "remedies.run_sync_psycopg_stream",
    "remedies.run_async_sqlalchemy_engine_partitions",
    "remedies.run_sync_sqlalchemy_session_streaming",
    GIVEN_BACK,
]


def test_every_remedy_is_listed() -> None:
    assert sorted(NAMES) == sorted(f"remedies.{path.stem}" for path in (PROJECT / "remedies").glob("run_*.py"))


@pytest.mark.parametrize("scenario", EVERYTHING, ids=[scenario.name for scenario in EVERYTHING])
def test_docstring_has_a_short_name_and_a_remedy_s_says_what_it_is_compared_with(scenario: Scenario) -> None:
    assert 0 < len(scenario.short) <= 24
    assert scenario.description
    if scenario in SCENARIOS:
        assert set(scenario.fields) == {"Short"}
    else:
        assert set(scenario.fields) - {"You lose", "Why not"} == {"Short", "Instead of"}
        assert ("You lose" in scenario.fields) != ("Why not" in scenario.fields)
        assert scenario.fields["Instead of"] in [other.name for other in EVERYTHING if other != scenario]


def test_short_names_differ() -> None:
    assert len({scenario.short for scenario in EVERYTHING}) == len(EVERYTHING)


@pytest.mark.parametrize("name", KEEPING)
def test_every_row_is_kept_with_the_right_values(name: str, url: str) -> None:
    told = told_by(name, url)
    assert told["keys"] == list(range(ROWS))
    assert told["kept"] == [list(row) for row in expected_rows(ROWS)]


@pytest.mark.parametrize("name", COUNTING)
def test_every_row_is_read(name: str, url: str) -> None:
    told = told_by(name, url)
    assert (told["rows"], told["total"]) == (ROWS, sum(num for _, num, _ in expected_rows(ROWS)))


@pytest.mark.parametrize("name", [GIVEN_BACK, SURVIVORS])
def test_every_row_was_there_before_it_was_given_back(name: str, url: str) -> None:
    assert told_by(name, url)["rows"] == ROWS


@pytest.mark.parametrize("name", STACKS)
def test_one_of_each_stack_ends_silently(name: str, url: str) -> None:
    process = run("-W", "error::DeprecationWarning", "-m", name, url=url, MEMORY_TRACING="off")
    assert (process.returncode, process.stderr) == (0, "")


@pytest.mark.parametrize("name", STACKS)
def test_unreachable_database_is_one_line(name: str) -> None:
    line = error_line(run("-m", name, url="postgresql://user:password@localhost:1/db", MEMORY_TRACING="off"))
    assert line.startswith("nothing listens at localhost:1/db")


@pytest.fixture
def remedies(stored: dict[str, ScriptCosts]) -> dict[str, ScriptCosts]:
    """Return the remedies' published figures by name, without `remedies.run_`."""
    return {name.removeprefix("remedies.run_"): one for name, one in stored.items() if name.startswith("remedies.")}


@pytest.fixture
def scenarios(stored: dict[str, ScriptCosts]) -> dict[str, ScriptCosts]:
    """Return the scenarios' published figures by name, without `run_`."""
    return {name.removeprefix("run_"): one for name, one in stored.items() if name.startswith("run_")}


@pytest.mark.parametrize("name", ["server_cursor", "stream"])
def test_driver_s_copy_of_the_result_is_gone(
    remedies: dict[str, ScriptCosts], scenarios: dict[str, ScriptCosts], name: str
) -> None:
    remedy, scenario = remedies[f"sync_psycopg_{name}"], scenarios["sync_psycopg"]
    assert scenario.native
    assert scenario.growth.value - remedy.growth.value == pytest.approx(scenario.native, rel=0.2)
    assert remedy.per_row == pytest.approx(scenario.per_row, rel=0.01)
    assert remedy.first_row_process.value < 0.5 * scenario.first_row_process.value


@pytest.mark.parametrize(("name", "saved"), [("tuple_row", 8), ("args_row", 16)])
def test_rows_smaller_than_named_tuples(
    remedies: dict[str, ScriptCosts], scenarios: dict[str, ScriptCosts], name: str, saved: int
) -> None:
    assert scenarios["sync_psycopg"].per_row - remedies[f"sync_psycopg_{name}"].per_row == pytest.approx(saved, abs=1)


def test_core_with_yield_per_has_no_copy_of_the_result_either(
    remedies: dict[str, ScriptCosts], scenarios: dict[str, ScriptCosts]
) -> None:
    remedy, scenario = remedies["sync_sqlalchemy_engine_yield_per"], scenarios["sync_sqlalchemy_engine"]
    assert scenario.native
    assert scenario.growth.value - remedy.growth.value == pytest.approx(scenario.native, rel=0.2)


@pytest.mark.parametrize(
    "name",
    ["sync_sqlalchemy_session_yield_per", "async_sqlalchemy_session_yield_per", "async_sqlalchemy_session_partitions"],
)
def test_batches_hand_out_the_first_row_after_one_of_them(
    remedies: dict[str, ScriptCosts], scenarios: dict[str, ScriptCosts], name: str
) -> None:
    remedy, scenario = remedies[name.format("sqlalchemy_session")], scenarios["async_sqlalchemy_session"]
    assert remedy.first_row_process.value <= 0.05 * scenario.first_row_process.value
    # What is kept costs what it cost, and the peak stays high.
    assert remedy.per_row == pytest.approx(scenario.per_row, rel=0.01)
    assert remedy.peak.value >= 0.8 * scenario.peak.value


def test_execute_builds_all_entities_first(remedies: dict[str, ScriptCosts]) -> None:
    remedy = remedies["async_sqlalchemy_session_execute"]
    assert remedy.first_row_process.value >= 0.85 * remedy.growth.value


def test_dropping_the_entities_is_not_enough(
    remedies: dict[str, ScriptCosts], scenarios: dict[str, ScriptCosts]
) -> None:
    assert (
        remedies["sync_sqlalchemy_session_dropped"].peak.value >= 0.8 * scenarios["sync_sqlalchemy_session"].peak.value
    )


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_streaming_keeps_nothing_but_a_batch(remedies: dict[str, ScriptCosts], mode: str) -> None:
    remedy = remedies[f"{mode}_sqlalchemy_session_streaming"]
    assert remedy.peak.value <= 0.05 * remedies["sync_sqlalchemy_session_dropped"].peak.value
    assert remedy.per_row <= 1_000 * 1_350 / remedy.rows + 4  # one batch of entities


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_columns_take_a_quarter_of_entities(
    remedies: dict[str, ScriptCosts], scenarios: dict[str, ScriptCosts], mode: str
) -> None:
    columns, batches = (remedies[f"{mode}_sqlalchemy_session_columns{how}"] for how in ("", "_yield_per"))
    rows = scenarios[f"{mode}_sqlalchemy_engine"]
    for one in (columns, batches):
        assert one.per_row == pytest.approx(rows.per_row, rel=0.02)
        assert one.per_row <= 0.3 * scenarios[f"{mode}_sqlalchemy_session"].per_row
    # All of them are fetched first, unless `yield_per` is added.
    assert columns.first_row_process.value >= 0.6 * columns.peak.value
    assert batches.first_row_process.value <= 0.1 * batches.peak.value


def test_models_in_batches_cost_the_models_and_not_both(
    remedies: dict[str, ScriptCosts], scenarios: dict[str, ScriptCosts]
) -> None:
    both, batches = (remedies[f"sync_sqlalchemy_session_pydantic{how}"] for how in ("", "_batches"))
    models = scenarios["async_sqlalchemy_engine_pydantic_validate"]
    assert batches.per_row == pytest.approx(models.per_row, rel=0.02)
    assert batches.peak.value == pytest.approx(models.peak.value, rel=0.1)
    assert both.peak.value >= batches.peak.value + 0.8 * scenarios["sync_sqlalchemy_session"].peak.value


def test_model_construct_with_its_fields_is_no_remedy(
    remedies: dict[str, ScriptCosts], scenarios: dict[str, ScriptCosts]
) -> None:
    remedy = remedies["async_sqlalchemy_engine_pydantic_construct"]
    assert remedy.per_row == pytest.approx(scenarios["async_sqlalchemy_engine_pydantic_validate"].per_row, rel=0.01)


def test_shared_set_of_fields_saves_216_bytes_a_row(remedies: dict[str, ScriptCosts]) -> None:
    own, shared = (
        remedies[f"async_sqlalchemy_engine_pydantic_{name}"].per_row for name in ("construct", "construct_shared")
    )
    assert own - shared == pytest.approx(216, abs=2)


def test_pydantic_dataclass_with_slots_takes_less_than_half_of_a_model(
    remedies: dict[str, ScriptCosts], scenarios: dict[str, ScriptCosts]
) -> None:
    remedy = remedies["async_sqlalchemy_engine_pydantic_dataclass"]
    assert remedy.per_row <= 0.5 * scenarios["async_sqlalchemy_engine_pydantic"].per_row


@pytest.mark.parametrize(("stack", "share"), [("engine", 0.6), ("session", 0.8)])
def test_partitions_take_less_time_than_row_by_row(stored: dict[str, ScriptCosts], stack: str, share: float) -> None:
    """Nearer a half for the session, and a fifth for the engine; the margins are wide, for times are noisy."""
    row_by_row = stored[f"run_async_sqlalchemy_{stack}"].seconds.value
    assert stored[f"remedies.run_async_sqlalchemy_{stack}_partitions"].seconds.value <= share * row_by_row


@pytest.mark.parametrize("name", ["server_cursor", "stream", "tuple_row", "args_row"])
def test_psycopg_s_remedies_take_no_longer(stored: dict[str, ScriptCosts], name: str) -> None:
    assert stored[f"remedies.run_sync_psycopg_{name}"].seconds.value <= 1.2 * stored["run_sync_psycopg"].seconds.value


ENTITIES_KEPT = [
    (f"run_{mode}_sqlalchemy_session", f"{mode}_sqlalchemy_session_yield_per") for mode in ("sync", "async")
]
COLUMNS = [
    (f"remedies.run_{mode}_sqlalchemy_session_columns", f"{mode}_sqlalchemy_session_columns_yield_per")
    for mode in ("sync", "async")
]
CORE = ("run_sync_sqlalchemy_engine", "sync_sqlalchemy_engine_yield_per")


@pytest.mark.parametrize(("without", "yield_per"), [*ENTITIES_KEPT, *COLUMNS, CORE])
def test_yield_per_lowers_the_peak_by_a_tenth_to_a_third_where_rows_are_kept(
    stored: dict[str, ScriptCosts], without: str, yield_per: str
) -> None:
    lower = 1 - stored[f"remedies.run_{yield_per}"].peak.value / stored[without].peak.value
    assert 0.08 <= lower <= 0.4


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_yield_per_lowers_the_peak_to_two_batches_where_entities_are_dropped(
    stored: dict[str, ScriptCosts], mode: str
) -> None:
    entity = stored[f"run_{mode}_sqlalchemy_session"].per_row
    assert stored[f"remedies.run_{mode}_sqlalchemy_session_streaming"].peak.value <= 2 * 1_000 * entity + 1.5 * MIB


@pytest.mark.parametrize(("without", "yield_per"), ENTITIES_KEPT)
def test_yield_per_takes_about_as_long_where_entities_are_kept(
    stored: dict[str, ScriptCosts], without: str, yield_per: str
) -> None:
    """The margins are wide, for times are noisy."""
    assert 0.75 <= stored[f"remedies.run_{yield_per}"].seconds.value / stored[without].seconds.value <= 1.35


def test_yield_per_takes_less_time_where_entities_are_dropped_and_no_more_with_core(
    stored: dict[str, ScriptCosts],
) -> None:
    dropped, streaming = (
        stored[f"remedies.run_sync_sqlalchemy_session_{how}"].seconds.value for how in ("dropped", "streaming")
    )
    assert streaming <= 0.8 * dropped
    core, yield_per = stored[CORE[0]].seconds.value, stored[f"remedies.run_{CORE[1]}"].seconds.value
    assert yield_per <= 1.25 * core


def test_memory_is_given_back_after_use_unless_one_survives_in_each_arena(stored: dict[str, ScriptCosts]) -> None:
    held, dropped, emptied, trimmed = (after.growth for after in stored[GIVEN_BACK].after_use)
    assert held > dropped > emptied >= trimmed
    assert held - dropped >= 0.8 * (held - trimmed)  # most comes back by itself
    assert trimmed <= 0.1 * held
    *_, surviving = (after.growth for after in stored[SURVIVORS].after_use)
    assert surviving >= 0.6 * held


def test_what_does_not_help_is_no_remedy_in_any_table_and_leaves_the_peak_as_high() -> None:
    costs = figures(results.load("costs"))
    useless = [pair for pair in costs.pairs(REMEDIES) if pair.why_not]
    assert len(useless) == 3
    assert all(pair.after.peak.value > 0.9 * pair.before.peak.value for pair in useless)
    titles = {pair.after.scenario.title for pair in useless}
    names = {table.title: {row[0] for row in table.texts()} for table in tables(costs, NAMES)}
    assert titles == names["What does not help, before → after"] - {"Attempt"}
    assert not titles & names["Remedies, before → after"]
