"""Code with the names of the reader's own tables or query: it compiles, reads all rows, and fits 80 columns."""

import keyword
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from bench.errors import visible
from bench.relations import joins
from bench.relations.data import Child, ReadColumn, Relation
from bench.yours import templates
from bench.yours.fitting import WIDTH, assigned, fitted, for_text, packed

# What any printed code imports or defines, which no class of the reader's may hide.
TAKEN = frozenset(
    (
        *("Any", "ArrayBinaryLoader", "AsyncEngine", "AsyncSession", "Connection", "Decimal", "Engine", "Enum"),
        *("Iterable", "Jsonb", "JsonbDumper", "Loader", "Numbers", "Row", "Session", "Shared", "Text"),
        *("TypeDecorator", "UNKNOWN", "UUID"),
    )
)
BOTH_JOINED = ("joinedload", "joinedload")


def yours(relation: Relation) -> str:
    """Return comments that name the classes that are the reader's, and what of them is deferred there, or is to be."""
    told = []
    for table in {table.oid: table for table in relation.tables}.values():
        name = classes(relation)[table.oid]
        told.append(f"Yours: class {name}")
        for column in table.columns:
            if column.name in table.deferred:
                told.append(f"In class {name}: {column.attribute} = mapped_column(..., deferred=True)")
        if table.left_out:
            names = ", ".join(visible(column.name) for column in table.left_out)
            told.append(f"In class {name}, by deferred=True, else psycopg fails: {names}")
    return "\n".join(f"# {line}" for text in told for line in textwrap.wrap(text, WIDTH - 2))


def class_called(table: str) -> str:
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", table))
    name = "".join(char for word in words for char in word[0].upper() + word[1:] if f"x{char}".isidentifier())
    own = name.isidentifier() and not keyword.iskeyword(name) and name not in TAKEN
    return name if own else f"Row{name or 'Row'}"


def classes(relation: Relation) -> dict[int, str]:
    """Return the name of each table's class by the table's number, no two of them alike; a query's is `RowRow`."""
    names: dict[int, str] = {}
    for table in relation.tables:
        name = class_called(table.name)
        if table.oid not in names:
            names[table.oid] = class_called(f"{table.schema}_{table.name}") if name in names.values() else name
    return names


def batches(relation: Relation, to_one: str = "joinedload") -> str:
    """Return how SQLAlchemy reads a batch at a time, with and without asyncio: entities, or rows where is no key.

    A single parent is loaded by that strategy, which takes no further statement, and no further row.
    """
    if relation.no_entities:
        return rows(relation, sql(relation))
    if relation.children:
        statement = loading(relation, ("selectinload", to_one), f".execution_options(yield_per={relation.batch})")
    else:
        statement = selected(relation, [class_called(relation.name)])
    return importing(templates.ENTITIES.format(yours=yours(relation), statement=statement))


def at_once(relation: Relation) -> str:
    return importing(templates.JOINED.format(yours=yours(relation), statement=loading(relation, BOTH_JOINED)))


def importing(code: str) -> str:
    """Return code that imports the options that it uses, too."""
    used = [name for name in ("joinedload", "selectinload") if re.search(rf"^ +{name}\(", code, re.MULTILINE)]
    return code.replace("import Session\n", f"import {', '.join(['Session', *used])}\n")


def loading(relation: Relation, strategies: tuple[str, str], *end: str) -> str:
    """Return the statement that loads all children: collections by one strategy, single ones by another."""
    lines = [*relationships(relation), "statement = (", f"    select({classes(relation)[relation.oid]})"]
    lines += [
        "    .options(",
        *options(relation, strategies, 0, "        "),
        "    )",
        *(f"    {line}" for line in end),
        ")",
    ]
    return "\n".join(lines)


def relationships(relation: Relation) -> Iterator[str]:
    """Yield which relationship of the reader's classes is meant by each attribute, in comments."""
    names = classes(relation)
    told = {}
    for child in relation.children:
        parent = names[relation.tables[child.parent].oid]
        told[f"{parent}.{child.attribute}"] = visible(along(relation, child))
    for name, words in told.items():
        text = f"{name}: relationship() along {words}"
        yield from (f"# {line}" for line in textwrap.wrap(text, WIDTH - 2, break_on_hyphens=False))


def along(relation: Relation, child: Child) -> str:
    """Return in words by which columns a table's rows lead to a child's."""
    words, before = [], relation.tables[child.parent].name
    for step in child.link.steps:
        for here, there in zip(step.here, step.there, strict=True):
            words.append(f"{step.table.name}.{there} = {before}.{here}")
        before = step.table.name
    return " and ".join(words)


def options(relation: Relation, strategies: tuple[str, str], place: int, indent: str) -> Iterator[str]:
    """Yield the lines of the options that load the children of a place among the tables."""
    kind = classes(relation)[relation.tables[place].oid]
    for number, child in relation.children_of(place):
        strategy = strategies[not child.link.to_many]
        line = f"{indent}{strategy}({kind}.{child.attribute})"
        if len(f"{line}.options(") > WIDTH:
            yield from (f"{indent}{strategy}(", f"{indent}    {kind}", f"{indent}    .{child.attribute}")
            line = f"{indent})"
        if inner := list(options(relation, strategies, number, f"{indent}    ")):
            yield f"{line}.options("
            yield from inner
            line = f"{indent})"
        yield f"{line},"


def rows(relation: Relation, query: str) -> str:
    return templates.ROWS.format(query=assigned(for_text(query)), batch=relation.batch)


def of_join(relation: Relation) -> str:
    return rows(relation, joins.flat(relation))


def of_arrays(relation: Relation) -> str:
    return rows(relation, joins.arrays(relation))


def columns(relation: Relation) -> str:
    name = class_called(relation.name)
    statement = selected(relation, [f"{name}.{column.attribute}" for column in relation.read])
    return templates.COLUMNS.format(yours=yours(replace(relation, deferred=frozenset())), statement=statement)


def dataclass(relation: Relation) -> str:
    """Return a dataclass for the rows, and how psycopg makes its instances, a batch at a time."""
    name = f"{class_called(relation.name)}Row" if relation.name else "Row"
    return templates.DATACLASS.format(
        batch=relation.batch,
        imports=imports(relation.columns),
        name=name,
        fields="\n".join(field(column, column.name in relation.required) for column in relation.columns),
        query=assigned(sql(relation)),
        factory=fitted("    cursor.row_factory = args_row(", [name], ")"),
    )


def selected(relation: Relation, names: list[str]) -> str:
    return fitted("statement = select(", names, f").execution_options(yield_per={relation.batch})")


def field(column: ReadColumn, required: bool) -> str:
    kind = annotation(column, required)
    line = f"    {column.attribute}: {kind}"
    return line if len(line) <= WIDTH else f"    {column.attribute}: (\n        {kind}\n    )"


def annotation(column: ReadColumn, required: bool) -> str:
    name = column.type.rpartition(".")[2]
    return name if name == "Any" or required else f"{name} | None"


def imports(columns: Iterable[ReadColumn]) -> str:
    """Return the imports that the dataclass needs."""
    return imports_of(columns, ("dataclasses", "dataclass"), ("psycopg.rows", "args_row"))


def imports_of(columns: Iterable[ReadColumn], *named: tuple[str, str]) -> str:
    """Return the imports of these names, the last one from another package, and of the columns' types, sorted."""
    needed, (package, last) = set(named[:-1]), named[-1]
    for column in columns:
        module, _, name = column.type.rpartition(".")
        if module or name == "Any":
            needed.add((module or "typing", name))
    lines = [
        f"from {module} import {', '.join(sorted(name for source, name in needed if source == module))}"
        for module in sorted({source for source, _ in needed})
    ]
    return "\n".join([*lines, "", f"from {package} import {last}"])


def sql(relation: Relation, casts: Mapping[str, str] = {}) -> str:
    """Return the SQL that reads the columns in their order, some cast: the reader's own, where that is a query."""
    if not relation.name and not any(casts.values()):
        return relation.statement if relation.left_out or relation.deferred else relation.source[1:-2]
    if not relation.name:
        names = ", ".join(f'"{column.attribute}"{casts.get(column.name, "")}' for column in relation.read)
        return f"SELECT {names}{relation.statement[relation.statement.index(' FROM ') :]}"
    quoted = [f"{relation.quotes[column.name]}{casts.get(column.name, '')}" for column in relation.read]
    line = f"SELECT {', '.join(quoted)} FROM {relation.sql_name}"
    names = "\n".join(packed(quoted, "    ")).removesuffix(",")
    return line if len(line) <= WIDTH else f"SELECT\n{names}\nFROM {relation.sql_name}"
