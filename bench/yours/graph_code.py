"""Code that reads a graph, with the names of the reader's own tables: it compiles, reads all rows, fits 80 columns."""

import textwrap
from collections.abc import Iterator

from bench.errors import visible
from bench.relations import graph_sql
from bench.relations.foreign_keys import Link
from bench.relations.graphs import Graph
from bench.yours.code import ENTITIES, ROWS, WIDTH, assigned, class_called, for_text

JOINED = """\
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, joinedload

{statement}


def read(engine: Engine) -> None:
    with Session(engine) as session:
        for row in session.scalars(statement).unique():
            ..."""


def classes(graph: Graph) -> dict[int, str]:
    """Return the name of each table's class by the table's number, no two of them alike."""
    found: dict[int, str] = {}
    for relation in graph.relations:
        name = class_called(relation.name)
        if relation.oid not in found:
            same = name in found.values()
            found[relation.oid] = class_called(f"{relation.schema}_{relation.name}") if same else name
    return found


def relationships(graph: Graph) -> Iterator[str]:
    """Yield which relationship of the reader's classes is meant by each attribute, in comments."""
    names = classes(graph)
    told = {}
    for child in graph.children:
        parent = names[graph.relations[child.parent].oid]
        told[f"{parent}.{child.attribute}"] = visible(along(graph, child.parent, child.link))
    for name, words in told.items():
        text = f"{name}: relationship() along {words}"
        yield from (f"# {line}" for line in textwrap.wrap(text, WIDTH - 2, break_on_hyphens=False))


def along(graph: Graph, parent: int, link: Link) -> str:
    """Return in words by which columns a table's rows lead to another's."""
    words, before = [], graph.relations[parent].name
    for step in link.steps:
        for here, there in zip(step.here, step.there, strict=True):
            words.append(f"{step.table.name}.{there} = {before}.{here}")
        before = step.table.name
    return " and ".join(words)


def options(graph: Graph, strategy: str, place: int, indent: str) -> Iterator[str]:
    """Yield the lines of the options that load the children of a place in the graph."""
    names = classes(graph)
    for number, child in graph.children_of(place):
        kind = names[graph.relations[place].oid]
        line = f"{indent}{strategy}({kind}.{child.attribute})"
        if len(f"{line}.options(") > WIDTH:
            yield from (f"{indent}{strategy}(", f"{indent}    {kind}", f"{indent}    .{child.attribute}")
            line = f"{indent})"
        if inner := list(options(graph, strategy, number, f"{indent}    ")):
            yield f"{line}.options("
            yield from inner
            line = f"{indent})"
        yield f"{line},"


def statement(graph: Graph, strategy: str, end: str = "") -> str:
    """Return the statement that loads all in one way."""
    lines = [*relationships(graph), "statement = (", f"    select({classes(graph)[graph.root.oid]})"]
    lines += ["    .options(", *options(graph, strategy, 0, "        "), "    )", *([f"    {end}"] if end else []), ")"]
    return "\n".join(lines)


def batches(graph: Graph) -> str:
    """Return how SQLAlchemy reads parents with their children, a batch at a time, with and without asyncio."""
    code = ENTITIES.format(statement=statement(graph, "selectinload", ".execution_options(yield_per=1000)"))
    return code.replace("import Session\n", "import Session, selectinload\n")


def at_once(graph: Graph) -> str:
    """Return how SQLAlchemy reads parents with their children by one statement."""
    return JOINED.format(statement=statement(graph, "joinedload"))


def columns(graph: Graph) -> str:
    """Return how the rows of the join are read."""
    return ROWS.format(query=assigned(for_text(graph_sql.join(graph))))


def arrays(graph: Graph) -> str:
    """Return how one row for each parent is read, with arrays."""
    return ROWS.format(query=assigned(for_text(graph_sql.arrays(graph))))
