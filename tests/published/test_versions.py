"""What is published of Pythons and package versions: the sentences of the pages about them hold."""

from collections.abc import Mapping
from itertools import pairwise

import pytest

from bench import results
from bench.environments import LOCK, ORIGINAL, PYTHONS
from bench.studies.versions.measure import CostOnPython
from bench.studies.versions.page import ScriptVersions, figures
from common import MIB


def session(combination: str) -> CostOnPython:
    return stored()["run_sync_sqlalchemy_session"].costs[combination]


def stored() -> Mapping[str, ScriptVersions]:
    return figures(results.load("versions")).scripts


# By how many bytes each Python changes a row of the scenarios, in the order of PYTHONS from the second on. A text takes
# 8 less from 3.12 on, an instance with a dict 8 less, and an entity has two; a tuple takes 8 more from 3.14 on, and
# an entity has two of them.
CHANGES = {
    "sync_psycopg": (-8, 0, 8, 0),
    "sync_psycopg_pydantic_no_validation": (-16, 0, 32, 0),
    "sync_sqlalchemy_engine": (-8, 0, 8, 0),
    "sync_sqlalchemy_session": (-24, 272, -136, 0),
    "async_sqlalchemy_engine_pydantic": (-16, 0, 24, 0),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_each_python_changes_in_a_row(name: str) -> None:
    costs = stored()[f"run_{name}"].costs
    sizes = {python: costs[f"{python}, {LOCK}"]["per_row"] for python in PYTHONS if f"{python}, {LOCK}" in costs}
    for (former, latter), change in zip(pairwise(PYTHONS), CHANGES[name], strict=True):
        if former in sizes and latter in sizes:
            assert sizes[latter] - sizes[former] == pytest.approx(change, abs=1.5), (former, latter)


def overheads(layer: str, python: str) -> Mapping[str, float]:
    return figures(results.load("versions")).overheads[layer][python]


def test_python_3_13_reserves_room_in_an_entity_whose_dict_has_a_table_of_its_own() -> None:
    before, after = (overheads("ORM entity", python) for python in ("3.12", "3.13"))
    for count, size in before.items():
        # 344 in place of 80 bytes in its state; 8 in the entity, from 29 columns on all the room for 30 values.
        assert after[count] - size == pytest.approx(264 + (8 if int(count) < 29 else 272), abs=9), count


def test_python_3_14_s_entity_is_larger_than_3_12_s_and_400_bytes_from_29_columns_on() -> None:
    before, after = (overheads("ORM entity", python) for python in ("3.12", "3.14"))
    for count, size in before.items():
        least, most = (128, 136) if int(count) < 29 else (400, 400)
        assert least - 1 <= after[count] - size <= most + 1, count


@pytest.mark.parametrize("layer", ["psycopg, tuple", "Core row", "Pydantic model", "slots dataclass"])
def test_python_3_14_adds_as_much_to_each_row_of_a_layer(layer: str) -> None:
    added = {"psycopg, tuple": 8, "Core row": 8, "Pydantic model": 24, "slots dataclass": 0}[layer]
    for count, size in overheads(layer, "3.13").items():
        assert overheads(layer, "3.14")[count] - size == pytest.approx(added, abs=1), count
        assert overheads(layer, "3.15")[count] == pytest.approx(overheads(layer, "3.14")[count], abs=1), count


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_sqlalchemy_2_1_lowers_the_peak_and_not_the_cost_as_readme_says(python: str) -> None:
    original, lock = (session(f"{python}, {packages}") for packages in (ORIGINAL, LOCK))
    assert lock["per_row"] == pytest.approx(original["per_row"], abs=4)
    # 65 bytes a row, less what the newer libraries' own modules take.
    assert 4 * MIB < original["peak"] - lock["peak"] < 6 * MIB


def test_a_row_takes_least_on_3_12_and_an_entity_most_on_3_13() -> None:
    for name, script in stored().items():
        sizes = {python: script.costs[f"{python}, {LOCK}"]["per_row"] for python in PYTHONS}
        assert round(min(sizes.values())) == round(sizes["3.12"])
        assert "session" not in name or max(sizes, key=sizes.__getitem__) == "3.13"
