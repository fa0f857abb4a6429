"""`--check` of what is stored: it names whatever differs. That it passes, `make check` has said before."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import results
from tests.support import error_line, replace, run, store_costs


def edit_figure(folder: Path) -> None:
    page = folder / "README.md"
    text = page.read_text(encoding="utf-8")
    changed = re.sub(r"(\| Synchronous Psycopg \| )\d+\.\d", r"\g<1>1.0", text, count=1)
    assert changed != text
    page.write_text(changed, encoding="utf-8")


def test_check_names_everything_that_differs(copied: Path) -> None:
    """Docstrings and comments make no result stale; what the pages show of them is written anew."""
    store_costs(copied, results.load("costs"))
    replace("run_sync_psycopg.py", "The driver alone", "Only the driver")(copied)
    replace("common.py", "# Asked for here", "# It is asked for here")(copied)
    edit_figure(copied)
    replace("docs/where-the-memory-is.svg", "<path", "<path ")(copied)
    (copied / "docs" / "what-tracing-adds.svg").unlink()
    process = run("-m", "bench", "--check", folder=copied)
    assert process.returncode == 1
    assert process.stderr.splitlines() == [
        "README.md differs from bench/results/ in overview: run `make readme`",
        "docs/consoles.md differs from bench/results/ in scenarios: run `make readme`",
        "docs/where-the-memory-is.svg differs from bench/results/: run `make readme`",
        "docs/what-tracing-adds.svg is missing: run `make readme`",
    ]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (replace("bench/results/costs.json", '"total": ', '"total": 1'), "bench/results/costs.json was edited by hand"),
        (replace("docs/method.md", "<!-- report:costs -->", ""), "block `report:costs` is on no page, not on one"),
    ],
)
def test_check_says_in_one_line_what_it_cannot_read(copied: Path, spoil: Callable[[Path], None], message: str) -> None:
    """The other faults of a result are in `test_runner.py`, those of the markers in `test_pages.py`."""
    spoil(copied)
    assert error_line(run("-m", "bench", "--check", folder=copied)).startswith(message)
