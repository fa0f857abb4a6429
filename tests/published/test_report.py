"""What is published fits into a terminal."""

import re

import pytest

from bench.studies.study import STUDIES
from tests.test_report import ESCAPES, in_terminal, print_tables, shown_of


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["colours", "no colours", "dumb"])
@pytest.mark.parametrize("names", ["costs", " ".join(name for name in STUDIES if name != "costs")])
def test_nothing_is_cut_or_wrapped_at_80_columns(names: str, variables: dict[str, str]) -> None:
    shown = in_terminal(lambda: print_tables(names), 80, **variables)
    coloured = "38;2;" in shown or "38;5;" in shown
    assert coloured == (names == "costs" and not variables)
    lines = [line.rstrip() for line in ESCAPES.sub("", shown).splitlines()]
    assert max(map(len, lines)) <= 80
    assert not re.search("…( |$)", shown, re.MULTILINE)
    for name in names.split():
        for row in (row for table in shown_of(name) for row in table.texts(short=True) if row):
            cells = [re.escape(cell) for cell in row if cell]
            assert any(re.match(r" *" + " {2,}".join(cells), line) for line in lines), row
