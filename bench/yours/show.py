"""What is printed of a relation: the table, what that does not say, and the advice; or all of it as JSON."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from bench.errors import visible
from bench.layers.figures import Figure, Figures
from bench.layers.subject import Subject
from bench.look.tables import Column, Table, fenced, mib, print_told
from bench.nouns import counted
from bench.yours import columns as by_column
from bench.yours.advice import advice
from bench.yours.calculator import address
from bench.yours.code import sql
from bench.yours.told import encoded, slow, told
from bench.yours.words import all_rows, words_of
from bench.yours.writing import to_write

Row = tuple[str, Figure]
# What is not told in JSON of rows without children.
OF_PARENTS = ("traced_peak", "rows", "statements", "sample")


def show(subject: Subject, figures: Figures, *, wide: bool = False) -> None:
    """Print the table, what is to be said of it, and the advice: for a terminal, else in Markdown."""
    relation = subject.relation
    sentences, advised = told(subject, figures), advice(subject, figures)
    table(subject, figures).print(wide=wide)
    for weights in by_column.tables(relation, figures):
        weights.print(wide=wide)
    print_told(sentences, [*((advice.text, advice.code(relation)) for advice in advised), *to_write(subject)])
    if not relation.children:
        total, _ = all_rows(subject, figures)
        weighed = figures.weights[0].columns if figures.weights else ()
        url = address(relation, total or figures.count, weighed)
        shown = url if sys.stdout.isatty() else f"<{url}>"
        print(f"\nThese columns on the calculator's page, a file on this disk:\n{shown}")


def table(subject: Subject, figures: Figures) -> Table[Row]:
    relation, words = subject.relation, words_of(subject.relation)
    name = visible(relation.sql_name or "the query")
    shown = name if sys.stdout.isatty() or not relation.name else fenced(name, "`")
    paths = f" with {', '.join(child.path for child in relation.children)}" if relation.children else ""
    title = f"{counted(figures.count, 'row')} of {shown}{paths}"
    return Table(title, columns(subject, figures), list(figures.by_layer.items()), note=words.note)


def columns(subject: Subject, figures: Figures) -> list[Column[Row]]:
    words, parents = words_of(subject.relation), bool(subject.relation.children)
    overhead: Column[Row] = Column(
        "Of which overhead", "overhead", lambda row: known(row[1].overhead, "{:,.0f}".format)
    )
    at_peak: Column[Row] = Column("At the peak", "at peak", lambda row: f"{row[1].traced_peak:,.0f}")
    wire: list[Column[Row]] = [
        Column(
            "Rows per parent",
            "rows",
            lambda row: if_counted(row[1].rows, lambda rows: f"{rows / figures.count:,.1f}"),
        ),
        Column("Statements", None, lambda row: if_counted(row[1].statements, "{:,}".format)),
    ]
    return [
        Column(words.first, "", lambda row: row[0], text=True),
        Column(
            f"Bytes per {words.row}", words.short, lambda row: f"{row[1].traced:,.0f}" if row[1].keeps else words.none
        ),
        at_peak if parents else overhead,
        Column("Process, MiB", "MiB", lambda row: mib(row[1].kept)),
        Column("Peak, MiB", "peak", lambda row: mib(row[1].peak)),
        Column("Time, s", "s", lambda row: f"{row[1].seconds:.2f}"),
        *(wire if parents else ()),
        *columns_of_all(subject, figures),
    ]


def columns_of_all(subject: Subject, figures: Figures) -> list[Column[Row]]:
    """Return the columns of all rows, where they are more than were read; none of rows of which nothing is known."""
    words = words_of(subject.relation)
    total, _ = all_rows(subject, figures)
    if total is None or total == figures.count:
        return []
    # What keeps no row takes no more for more.
    kept = {layer: figure.kept_of(total) if figure.keeps else None for layer, figure in figures.by_layer.items()}
    seconds = {layer: figure.seconds_of(total) for layer, figure in figures.by_layer.items()}
    if not subject.relation.children and {*kept.values(), *seconds.values()} == {None}:
        return []
    return [
        Column(f"All {words.row}s, MiB", f"{words.all}MiB", lambda row: known(kept[row[0]], mib)),
        Column(f"All {words.row}s, s", f"{words.all}s", lambda row: known(seconds[row[0]], "{:,.1f}".format)),
    ]


def known(figure: float | None, text: Callable[[float], str]) -> str:
    return "" if figure is None else text(figure)


def if_counted(figure: int | None, text: Callable[[int], str]) -> str:
    """Return a figure's text, if libpq could count it."""
    return "not counted" if figure is None else text(figure)


def as_json(subject: Subject, figures: Figures) -> dict[str, Any]:
    """Return what was found, in bytes and seconds."""
    relation, words = subject.relation, words_of(subject.relation)
    total, known = all_rows(subject, figures)
    left_out = () if relation.children else OF_PARENTS
    by_layer = {
        layer: {name: value for name, value in asdict(figure).items() if name not in left_out}
        for layer, figure in figures.by_layer.items()
    }
    return {
        "relation": relation.sql_name or None,
        **({"children": list(children(subject))} if relation.children else described(subject)),
        f"{words.row}s": figures.count,
        f"all_{words.row}s": total,
        f"all_{words.row}s_are": known,
        **({} if relation.children else {"values": figures.values}),
        f"{words.layer}s": by_layer,
        "weights": by_column.as_json(figures),
        "notes": [*encoded(subject), *slow(subject), *figures.notes],
        "left_out": figures.failures,
        "advice": [{"text": advised.text, "code": advised.code(relation)} for advised in advice(subject, figures)],
        "to_write": [{"text": text, "code": code} for text, code in to_write(subject)],
    }


def described(subject: Subject) -> dict[str, Any]:
    relation = subject.relation
    return {
        "sql": sql(relation),
        "columns": [
            {"name": column.name, "attribute": column.attribute, "type": column.type, "stored": column.stored}
            for column in relation.columns
        ],
        "columns_left_out": [asdict(column) for column in relation.left_out],
        "key": relation.key,
        "key_is_primary": relation.key_is_primary,
    }


def children(subject: Subject) -> Iterator[dict[str, Any]]:
    for child, size in zip(subject.relation.children, subject.size.children, strict=True):
        yield {
            "path": child.path,
            "relation": child.relation.sql_name,
            "collection": child.many,
            "along": [asdict(step) for step in child.link.steps],
            "rows": size.rows,
            "most": size.most,
        }
