"""The comparison with the original: of its own figures, and of made-up ones that differ in one place."""

import json
import re
from copy import deepcopy

import pytest

from bench.errors import UserError
from bench.original.__main__ import PUBLISHED, Comparison, Console, compare, main, report
from bench.runs import Run
from bench.scripts import SCENARIOS
from common import MIB, Checkpoint, Line

ORIGINAL: dict[str, Console] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
SCRIPT = "run_sync_psycopg"


def as_published(script: str) -> Run:
    """Return a run whose figures are those that the original published of a script."""
    console = ORIGINAL[script]
    lines = [
        Line(
            file=f"lib/{one['file'].removeprefix('stdlib/')}",
            line=one["line"],
            size=bytes_of(one["mib"]),
            allocations=1,
        )
        for one in console["top"]
    ]
    rest = bytes_of(console["total"]) - sum(line["size"] for line in lines)
    return Run(
        rows=100_000,
        peak_rss=0,
        checkpoints=[
            Checkpoint(
                label=label,
                seconds=0.0,
                rss=bytes_of(memory["process"]),
                traced=bytes_of(memory["current"]),
                traced_peak=bytes_of(memory["peak"]),
                tracer=0,
            )
            for label, memory in console["checkpoints"].items()
        ],
        lines=[*lines, Line(file="lib/elsewhere.py", line=1, size=rest, allocations=1)],
        packages={},
        versions={},
    )


def bytes_of(mib: float) -> int:
    return round(mib * MIB)


@pytest.fixture
def runs() -> dict[str, Run]:
    return {script: as_published(script) for script in ORIGINAL}


def test_the_original_published_figures_of_the_nine() -> None:
    assert list(ORIGINAL) == [scenario.name for scenario in SCENARIOS]
    assert sum(allocation["mib"] >= 0.5 for console in ORIGINAL.values() for allocation in console["top"]) > 9


def test_its_own_figures_all_agree(runs: dict[str, Run], capsys: pytest.CaptureFixture[str]) -> None:
    assert report(ORIGINAL, runs) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    found = re.fullmatch(r"(\d+) of (\d+) figures agree", last)
    assert found
    assert found[1] == found[2] == str(sum(line.endswith("  ok") for line in lines))
    # Of each script, every checkpoint but the last.
    unjudged = sum(len(console["checkpoints"]) - 1 for console in ORIGINAL.values())
    assert sum(line.endswith(", process") or "(not judged)" in line for line in lines) == unjudged


@pytest.mark.parametrize(
    ("checkpoint", "key", "by", "name"),
    [
        (-1, "traced", 0.16, "Result iteration end, traced current"),
        (0, "traced_peak", -0.16, "Start, traced peak"),
        (-1, "rss", 16.0, "Result iteration end, process"),
        (0, "rss", 16.0, ""),
        (-1, "traced", 0.1, ""),
    ],
)
def test_a_checkpoint_that_differs_is_named(
    runs: dict[str, Run], capsys: pytest.CaptureFixture[str], checkpoint: int, key: str, by: float, name: str
) -> None:
    one = runs[SCRIPT]["checkpoints"][checkpoint]
    one[key] += bytes_of(by)  # type: ignore[literal-required]
    assert report(ORIGINAL, runs) == bool(name)
    differing = [line for line in capsys.readouterr().out.splitlines() if line.endswith("DIFFERS")]
    assert [line.split("  ")[1] for line in differing] == ([name] if name else [])


def test_a_library_s_line_has_to_be_the_same_and_a_script_s_own_are_added_up(runs: dict[str, Run]) -> None:
    library, own = (
        next(line for line in runs[SCRIPT]["lines"] if line["file"] == f"lib/{file}")
        for file in ("psycopg/cursor.py", f"{SCRIPT}.py")
    )
    half = deepcopy(own)
    half["size"] = own["size"] = own["size"] // 2
    half["line"] += 1
    runs[SCRIPT]["lines"].append(half)
    assert all(one.agrees for one in compare(SCRIPT, ORIGINAL[SCRIPT], runs[SCRIPT]))
    library["line"] += 1
    assert [one.name for one in compare(SCRIPT, ORIGINAL[SCRIPT], runs[SCRIPT]) if not one.agrees] == [
        "psycopg/cursor.py:234"
    ]


def test_the_total_may_differ_by_what_the_list_leaves_out(runs: dict[str, Run]) -> None:
    for by, agrees in ((0.29, True), (0.4, False)):
        run = deepcopy(runs[SCRIPT])
        run["lines"][-1]["size"] += bytes_of(by)
        *_, total = compare(SCRIPT, ORIGINAL[SCRIPT], run)
        assert (total.name, total.agrees) == ("Total allocated size", agrees)


def test_what_is_printed_is_compared() -> None:
    assert Comparison("", 1.0, 1.149, 0.1).agrees
    assert not Comparison("", 1.0, 1.151, 0.1).agrees
    assert Comparison("", 1.0, 9.0, 0.1, judged=False).agrees


def test_other_checkpoints_are_one_line(runs: dict[str, Run]) -> None:
    del runs[SCRIPT]["checkpoints"][0]
    with pytest.raises(UserError, match=rf"^{SCRIPT} has other checkpoints than the original: After imports, Result"):
        list(compare(SCRIPT, ORIGINAL[SCRIPT], runs[SCRIPT]))


@pytest.mark.parametrize("python", ["/missing/python3.12", "cat", "true"])
def test_what_is_no_python_3_12_is_one_line(python: str) -> None:
    with pytest.raises(UserError, match=rf"^{python} is no Python 3\.12: name one with PYTHON312="):
        main(python)
