"""The SQL that reads a graph: as the rows of a join, as arrays, or how many rows that would be."""

import re
from collections.abc import Iterator, Sequence

from bench.relations.foreign_keys import Step
from bench.relations.graphs import OF_ARRAYS, Child, Graph

# What is read of the root in place of all of it.
CHOSEN = "chosen"


def chosen(graph: Graph, count: int) -> str:
    """Return the SQL that reads so many of the root's rows: those that are read in every way."""
    sample = f" TABLESAMPLE SYSTEM ({graph.root.sample}) REPEATABLE (0)" if graph.root.sample else ""
    names = ", ".join(column(graph, one.name) for one in graph.root.columns)
    return f"SELECT {names} FROM {table(graph, 0)}{sample} LIMIT {count}"


def column(graph: Graph, name: str) -> str:
    """Return a column's name as it stands in SQL."""
    return graph.quotes[name]


def table(graph: Graph, place: int) -> str:
    """Return a relation's name with its schema."""
    relation = graph.relations[place]
    return f"{graph.quotes[relation.schema]}.{graph.quotes[relation.name]}"


def label(name: str) -> str:
    """Return what stands behind AS, where no word is reserved."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else f'"{name}"'


def equal(graph: Graph, here: str, there: str, step: Step) -> str:
    """Return the condition that joins two tables, which are called so."""
    pairs = zip(step.here, step.there, strict=True)
    return " AND ".join(f"{there}.{column(graph, b)} = {here}.{column(graph, a)}" for a, b in pairs)


def joined(graph: Graph, place: int) -> Iterator[str]:
    """Yield the outer joins that lead from a child's parent to it; a table between counts where it leads on."""
    child, names = graph.children[place - 1], graph.aliases[place]
    first, *more = child.link.steps
    source = stepped(graph, first, names[0])
    for step in more:
        source = f"({source} {inner(graph, step, *names)})"
    yield f"LEFT JOIN {source} ON {equal(graph, graph.aliases[child.parent][-1], names[0], first)}"


def inner(graph: Graph, step: Step, here: str, there: str) -> str:
    """Return the join that leads one step on."""
    return f"JOIN {stepped(graph, step, there)} ON {equal(graph, here, there, step)}"


def inwards(graph: Graph, places: Sequence[int]) -> list[str]:
    """Return the joins that lead from the root through all steps to the last of these children."""
    lines, here = [], graph.aliases[0][0]
    for place in places:
        for step, name in zip(graph.children[place - 1].link.steps, graph.aliases[place], strict=True):
            lines.append(inner(graph, step, here, name))
            here = name
    return lines


def stepped(graph: Graph, step: Step, alias: str) -> str:
    """Return a step's table as it stands after FROM."""
    return f"{graph.quotes[step.table.schema]}.{graph.quotes[step.table.name]} AS {alias}"


def root(graph: Graph, count: int | None) -> str:
    """Return what stands after FROM for the root: all of it, or so many rows."""
    source = f"({chosen(graph, count)})" if count else table(graph, 0)
    return f"{source} AS {graph.aliases[0][0]}"


def join(graph: Graph, count: int | None = None) -> str:
    """Return the SQL that reads the columns of all tables, a row for each row of the join."""
    names = [
        f"{graph.aliases[place][-1]}.{column(graph, one.name)}" + (f" AS {label(shown)}" if place else "")
        for place, (relation, own) in enumerate(zip(graph.relations, graph.labels, strict=True))
        for one, shown in zip(relation.columns, own, strict=True)
    ]
    joins = [line for place in range(1, len(graph.relations)) for line in joined(graph, place)]
    return "\n".join([selected(names), f"FROM {root(graph, count)}", *joins])


def selected(names: list[str]) -> str:
    """Return a SELECT of these, in lines that are not long."""
    lines = ["SELECT"]
    for number, name in enumerate(names):
        text = name + ("," if number < len(names) - 1 else "")
        if len(lines) > 1 and len(lines[-1]) + len(text) < 79:
            lines[-1] += f" {text}"
        else:
            lines.append(f"    {text}")
    return "\n".join(lines)


def arrays(graph: Graph, count: int | None = None) -> str:
    """Return the SQL that reads one row for each of the root's, with an array for each column of each child."""
    top, shown = graph.aliases[0][0], graph.labels
    names = [f"{top}.{column(graph, one.name)}" for one in graph.root.columns]
    joins: list[str] = []
    for place in range(1, len(graph.relations)):
        alias, step = graph.aliases[place][-1], graph.children[path(graph, place)[0] - 1].link.steps[0]
        child = graph.children[place - 1]
        if not child.parent and not child.many:
            named = zip(child.relation.columns, shown[place], strict=True)
            names += [f"{alias}.{column(graph, one.name)} AS {label(name)}" for one, name in named]
            joins += joined(graph, place)
            continue
        names += [f"{alias}.{label(one)}" for one in (*shown[place], *between(graph, place))]
        made = indented(aggregated(graph, place, shown[place], count))
        joins.append(f"LEFT JOIN (\n{made}\n) AS {alias} ON {equal(graph, top, alias, step)}")
    source = f"{CHOSEN} AS {top}" if count else root(graph, None)
    statement = "\n".join([selected(names), f"FROM {source}", *joins])
    return f"WITH {CHOSEN} AS MATERIALIZED ({chosen(graph, count)})\n{statement}" if count else statement


def path(graph: Graph, place: int) -> list[int]:
    """Return the places from the root's child to this one."""
    parent = graph.children[place - 1].parent
    return [*path(graph, parent), place] if parent else [place]


def between(graph: Graph, place: int) -> dict[str, str]:
    """Return what tells whose a grandchild is, where it has no column for that: labels, and the columns."""
    child = graph.children[place - 1]
    if not child.parent or len(child.link.steps) == 1:
        return {}
    first = graph.aliases[place][0]
    return {f"{first.strip(chr(34))}_{name}": f"{first}.{column(graph, name)}" for name in child.link.steps[0].there}


def aggregated(graph: Graph, place: int, shown: Sequence[str], count: int | None) -> str:
    """Return the SQL that makes the arrays of a child, for each row of the root that has any."""
    child, places = graph.children[place - 1], path(graph, place)
    alias, step = graph.aliases[places[0]][0], graph.children[places[0] - 1].link.steps[0]
    own = graph.aliases[place][-1]
    key = ", ".join(f"{own}.{column(graph, name)}" for name in child.relation.key)
    order = f" ORDER BY {key}" if key else ""
    grouped = [f"{alias}.{column(graph, name)}" for name in step.there]
    rest = inwards(graph, places)[1:]
    named = list(zip(child.relation.columns, shown, strict=True))
    columns = [f"{array(graph, child, own, one.name, order)} AS {label(name)}" for one, name in named]
    columns += [f"array_agg({text}{order}) AS {label(name)}" for name, text in between(graph, place).items()]
    here = ", ".join(column(graph, name) for name in step.here)
    only = [f"WHERE ({', '.join(grouped)}) IN (SELECT {here} FROM {CHOSEN})"] if count else []
    return "\n".join(
        [
            selected([*grouped, *columns]),
            f"FROM {stepped(graph, step, alias)}",
            *rest,
            *only,
            f"GROUP BY {', '.join(grouped)}",
        ]
    )


def array(graph: Graph, child: Child, alias: str, name: str, order: str) -> str:
    """Return the call that makes one array of a column."""
    cast = child.casts[name]
    if cast == OF_ARRAYS:
        return f"{OF_ARRAYS}({alias}.{column(graph, name)}{order})"
    return f"array_agg({alias}.{column(graph, name)}{cast}{order})"


def indented(text: str) -> str:
    """Return lines, each of them indented."""
    return "\n".join(f"    {line}" for line in text.split("\n"))


def sizes(graph: Graph, count: int, most: int) -> str:
    """Return the SQL that counts rows, of so many of the root.

    That is: the root's; the rows of a join, at most; the number of the first parent that has more than `most` of these;
    and of each child the rows, the most of one parent, and the number of the first parent that has any.
    """
    top, places, parent = graph.aliases[0][0], range(1, len(graph.relations)), graph.number
    numbers = [f'coalesce(child_{place}."rows", 0)::float8' for place in places]
    joined_rows = bound(graph, 0, numbers)
    found = ["count(*)", f"sum({joined_rows})", f"min({parent}) FILTER (WHERE {joined_rows} > {most})"]
    for one in numbers:
        found += [f"sum({one})", f"max({one})", f"min({parent}) FILTER (WHERE {one} > 0)"]
    numbered = f"SELECT row_number() OVER () AS {parent}, {top}.* FROM ({chosen(graph, count)}) AS {top}"
    joins = " ".join(f"LEFT JOIN ({of_child(graph, place)}) AS child_{place} USING ({parent})" for place in places)
    return f"WITH {CHOSEN} AS MATERIALIZED ({numbered}) SELECT {', '.join(found)} FROM {CHOSEN} {joins}"


def of_child(graph: Graph, place: int) -> str:
    """Return the SQL that counts a child's rows for each numbered row of the root."""
    joins = " ".join(inwards(graph, path(graph, place)))
    return f'SELECT {graph.number}, count(*) AS "rows" FROM {CHOSEN} AS {graph.aliases[0][0]} {joins} GROUP BY 1'


def bound(graph: Graph, place: int, numbers: list[str]) -> str:
    """Return how many rows of a join one row of a table becomes at most: collections multiply, what is below adds."""
    factors = ["1"]
    for number, _ in graph.children_of(place):
        below = bound(graph, number, numbers)
        factors.append(f"greatest(1, {numbers[number - 1]}{f' + {below}' if graph.children_of(number) else ''})")
    return " * ".join(factors)
