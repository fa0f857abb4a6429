"""Tables: drawn in a terminal, else as Markdown; and how a figure is written in them."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Generic, TypeVar

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from bench.errors import visible
from bench.look.colours import COLOURS, LETTERS, coloured
from bench.runs import Spread
from bench.scripts import Scenario
from common import MIB

Item = TypeVar("Item")

# A median whose runs lie further apart than this is shown with their spread.
STABLE = 0.02
# A time whose runs lie further apart than this is marked.
STEADY = 0.10
GAP = 2
SHORTEST_BAR, LONGEST_BAR = 12, 60


@dataclass(frozen=True)
class Column(Generic[Item]):
    """A column, declared once for both widths: its title, its short one, and what stands in an item's cell."""

    title: str
    # In a terminal; None: there it stands only in the wide table.
    short: str | None
    cell: Callable[[Item], str]
    # In a terminal, where that is another text.
    short_cell: Callable[[Item], str] | None = None
    # A text begins at the left, a figure ends at the right.
    text: bool = False


def script_column(title: str, script: Callable[[Item], Scenario]) -> Column[Item]:
    return Column(title, "", lambda item: script(item).title, lambda item: script(item).short, text=True)


@dataclass(frozen=True)
class Table(Generic[Item]):
    """A table with one row an item; in a terminal, with a bar beside it where `bar` gives the sizes by holder."""

    title: str
    columns: Sequence[Column[Item]]
    items: Sequence[Item]
    bar: Callable[[Item], Mapping[str, float]] | None = None
    # What the short names of a terminal's columns mean.
    note: str = ""

    def texts(self, *, short: bool = False) -> list[list[str]]:
        """Return the titles and then every row's cells; with `short`, as they stand in a terminal."""
        if not short:
            return [
                [column.title for column in self.columns],
                *([column.cell(item) for column in self.columns] for item in self.items),
            ]
        columns = [column for column in self.columns if column.short is not None]
        rows = [[(column.short_cell or column.cell)(item) for column in columns] for item in self.items]
        return [[column.short or "" for column in columns], *rows]

    def markdown(self) -> str:
        """Return the table in Markdown, without its title."""
        titles, *rows = ([in_markdown(cell) for cell in row] for row in self.texts())
        rule = ["-" if column.text else "-:" for column in self.columns]
        return "\n".join(f"| {' | '.join(row)} |" for row in (titles, rule, *rows))

    def print(self, *, wide: bool = False) -> None:
        """Print the table: drawn in a terminal, else as Markdown.

        Nothing is cut or wrapped. What does not fit the terminal is left out, the bar first, then columns from the
        right; with `wide`, nothing is left out.
        """
        if not sys.stdout.isatty():
            print(f"\n{self.title}\n\n{self.markdown()}")
            return
        columns = [column for column in self.columns if wide or column.short is not None]
        if not columns:
            return  # there is room for it only with `wide`
        titles, *rows = self.texts(short=not wide)
        widths = [max(map(cell_len, texts)) + GAP for texts in zip(titles, *rows, strict=True)]
        room = terminal().width
        shown = len(columns) if wide else max(1, sum(width - GAP <= room for width in accumulate(widths)))
        console = terminal(max(room, sum(widths)) if wide else room)
        bars = self._bars(min(room - sum(widths), LONGEST_BAR), console)
        terminal().print(f"\n{self.title}\n", style="bold")
        console.print(drawn(columns[:shown], titles, rows, bars))
        if bars:
            console.print("", bars.legend(), sep="\n")
        if left_out := len(columns) - shown:
            print_sentence(f"\n{left_out} column{'s do' if left_out > 1 else ' does'} not fit: --wide prints all")
        if self.note:
            print_sentence(f"\n{self.note}")

    def _bars(self, room: int, console: Console) -> "Bars | None":
        """Return the bars of the items, the longest of which fills the room, if there are any and it is enough."""
        if not self.bar or room < SHORTEST_BAR:
            return None
        return Bars([self.bar(item) for item in self.items], room, console)


def drawn(
    columns: Sequence[Column[Any]], titles: Sequence[str], rows: Sequence[Sequence[str]], bars: "Bars | None"
) -> RichTable:
    table = RichTable(box=None, pad_edge=False, padding=(0, GAP, 0, 0), collapse_padding=True)
    for column, title in zip(columns, titles, strict=False):
        table.add_column(Text(title), justify="left" if column.text else "right", no_wrap=True)
    if bars:
        table.add_column("", no_wrap=True)
    for index, row in enumerate(rows):
        table.add_row(*map(Text, row[: len(columns)]), *([bars.draw(index)] if bars else []))
    return table


class Bars:
    """Bars split by holder: by colours where the terminal has them, else by letters."""

    def __init__(self, bars: Sequence[Mapping[str, float]], room: int, console: Console) -> None:
        self._bars = [coloured(bar) for bar in bars]
        self._names = [name for name in COLOURS if any(bar[name] for bar in self._bars)]
        self._scale = room / max(sum(bar.values()) for bar in self._bars)
        self._width = console.width
        self._plain = console.no_color or console.color_system is None or console.options.ascii_only

    def draw(self, index: int) -> Text:
        bar = Text()
        total = 0.0
        for name in self._names:
            start, total = round(total * self._scale), total + self._bars[index][name]
            bar.append_text(self._cells(name, round(total * self._scale) - start))
        return bar

    def legend(self) -> Text:
        """Return what the colours or letters mean, in lines that fit the terminal."""
        legend = Text()
        room = self._width
        for name in self._names:
            if legend and room < len(name) + 2 + GAP:
                legend.append("\n")
                room = self._width
            legend.append_text(self._cells(name, 1)).append(f" {name}{' ' * GAP}")
            room -= len(name) + 2 + GAP
        return legend

    def _cells(self, name: str, count: int) -> Text:
        return Text(LETTERS[name] * count) if self._plain else Text("█" * count, style=COLOURS[name])


def terminal(width: int | None = None) -> Console:
    """Return the terminal, as wide as it is or so wide; it shows every text as it is, `[bold]` and `:smiley:` too."""
    return Console(markup=False, emoji=False, highlight=False, width=width)


def print_sentence(text: str) -> None:
    """Print a sentence; in a terminal, wrapped between words."""
    if sys.stdout.isatty():
        terminal().print(text)
    else:
        print(text)


def print_told(lines: Iterable[str], advice: Iterable[tuple[str, str]]) -> None:
    """Print sentences, then each advice and its code, if it has any: for a terminal, else in Markdown."""
    drawn = sys.stdout.isatty()
    print()
    for line in lines:
        print_sentence(line if drawn else f"- {line}")
    for text, code in advice:
        print()
        print_sentence(text)
        if code:
            print()
            print(code if drawn else fenced(code, "```", "python\n", "\n"))


def named(name: str) -> str:
    """Return a column's name as a sentence shows it: in Markdown, nothing in it means anything."""
    return f'"{visible(name)}"' if sys.stdout.isatty() else fenced(visible(name), "`")


def fenced(text: str, fence: str, before: str = "", behind: str = "") -> str:
    """Return a text between the shortest fences that it does not have, as Markdown wants code."""
    while fence in text:
        fence += "`"
    space = " " if not behind and "`" in (text[:1], text[-1:]) else ""
    return f"{fence}{before}{space}{text}{space}{behind}{fence}"


def in_markdown(cell: str) -> str:
    """Return a text as the cell of a table, which a line's end or a bare `|` would end."""
    return " ".join(cell.splitlines()).replace("|", "\\|")


def whole(figure: float) -> str:
    return f"{round(figure):,}"


def mib(size: float) -> str:
    """Return a size in bytes as MiB with one decimal."""
    return f"{round(size / MIB, 1) + 0.0:,.1f}"  # adding zero makes no negative zero


def whole_mib(size: float) -> str:
    return whole(size / MIB)


def deviation(share: float) -> str:
    """Return by what share something is off, in percent with one decimal and a sign."""
    return f"{round(share, 3) + 0.0:+.1%}"  # adding zero makes no negative zero


def spread(figure: Spread, text: str) -> str:
    """Return the text of a median, with the runs' spread where that is not negligible."""
    return text if figure.spread <= STABLE else f"{text} (spread {figure.spread:.0%})"


def time(figure: Spread) -> str:
    """Return seconds with two decimals, marked `±` where the runs lie more than 10 % apart."""
    return f"{round(figure.value, 2) + 0.0:.2f}{'±' if figure.spread > STEADY else ''}"
