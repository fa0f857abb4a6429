"""The SQL that reads a relation with its children: as the rows of a join, or a row for each parent, with arrays."""

import re
from collections.abc import Sequence

from bench.relations.data import Child, Relation, Step

# What is read of the root in place of all of it.
CHOSEN = "chosen"
# How an array of a column's values is made, where `array_agg` alone gives none that psycopg reads: of arrays, which may
# differ in length, it makes none; and an array of a type that psycopg does not know is one text.
OF_ARRAYS, AS_TEXT = "jsonb_agg", "::text"


def chosen(relation: Relation, count: int) -> str:
    """Return the SQL that reads so many of the root's rows: those that are read in every way."""
    sample = f" TABLESAMPLE SYSTEM ({relation.sample}) REPEATABLE (0)" if relation.sample else ""
    names = ", ".join(relation.quotes[column.name] for column in relation.columns)
    return f"SELECT {names} FROM {relation.sql_name}{sample} LIMIT {count}"


def label(name: str) -> str:
    """Return what stands behind AS, where no word is reserved."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else f'"{name}"'


def equal(relation: Relation, here: str, there: str, step: Step) -> str:
    pairs = zip(step.here, step.there, strict=True)
    return " AND ".join(f"{there}.{relation.quotes[b]} = {here}.{relation.quotes[a]}" for a, b in pairs)


def joined(relation: Relation, child: Child) -> str:
    """Return the outer join that leads from a child's parent to it; a table between counts where it leads on."""
    first, *more = child.link.steps
    source = stepped(relation, first, child.aliases[0])
    for step in more:
        source = f"({source} {inner(relation, step, *child.aliases)})"
    return f"LEFT JOIN {source} ON {equal(relation, relation.alias_of(child.parent), child.aliases[0], first)}"


def inner(relation: Relation, step: Step, here: str, there: str) -> str:
    return f"JOIN {stepped(relation, step, there)} ON {equal(relation, here, there, step)}"


def inwards(relation: Relation, children: Sequence[Child]) -> list[str]:
    """Return the joins that lead from the root through all steps to the last of these children."""
    lines, here = [], relation.alias
    for child in children:
        for step, name in zip(child.link.steps, child.aliases, strict=True):
            lines.append(inner(relation, step, here, name))
            here = name
    return lines


def stepped(relation: Relation, step: Step, alias: str) -> str:
    return f"{relation.quotes[step.table.schema]}.{relation.quotes[step.table.name]} AS {alias}"


def flat(relation: Relation, count: int | None = None) -> str:
    """Return the SQL that reads the columns of all tables, a row for each row of the join."""
    names = [
        *(f"{relation.alias}.{relation.quotes[column.name]}" for column in relation.columns),
        *(name for child in relation.children for name in labelled(relation, child)),
    ]
    source = f"({chosen(relation, count)})" if count else relation.sql_name
    joins = [joined(relation, child) for child in relation.children]
    return "\n".join([selected(names), f"FROM {source} AS {relation.alias}", *joins])


def labelled(relation: Relation, child: Child) -> list[str]:
    pairs = zip(child.relation.columns, child.labels, strict=True)
    return [f"{child.aliases[-1]}.{relation.quotes[column.name]} AS {label(name)}" for column, name in pairs]


def selected(names: list[str]) -> str:
    lines = ["SELECT"]
    for number, name in enumerate(names):
        text = name + ("," if number < len(names) - 1 else "")
        if len(lines) > 1 and len(lines[-1]) + len(text) < 79:
            lines[-1] += f" {text}"
        else:
            lines.append(f"    {text}")
    return "\n".join(lines)


def arrays(relation: Relation, count: int | None = None) -> str:
    """Return the SQL that reads one row for each of the root's, with an array for each column of each child."""
    top = relation.alias
    names = [f"{top}.{relation.quotes[column.name]}" for column in relation.columns]
    joins: list[str] = []
    for child in relation.children:
        if not child.parent and not child.many:
            names += labelled(relation, child)
            joins.append(joined(relation, child))
            continue
        alias, step = child.aliases[-1], path(relation, child)[0].link.steps[0]
        names += [f"{alias}.{label(name)}" for name in (*child.labels, *between(relation, child))]
        made = indented(aggregated(relation, child, count))
        joins.append(f"LEFT JOIN (\n{made}\n) AS {alias} ON {equal(relation, top, alias, step)}")
    source = CHOSEN if count else relation.sql_name
    statement = "\n".join([selected(names), f"FROM {source} AS {top}", *joins])
    return f"WITH {CHOSEN} AS MATERIALIZED ({chosen(relation, count)})\n{statement}" if count else statement


def path(relation: Relation, child: Child) -> list[Child]:
    """Return the children from the root's own to this one."""
    return [*path(relation, relation.children[child.parent - 1]), child] if child.parent else [child]


def between(relation: Relation, child: Child) -> dict[str, str]:
    """Return what tells whose a grandchild is, where it has no column for that: labels, and the columns."""
    if not child.parent or len(child.link.steps) == 1:
        return {}
    first, names = child.aliases[0], child.link.steps[0].there
    return {f"{first.strip(chr(34))}_{name}": f"{first}.{relation.quotes[name]}" for name in names}


def aggregated(relation: Relation, child: Child, count: int | None) -> str:
    """Return the SQL that makes the arrays of a child, for each row of the root that has any."""
    children = path(relation, child)
    alias, step, own = children[0].aliases[0], children[0].link.steps[0], child.aliases[-1]
    key = ", ".join(f"{own}.{relation.quotes[name]}" for name in child.relation.key)
    order = f" ORDER BY {key}" if key else ""
    grouped = [f"{alias}.{relation.quotes[name]}" for name in step.there]
    named = zip(child.relation.columns, child.labels, strict=True)
    columns = [f"{array(relation, child, column.name, order)} AS {label(name)}" for column, name in named]
    columns += [f"array_agg({text}{order}) AS {label(name)}" for name, text in between(relation, child).items()]
    here = ", ".join(relation.quotes[name] for name in step.here)
    only = [f"WHERE ({', '.join(grouped)}) IN (SELECT {here} FROM {CHOSEN})"] if count else []
    source = [f"FROM {stepped(relation, step, alias)}", *inwards(relation, children)[1:]]
    return "\n".join([selected([*grouped, *columns]), *source, *only, f"GROUP BY {', '.join(grouped)}"])


def array(relation: Relation, child: Child, name: str, order: str) -> str:
    cast, column = child.casts[name], f"{child.aliases[-1]}.{relation.quotes[name]}"
    return f"{OF_ARRAYS}({column}{order})" if cast == OF_ARRAYS else f"array_agg({column}{cast}{order})"


def indented(text: str) -> str:
    """Return SQL whose lines are indented; a line break in a quoted name is none of them."""
    return "    " + re.sub(r'("[^"]*")|\n', lambda match: match[1] or "\n    ", text)
