"""The remedies: each reads all rows rightly, and does what README says of it."""

import json
from pathlib import Path

import pydantic
import pytest

from domain_model import DomainModel
from measure.results import Parts
from measure.scenarios import PROJECT, REMEDIES, SCENARIOS, Scenario
from studies.costs.figures import Figures
from studies.costs.tables import COMPARED
from tests.conftest import ROWS, error_line, expected_rows, run

# One process measures for all of them, and for the observations.
pytestmark = pytest.mark.xdist_group("measured")

MIB = 1024 * 1024
NAMES = [remedy.name for remedy in REMEDIES]
STREAMING = [name for name in NAMES if name.endswith("_streaming")]
GIVEN_BACK = "remedies.run_sync_sqlalchemy_session_given_back"
KEEPING = [name for name in NAMES if name not in (*STREAMING, GIVEN_BACK)]
NAMESPACE = """
import json, runpy, sys
names = runpy.run_module(sys.argv[1], run_name="__main__")
kept = [[kept.id, kept.num, kept.data] for kept in names.get("storage", {}).values()]
with open(sys.argv[2], "w") as file:
    json.dump({"kept": kept, "rows": names.get("rows"), "total": names.get("total")}, file)
"""


def run_remedy(name: str, url: str, folder: Path) -> dict[str, object]:
    """Run a remedy in a process that then tells what it kept; a deprecation is an error."""
    output = folder / "kept.json"
    process = run("-W", "error::DeprecationWarning", "-c", NAMESPACE, name, output, url=url)
    assert (process.returncode, process.stderr) == (0, "")
    return dict(json.loads(output.read_text(encoding="utf-8")))


def test_every_remedy_is_listed() -> None:
    assert sorted(NAMES) == sorted(f"remedies.{path.stem}" for path in (PROJECT / "remedies").glob("run_*.py"))


@pytest.mark.parametrize("remedy", REMEDIES, ids=NAMES)
def test_docstring_names_the_scenario_and_what_one_gives_up(remedy: Scenario) -> None:
    assert remedy.fields["Remedies"] in [scenario.name for scenario in SCENARIOS]
    assert remedy.fields["Compare"] in COMPARED
    assert remedy.fields["Gives up"]


@pytest.mark.parametrize("name", KEEPING)
def test_every_row_is_kept_with_the_right_values(name: str, url: str, tmp_path: Path) -> None:
    assert run_remedy(name, url, tmp_path)["kept"] == [list(row) for row in expected_rows(ROWS)]


@pytest.mark.parametrize("name", STREAMING)
def test_streaming_reads_every_row(name: str, url: str, tmp_path: Path) -> None:
    told = run_remedy(name, url, tmp_path)
    assert (told["rows"], told["total"]) == (ROWS, sum(num for _, num, _ in expected_rows(ROWS)))


@pytest.mark.parametrize("name", [NAMES[0], NAMES[4], GIVEN_BACK, STREAMING[1]])
def test_unreachable_database_is_one_line(name: str) -> None:
    line = error_line(run("-m", name, url="postgresql://user:password@localhost:1/db"))
    assert line.startswith("nothing listens at localhost:1/db")


@pytest.mark.parametrize("name", ["sync_psycopg_server_cursor", "sync_psycopg_stream"])
def test_driver_s_copy_of_the_result_is_gone(figures: dict[str, Figures], name: str) -> None:
    remedy, scenario = figures[f"remedies.run_{name}"], figures["sync_psycopg"]
    assert remedy.growth.value <= scenario.growth.value - 6 * MIB
    assert remedy.per_row == pytest.approx(scenario.per_row, rel=0.02)


def test_core_with_yield_per_has_no_copy_of_the_result_either(figures: dict[str, Figures]) -> None:
    remedy, scenario = figures["remedies.run_sync_sqlalchemy_engine_yield_per"], figures["sync_sqlalchemy_engine"]
    assert remedy.growth.value <= scenario.growth.value - 5 * MIB


def test_slots_dataclass_takes_less_than_a_named_tuple(figures: dict[str, Figures]) -> None:
    assert figures["remedies.run_sync_psycopg_class_row"].per_row <= figures["sync_psycopg"].per_row - 10


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_yield_per_hands_out_the_first_row_after_one_batch(figures: dict[str, Figures], mode: str) -> None:
    remedy, scenario = (
        figures[f"remedies.run_{mode}_sqlalchemy_session_yield_per"],
        figures[f"{mode}_sqlalchemy_session"],
    )
    assert remedy.first_row_process.value <= 0.5 * scenario.first_row_process.value
    assert remedy.per_row == pytest.approx(scenario.per_row, rel=0.02)  # what is kept costs what it cost


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_streaming_peaks_below_half_of_keeping(figures: dict[str, Figures], mode: str) -> None:
    remedy = figures[f"remedies.run_{mode}_sqlalchemy_session_streaming"]
    assert remedy.peak.value <= 0.5 * figures[f"{mode}_sqlalchemy_session"].peak.value
    assert remedy.per_row <= 10


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_columns_take_less_than_a_third_of_entities(figures: dict[str, Figures], mode: str) -> None:
    remedy = figures[f"remedies.run_{mode}_sqlalchemy_session_columns"]
    assert remedy.per_row <= figures[f"{mode}_sqlalchemy_session"].per_row / 3


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_batches_cost_the_models_and_not_both(figures: dict[str, Figures], mode: str) -> None:
    remedy = figures[f"remedies.run_{mode}_sqlalchemy_session_pydantic_batches"]
    assert remedy.per_row == pytest.approx(figures["async_sqlalchemy_engine_pydantic_validate"].per_row, rel=0.03)
    assert remedy.peak.value <= 0.8 * figures[f"{mode}_sqlalchemy_session"].peak.value


def test_model_construct_with_its_fields_is_no_remedy(figures: dict[str, Figures]) -> None:
    remedy = figures["remedies.run_async_sqlalchemy_engine_pydantic_construct"]
    assert remedy.per_row == pytest.approx(figures["async_sqlalchemy_engine_pydantic_validate"].per_row, rel=0.01)


def test_shared_set_of_fields_saves_216_bytes_a_row(figures: dict[str, Figures]) -> None:
    own, shared = (
        figures[f"remedies.run_async_sqlalchemy_engine_pydantic_{name}"].per_row
        for name in ("construct", "construct_shared")
    )
    assert own - shared == pytest.approx(216, abs=2)


def test_assigning_a_field_marks_it_on_all_models_that_share_the_set() -> None:
    fields = {"id"}
    one, other = (DomainModel.model_construct(fields, id=number) for number in (1, 2))
    one.num = 5
    assert other.model_fields_set == {"id", "num"}


def test_pydantic_dataclass_with_slots_takes_less_than_half_of_a_model(figures: dict[str, Figures]) -> None:
    remedy = figures["remedies.run_async_sqlalchemy_engine_pydantic_dataclass"]
    assert remedy.per_row <= 0.5 * figures["async_sqlalchemy_engine_pydantic"].per_row


def test_pydantic_dataclass_with_slots_validates() -> None:
    @pydantic.dataclasses.dataclass(slots=True)
    class Record:
        id: int

    with pytest.raises(pydantic.ValidationError):
        Record(id="no number")  # type: ignore[arg-type]


def test_memory_is_given_back_after_use(figures: dict[str, Figures], parts: Parts) -> None:
    remedy = figures[GIVEN_BACK]
    kept, dropped, _, trimmed = (point["rss"] for point in parts[GIVEN_BACK]["untraced"][0]["checkpoints"][-4:])
    assert kept - dropped >= 0.75 * (kept - trimmed)  # most comes back by itself
    assert trimmed < dropped
    assert remedy.untraced_process.value >= 2 * remedy.after_use.value
    assert remedy.after_use.value <= figures["remedies.run_sync_sqlalchemy_session_streaming"].peak.value + 10 * MIB
