"""How it looks what parents with their children take, in each way to read them."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from bench.errors import UserError, visible
from bench.layers.graph_costs import GraphFigure, GraphFigures, GraphSubject
from bench.layers.graph_readers import ARRAYS, COLUMNS, DROPPED, LAZY, WAYS
from bench.look.tables import Column, Table, fenced, mib, named, print_told
from bench.relations import graph_sql
from bench.relations.graphs import OF_ARRAYS
from bench.yours.advice import ENOUGH
from bench.yours.graph_advice import advice
from bench.yours.graph_code import along


def chosen(subject: GraphSubject, parts: str) -> list[str]:
    """Return the ways whose names have one of these parts, with commas between. Raises UserError."""
    wanted = [part.strip().casefold() for part in parts.split(",")]
    for part in wanted:
        if not any(part in way for way in subject.layers):
            keyed = subject.graph.keyless if any(part in way for way in WAYS) else ""
            why = f"an entity needs a key, and {keyed}; " if keyed else ""
            raise UserError(f"no way's name has '{visible(part)}': {why}there are {'; '.join(subject.layers)}")
    return [way for way in subject.layers if any(part in way for part in wanted)]


def show(subject: GraphSubject, figures: GraphFigures, *, wide: bool = False) -> None:
    """Print the table, what is to be said of it, and the advice: for a terminal, else in Markdown."""
    total, known = total_of(subject)
    table(subject, figures, total).print(wide=wide)
    told = [*children(subject), *about(subject, figures, total, known)]
    print_told(told, [(one.text, one.code) for one in advice(subject, figures)])


def total_of(subject: GraphSubject) -> tuple[int | None, str]:
    """Return how many parents there are in all, if that is known, and how it is known."""
    return in_all(subject.size.parents, subject.complete, subject.total, subject.counted)


def in_all(count: int, complete: bool, total: int | None, counted: bool) -> tuple[int | None, str]:
    """Return how many rows there are in all, if that is known, and how it is known; so many were read."""
    if counted:
        return total, "counted"
    if complete:
        return count, "and all were read"
    if total is None or total < count:
        return None, "not known: --count counts them"
    return total, "as the server estimates: --count counts them"


def table(subject: GraphSubject, figures: GraphFigures, total: int | None) -> Table[tuple[str, GraphFigure]]:
    """Return the table of the ways, the least first."""
    parents = subject.size.parents
    columns: list[Column[tuple[str, GraphFigure]]] = [
        Column("Read by", "", lambda row: row[0], text=True),
        Column("Bytes per parent", "bytes", lambda row: f"{row[1].traced:,.0f}" if row[1].objects else "none"),
        Column("At the peak", "at peak", lambda row: f"{row[1].traced_peak:,.0f}"),
        Column("Process, MiB", "MiB", lambda row: mib(row[1].kept)),
        Column("Peak, MiB", "peak", lambda row: mib(row[1].peak)),
        Column("Time, s", "s", lambda row: f"{row[1].seconds:.2f}"),
        Column("Rows per parent", "rows", lambda row: f"{row[1].rows / parents:,.1f}"),
        Column("Statements", None, lambda row: f"{row[1].statements:,}"),
    ]
    if total is not None and total != parents:
        columns += [
            Column("All parents, MiB", "all MiB", lambda row: all_of(row[1], total)[0]),
            Column("All parents, s", "all s", lambda row: all_of(row[1], total)[1]),
        ]
    name = visible(subject.sql_source)
    shown = name if sys.stdout.isatty() else fenced(name, "`")
    paths = ", ".join(child.path for child in subject.graph.children)
    note = (
        "bytes: what tracemalloc counts per parent; MiB: what the process grew by, peak: at most; rows: those that the "
        "server sent per parent."
    )
    title = f"{parents:,} row{'s' * (parents != 1)} of {shown} with {paths}"
    return Table(title, columns, list(figures.by_layer.items()), note=note)


def all_of(one: GraphFigure, total: int) -> tuple[str, str]:
    """Return the MiB and the seconds of all parents, each if it is known."""
    kept, seconds = one.kept_of(total) if one.objects else None, one.seconds_of(total)
    return "" if kept is None else mib(kept), "" if seconds is None else f"{seconds:,.1f}"


def children(subject: GraphSubject) -> Iterator[str]:
    """Yield how many children there are, and along which key they are read."""
    graph, parents = subject.graph, subject.size.parents
    for child, size in zip(graph.children, subject.size.children, strict=True):
        many = f"{size.rows / parents:,.1f} per parent on average, {size.most:,} at most"
        yield f"{child.path}: {many}, along {named(along(graph, child.parent, child.link))}."


def about(subject: GraphSubject, figures: GraphFigures, total: int | None, known: str) -> Iterator[str]:
    """Yield what the table does not say of the figures, and what was done otherwise than one may expect."""
    graph, parents = subject.graph, subject.size.parents
    yield f"Parents in all: {known if total is None else f'{total:,}, {known}'}."
    if not subject.complete:
        which = "those of blocks chosen over the whole table" if graph.root.sample else "the first ones"
        none = " All parents have no figure where less than a tenth, 0.1 s or 10 MiB of them was read." if total else ""
        yield f"The parents are {which}.{none}"
    if subject.fewer:
        yield f"{parents:,} parents were read instead of {subject.asked:,}, for they have many children, or wide ones."
    if (lazy := figures.by_layer.get(LAZY)) and lazy.sample:
        yield f"{LAZY}: measured of {lazy.sample:,} parents, chosen evenly, and extrapolated to {parents:,}."
    if DROPPED in figures.by_layer:
        yield f"{DROPPED}: `yield_per=1000`, and each parent is dropped after use."
    if COLUMNS in figures.by_layer:
        yield f"{COLUMNS}: a row for each row of the join, with the parent's columns again."
    if ARRAYS in figures.by_layer:
        others = "".join(f"; {line}" for line in other_values(subject))
        yield f"{ARRAYS}: a row a parent, with an array for each column of a child{others}."
    if graph.keyless:
        yield f"Entities are left out, for an entity needs a key, and {graph.keyless}."
    if ARRAYS not in subject.layers:
        yield f"{ARRAYS}: left out, for no parent has more than one child."
    for relation in graph.relations:
        for one in relation.left_out:
            yield f"Column {named(f'{relation.name}.{one.name}')} is left out: {one.reason}."
    yield from (f"{way} is left out: {reason}." for way, reason in figures.failures.items())
    yield from figures.notes
    if subject.size.rows < ENOUGH:
        yield f"From fewer than {ENOUGH:,} rows no advice follows, for what is fixed weighs in these figures."


def other_values(subject: GraphSubject) -> Iterator[str]:
    """Yield which columns have other values in an array."""
    casts = [(child, name, cast) for child in subject.graph.children for name, cast in child.casts.items()]
    for words, kinds in (("as JSON", [OF_ARRAYS]), ("as text", ["::text"])):
        if names := [named(f"{child.relation.name}.{name}") for child, name, cast in casts if cast in kinds]:
            yield f"{', '.join(names)} {words}"


def as_json(subject: GraphSubject, figures: GraphFigures) -> dict[str, Any]:
    """Return what was found, in bytes and seconds."""
    graph, (total, known) = subject.graph, total_of(subject)
    return {
        "relation": subject.sql_source,
        "children": [
            {
                "path": child.path,
                "relation": graph_sql.table(graph, place),
                "collection": child.many,
                "along": [asdict(step) for step in child.link.steps],
                "rows": size.rows,
                "most": size.most,
            }
            for place, (child, size) in enumerate(zip(graph.children, subject.size.children, strict=True), 1)
        ],
        "parents": subject.size.parents,
        "all_parents": total,
        "all_parents_are": known,
        "ways": {way: asdict(one) for way, one in figures.by_layer.items()},
        "notes": figures.notes,
        "left_out": figures.failures,
        "advice": [asdict(one) for one in advice(subject, figures)],
    }
