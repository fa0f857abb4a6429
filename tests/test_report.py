"""How it looks: tables and bars in terminals of any width, in colours or in letters."""

import fcntl
import os
import pty
import re
import struct
import termios
import threading
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from itertools import chain
from typing import Any

import pytest

from bench import results
from bench.look import charts
from bench.look.colours import COLOURS, LETTERS, coloured
from bench.look.tables import Bars, Column, Table, terminal, time
from bench.runs import Spread
from bench.studies.study import STUDIES

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def in_terminal(show: Callable[[], object], width: int, **variables: str) -> str:
    """Return what a function shows in a terminal so many columns wide."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    output = bytearray()
    reader = threading.Thread(target=_read, args=[parent, output])
    reader.start()
    usual = os.dup(1)
    with pytest.MonkeyPatch.context() as patch:
        for name_of_size in ("COLUMNS", "LINES"):  # they would be believed before the terminal itself
            patch.delenv(name_of_size, raising=False)
        for name, value in ({"TERM": "xterm-256color"} | variables).items():
            patch.setenv(name, value)
        os.dup2(child, 1)
        os.close(child)
        try:
            with open(1, "w", encoding="utf-8", closefd=False) as stream, redirect_stdout(stream):
                show()
        finally:
            os.dup2(usual, 1)  # the terminal's last place
            os.close(usual)
            reader.join()
            os.close(parent)
    return output.decode().replace("\r\n", "\n")


def _read(descriptor: int, output: bytearray) -> None:
    with suppress(OSError):  # the other side is closed
        while chunk := os.read(descriptor, 65536):
            output += chunk


def print_tables(names: str, *, wide: bool = False) -> None:
    for table in chain.from_iterable(map(shown_of, names.split())):
        table.print(wide=wide)


def shown_of(name: str) -> list[Table[Any]]:
    """Return the tables of all that is stored of a study."""
    stored = results.load(name)
    return STUDIES[name].tables(stored, stored.records)


def test_bar_goes_first_in_a_narrow_terminal() -> None:
    wide, narrow = (ESCAPES.sub("", in_terminal(lambda: print_tables("costs"), width)) for width in (80, 40))
    assert "█" in wide
    assert "█" not in narrow
    for line in narrow.splitlines():
        assert len(line.rstrip()) <= 40
    _, costs, *others = (table.texts(short=True)[1:] for table in shown_of("costs"))
    for name, size, growth, _ in costs:
        assert re.search(rf"^{re.escape(name)} +{size} +{growth}$", narrow, re.MULTILINE)
    for name, change, *_ in chain.from_iterable(others):
        assert re.search(rf"^{re.escape(name)} +{change}\b", narrow, re.MULTILINE)


def test_bars_are_as_long_as_the_growth_and_told_by_letters_without_colours() -> None:
    _, table, *_ = shown_of("costs")
    rows = table.texts(short=True)[1:]
    lines = in_terminal(lambda: print_tables("costs"), 120, NO_COLOR="1").splitlines()
    assert table.bar
    growths = [sum(table.bar(one).values()) for one in table.items]
    longest = max(growths)
    letters = "".join(LETTERS.values())
    found = []
    for row in rows:
        [line] = [line for line in lines if re.match(rf"{re.escape(row[0])} +{row[1]} ", line)]
        bar = re.search(rf"  ([{re.escape(letters)}]+) *$", line)
        assert bar, line
        found.append(bar[1])
    assert max(map(len, found)) == 60
    for drawn, growth in zip(found, growths, strict=True):
        assert abs(len(drawn) - 60 * growth / longest) <= 1
    orm = found[[row[0] for row in rows].index("ORM")]
    assert orm.count(LETTERS["SQLAlchemy ORM"]) > len(orm) / 2
    for name in COLOURS:
        if any(LETTERS[name] in bar for bar in found):
            assert f"{LETTERS[name]} {name}" in "\n".join(lines)


def test_wide_shows_every_column_on_one_line() -> None:
    lines = ESCAPES.sub("", in_terminal(lambda: print_tables("costs", wide=True), 60)).splitlines()
    for row in (row for table in shown_of("costs") for row in table.texts()):
        assert any(all(cell in line for cell in row) for line in lines), row


COLUMNS = [
    Column[str]("The name", "", lambda item: item, text=True),
    Column[str]("Its length", "n", lambda item: f"{len(item)}.0", lambda item: str(len(item))),
    Column[str]("Twice", None, lambda item: item * 2),
]
ITEMS = ["a|b\nc", "[bold] :smiley:", "表"]


def test_a_column_is_declared_once_for_both_widths() -> None:
    table = Table("", COLUMNS, ITEMS[1:])
    assert table.texts() == [
        ["The name", "Its length", "Twice"],
        ["[bold] :smiley:", "15.0", "[bold] :smiley:" * 2],
        ["表", "1.0", "表表"],
    ]
    assert table.texts(short=True) == [["", "n"], ["[bold] :smiley:", "15"], ["表", "1"]]


def test_markdown_survives_what_ends_a_cell() -> None:
    assert Table("", COLUMNS[:2], ITEMS[:1]).markdown() == "| The name | Its length |\n| - | -: |\n| a\\|b c | 5.0 |"


def test_a_terminal_interprets_no_text() -> None:
    shown = ESCAPES.sub("", in_terminal(Table("[red] :bug:", COLUMNS, ITEMS).print, 80)).splitlines()
    assert [line.rstrip() for line in shown[1:4]] == ["[red] :bug:", "", "                  n"]
    assert "[bold] :smiley:  15" in shown
    assert "表                1" in shown  # two places wide


def test_a_time_whose_runs_lie_more_than_10_percent_apart_is_marked() -> None:
    assert [time(Spread.of(runs)) for runs in ([1.0], [1.0, 1.09], [1.0, 1.12])] == ["1.00", "1.04", "1.06±"]
    assert time(Spread.of([-0.001])) == "0.00"


def test_what_has_no_colour_is_among_the_others() -> None:
    parts = coloured({"psycopg": 2.0, "a new library": 3.0, "other": 1.0})
    assert list(parts) == list(COLOURS)
    assert {name: size for name, size in parts.items() if size} == {"psycopg": 2.0, "other": 4.0}
    assert len(Bars([{"a new library": 6.0}], 12, terminal(80)).draw(0)) == 12


def test_a_chart_s_text_is_text_a_line_at_a_time_in_a_font_that_others_stand_in_for() -> None:
    figure = charts.new(3, 2)
    charts.beside(figure.subplots(), (0.5, 0.5), "two\nlines", align="right")
    texts = re.findall(r'<text style="([^"]*)"[^>]*>([^<]*)</text>', charts.svg(figure))
    assert [text for style, text in texts if "text-anchor: end" in style][-2:] == ["two", "lines"]
    assert all("'DejaVu Sans', 'Verdana', sans-serif" in style for style, _ in texts)
