"""Tables: drawn in a terminal, else as Markdown; and how a figure is written in them."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from common import MIB
from report.colours import COLOURS, LETTERS
from runner.runs import Spread

# A median whose runs lie further apart than this is shown with their spread.
STABLE = 0.02
GAP = 2
SHORTEST_BAR, LONGEST_BAR = 12, 60


@dataclass(frozen=True)
class Table:
    """A table of texts; in a terminal, with a bar beside each row where `bars` has the sizes of its parts by name."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    # How many columns, from the left, hold text; the others hold figures.
    text_columns: int = 1
    bars: Sequence[Mapping[str, float]] = ()
    # What the short names of a terminal's columns mean.
    note: str = ""

    def markdown(self) -> str:
        """Return the table in Markdown, without its title."""
        rule = ["-" if index < self.text_columns else "-:" for index in range(len(self.columns))]
        return "\n".join(f"| {' | '.join(row)} |" for row in (self.columns, rule, *self.rows))

    def print(self, *, wide: bool = False) -> None:
        """Print the table: drawn in a terminal, else as Markdown.

        Nothing is cut or wrapped. What does not fit the terminal is left out, the bar first, then columns from the
        right; with `wide`, nothing is left out.
        """
        if not sys.stdout.isatty():
            print(f"\n{self.title}\n\n{self.markdown()}")
            return
        widths = [max(map(len, column)) for column in zip(self.columns, *self.rows, strict=True)]
        console = Console(highlight=False, width=sum(widths) + GAP * len(widths) if wide else None)
        shown = len(widths)
        while not wide and shown > 1 and sum(widths[:shown]) + GAP * (shown - 1) > console.width:
            shown -= 1
        table = RichTable(box=None, pad_edge=False, padding=(0, GAP, 0, 0), collapse_padding=True)
        for index in range(shown):
            table.add_column(
                self.columns[index], justify="left" if index < self.text_columns else "right", no_wrap=True
            )
        room = min(console.width - sum(widths) - GAP * len(widths), LONGEST_BAR)
        bars = Bars(self.bars, room, console) if self.bars and room >= SHORTEST_BAR else None
        if bars:
            table.add_column("", no_wrap=True)
        for index, row in enumerate(self.rows):
            table.add_row(*row[:shown], *([bars.draw(self.bars[index])] if bars else []))
        console.print(f"\n{self.title}\n", style="bold", markup=False)
        console.print(table)
        if bars:
            console.print("", bars.legend(), sep="\n")
        if left_out := len(widths) - shown:
            console.print(f"\n{left_out} columns do not fit: --wide prints them")
        if self.note:
            console.print(f"\n{self.note}")


class Bars:
    """Bars split into parts: by colours where the terminal has them, else by letters."""

    def __init__(self, bars: Sequence[Mapping[str, float]], room: int, console: Console) -> None:
        """Take all bars, whose longest one is to fill the room."""
        self._names = [name for name in COLOURS if any(bar.get(name, 0.0) for bar in bars)]
        self._scale = room / max(sum(bar.values()) for bar in bars)
        self._width = console.width
        self._plain = console.no_color or console.color_system is None or console.options.ascii_only

    def draw(self, parts: Mapping[str, float]) -> Text:
        """Return one bar."""
        bar = Text()
        total = 0.0
        for name in self._names:
            start, total = round(total * self._scale), total + parts.get(name, 0.0)
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


def print_sentence(text: str) -> None:
    """Print a sentence as it is; in a terminal, wrapped between words."""
    if sys.stdout.isatty():
        Console(highlight=False).print(text, markup=False, emoji=False)
    else:
        print(text)


def mib(size: float) -> str:
    """Return a size in bytes as MiB with one decimal."""
    return f"{round(size / MIB, 1) + 0.0:.1f}"  # adding zero makes no negative zero


def spread(figure: Spread, text: str) -> str:
    """Return the text of a median, with the runs' spread where that is not negligible."""
    return text if figure.spread <= STABLE else f"{text} (spread {figure.spread:.0%})"
