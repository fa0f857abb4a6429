"""That each Python and each version of a package is measured in an environment of its own."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench import process, results
from bench.environments import LOCK, ORIGINAL, PYTHONS, Combination, NoWheelsError, interpreters
from bench.errors import UserError
from bench.layers.names import READERS
from bench.layers.reading import Reading
from bench.relations.describing import describe
from bench.relations.transaction import connect
from bench.runs import TRACED, Job
from bench.scripts import PROJECT, SCENARIOS
from bench.studies.row_shape.shapes import NULL, TEXT
from bench.studies.versions import measure as versions
from bench.studies.versions.measure import CostOnPython
from bench.studies.versions.page import ScriptVersions, Versions, costs, crossings, tables
from common import MIB
from tests.support import ROWS

RUNNING = f"3.{sys.version_info.minor}"
# What `python_objects.py` prints, by Python, in the order of PYTHONS: the bytes of objects of each kind.
OBJECTS = {
    "text of 20 characters": (69, 61, 61, 61, 61),
    "tuple of one": (48, 48, 48, 56, 56),
    "integer of a text, after one that was freed": (28, 28, 28, 32, 32),
    "uuid": (100, 108, 108, 108, 108),
    "inet": (80, 88, 88, 88, 88),
    "inet with a mask": (316, 308, 620, 328, 328),
    "cidr": (184, 184, 192, 192, 192),
    "numeric": (104, 104, 120, 120, 120),
    "instance, one attribute": (80, 72, 80, 80, 80),
    "instance, 40 attributes": (1640, 1632, 1904, 1904, 1904),
    "instance with slots, one attribute": (88, 80, 400, 88, 88),
    "the same, two names and a slot assigned in a method": (88, 80, 400, 112, 112),
    "instance with slots, a dict given to it": (128, 120, 120, 144, 144),
    "the largest integer that exists once": (256, 256, 256, 256, 1024),
}


WITH_FEWER_NAMES = """
import builtins
build = builtins.__build_class__
def made(name, bases, names, **keywords):
    names["__static_attributes__"] = tuple(one for one in names.get("__static_attributes__", ()) if {reserved})
    return type(name, bases, names, **keywords)
def build_with_fewer_names(function, name, /, *bases, **keywords):
    return build(function, name, *bases, **keywords | ({{"metaclass": made}} if name == "InstanceState" else {{}}))
builtins.__build_class__ = build_with_fewer_names
from bench.layers.__main__ import main
main({module!r})
"""


@dataclass(frozen=True)
class WithFewerNames(Reading):
    """The same process, but that the class of an entity's state tells of fewer names that its methods assign."""

    reserved: str = ""

    @property
    def command(self) -> list[str]:
        return ["-c", WITH_FEWER_NAMES.format(reserved=self.reserved, module=self.reader.module)]

    @property
    def stdin(self) -> bytes:
        return Reading(self.reader, self.relation, self.count).stdin


def test_what_python_s_own_objects_take() -> None:
    """Each cause that a page names, without SQLAlchemy and Pydantic, and on which Pythons it holds."""
    for version, python in (interpreters() | {RUNNING: sys.executable}).items():
        if version in PYTHONS:
            script = [python, "bench/studies/versions/python_objects.py"]
            output = subprocess.run(script, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
            found = {name: int(size) for name, size in re.findall(r"^(.+): (\d+)$", output, re.MULTILINE)}
            assert found == {name: sizes[PYTHONS.index(version)] for name, sizes in OBJECTS.items()}, version


def test_tables_of_versions() -> None:
    found = {"3.12, lock": CostOnPython(per_row=209.6, peak=round(20.26 * MIB))}
    made_up = {one.name: ScriptVersions(one, found, {"3.14, original"}) for one in SCENARIOS}
    per_row, peaks = (table.texts() for table in tables(Versions(made_up, {}), made_up))
    title = SCENARIOS[0].title
    assert per_row[0] == peaks[0] == ["Scenario", "3.12, lock", "3.14, original"]
    assert (per_row[1], peaks[1]) == ([title, "210", "no wheels"], [title, "20.3", "no wheels"])
    assert len(per_row) == len(peaks) == 10
    short = costs(list(made_up.values())).texts(short=True)
    assert short[:2] == [["", "3.12"], ["psycopg", "210"]]
    made_up[SCENARIOS[0].name] = ScriptVersions(SCENARIOS[0], {}, {"3.12, lock"})
    assert costs(list(made_up.values())).texts(short=True)[1] == ["psycopg", "-"]
    made_up[SCENARIOS[0].name] = ScriptVersions(SCENARIOS[0], found, ())
    assert costs(list(made_up.values())).texts()[1] == [title, "210", "not measured"]


def test_table_of_overheads_by_python() -> None:
    made_up = {"ORM entity": {"3.12": {"1": 878.4, "30": 2366.0}, "3.13": {"1": 1150.0, "30": 2893.0}}}
    [table] = tables(Versions({}, made_up), made_up)
    assert table.texts() == [
        ["Layer", "Columns", "3.12", "3.13"],
        ["ORM entity", "1", "878", "1,150"],
        ["ORM entity", "30", "2,366", "2,893"],
    ]


def test_model_overtakes_an_entity_after_the_last_number_of_columns_at_which_it_is_smaller() -> None:
    smaller = {"3": 2.0, "4": 2.0, "5": 9.0, "18": 9.0, "19": 9.0}
    models = {"3.12": smaller, "3.13": smaller | {"18": 2.0}, "3.14": smaller}
    entities = {python: dict.fromkeys(smaller, 5.0) for python in models}
    found = Versions({}, {"Pydantic model": models, "ORM entity": entities}).crossings
    assert found == {"3.12": 5, "3.13": 19, "3.14": 5}
    assert crossings(found) == (
        "A Pydantic model's overhead is larger than an entity's "
        "from 5 columns on with Python 3.12 and 3.14, from 19 columns on with Python 3.13."
    )


def test_no_environment_for_any_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "interpreters", dict)
    with pytest.raises(UserError, match="no environment could be made"):
        list(versions.measure(["run_sync_psycopg"], None, full=True))


def test_versions_are_measured_with_the_interpreter_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        versions, "install_all", lambda: {Combination(RUNNING, LOCK): "", Combination("3.9", ORIGINAL): "none==1"}
    )
    monkeypatch.setattr(Combination, "interpreter", Path(sys.executable))
    monkeypatch.setattr(versions, "ROWS", ROWS)
    [found] = versions.measure(["run_sync_psycopg"], None, full=True)
    one = found["run_sync_psycopg"]
    assert one.record["no_wheels"] == {"3.9, original": "none==1"}
    cost = one.record["costs"][f"{RUNNING}, lock"]
    assert 150 < cost["per_row"] < 400
    assert cost["peak"] > ROWS * cost["per_row"]
    # So that results of another release are not joined with these.
    python = one.versions[f"python of {RUNNING}, lock"]
    assert python == results.here()["python"].removeprefix("CPython ")


def test_overheads_are_measured_with_the_interpreter_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "install_all", lambda: {Combination(RUNNING, LOCK): ""})
    monkeypatch.setattr(Combination, "interpreter", Path(sys.executable))
    monkeypatch.setattr(versions, "COLUMNS", (3, 20))
    monkeypatch.setattr(versions, "KINDS", (NULL, TEXT))
    [found] = versions.measure(["psycopg, tuple"], None, full=True)
    tuples = {str(count): pytest.approx(sys.getsizeof((None,) * count), abs=1) for count in (3, 20)}
    text = pytest.approx(sys.getsizeof("x" * TEXT.length), abs=1)
    values = {NULL.name: 0, TEXT.name: text}
    assert found["psycopg, tuple"].record == {"overheads": {RUNNING: tuples}, "values": {RUNNING: values}}


def test_package_without_wheels_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(combination: Combination, python: str) -> None:
        if combination.packages == ORIGINAL:
            raise NoWheelsError("greenlet==3.1.1")

    monkeypatch.setattr(versions, "install", refuse)
    installed = versions.install_all()
    assert installed[Combination(RUNNING, ORIGINAL)] == "greenlet==3.1.1"
    assert installed[Combination(RUNNING, LOCK)] == ""


@pytest.mark.parametrize(
    ("reserved", "saved"),
    [("one not in names['__slots__']", 48), ("False", 112)],
    ids=["names that are no slots", "no names"],
)
def test_what_remains_of_an_entity_s_growth_is_room_for_names_that_loading_does_not_set(
    url: str, reserved: str, saved: int
) -> None:
    """From 3.14 on, where the class of its state says that it assigns fewer names, an entity takes as much less."""
    with connect(url, 60) as connection:
        relation = describe(connection, "data")
    readings = (
        Reading(READERS["ORM entity"], relation, ROWS),
        WithFewerNames(READERS["ORM entity"], relation, ROWS, reserved=reserved),
    )
    before, after = process.succeeded(process.run([Job(one, TRACED, url=url) for one in readings]))
    expected = saved if sys.version_info >= (3, 14) else 0
    assert (before.output["traced"] - after.output["traced"]) / ROWS == pytest.approx(expected, abs=1)
