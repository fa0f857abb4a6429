"""What to write instead, as code with the names of the reader's own table or query."""

import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass

from layers.costs import Subject
from layers.figures import ENTITY, Figures
from layers.relations import Column

WIDTH = 80
# What saves less than this is not worth another way to write it.
WORTH = 1.15
ROW, VALIDATED, CORE, MODEL = "slots dataclass", "Pydantic slots dataclass", "Core row", "Pydantic model"


@dataclass(frozen=True)
class Advice:
    """What to write, what it saves, and the code, if there is any to show."""

    text: str
    code: str = ""


def advice(subject: Subject, figures: Figures) -> list[Advice]:
    """Return what follows from the figures, what is nearest to the reader's code first."""
    found = []
    if saves := saving(figures, ENTITY, CORE):
        found.append(Advice(f"Columns instead of entities: {saves}.", select(subject)))
    most_expensive = next((name for name in (ENTITY, MODEL, "psycopg, dict", CORE) if saving(figures, name, ROW)), "")
    if most_expensive:
        text = f"A dataclass with slots instead of {article(most_expensive)}: {saving(figures, most_expensive, ROW)}."
        found.append(Advice(text, dataclass_code(subject)))
    if saves := saving(figures, MODEL, VALIDATED):
        imported = "`from pydantic.dataclasses import dataclass`"
        found.append(Advice(f"Validated, by {imported} in the same code, instead of a Pydantic model: {saves}."))
    values, by_layer = figures.values, figures.by_layer
    if values and not found:
        share = values / max(figure.traced for figure in by_layer.values())
        found.append(
            Advice(f"No layer saves much: the values are {share:.0%} of the most expensive row. Read fewer columns.")
        )
    return found


def article(layer: str) -> str:
    """Return a layer's name for use in a sentence."""
    return {ENTITY: "an ORM entity", MODEL: "a Pydantic model", CORE: "a Core row"}.get(layer, "a dict")


def saving(figures: Figures, expensive: str, cheap: str) -> str:
    """Return in words what one layer saves against another, if that is worth it; else an empty text."""
    if expensive not in figures.by_layer or cheap not in figures.by_layer:
        return ""
    before, after = figures.by_layer[expensive].traced, figures.by_layer[cheap].traced
    if after <= 0 or before / after < WORTH:
        return ""
    return f"{before:,.0f} → {after:,.0f} bytes per row, {before / after:.1f} times less"


def class_name(subject: Subject) -> str:
    """Return the name of a class for a table's rows: `order_lines` is `OrderLines`; a query's is `Row`."""
    words = re.findall(r"[^\W_]+", subject.relation.name)
    name = "".join(word[0].upper() + word[1:] for word in words)
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"Row{name}"


def select(subject: Subject) -> str:
    """Return the statement that reads columns."""
    entity = class_name(subject)
    names = wrapped(f"{entity}.{column.attribute}" for column in subject.relation.columns)
    return f"""\
from sqlalchemy import select

statement = select(  # instead of select({entity})
{names}
).execution_options(yield_per=1000)"""


def dataclass_code(subject: Subject) -> str:
    """Return the dataclass, and how psycopg makes its instances."""
    relation = subject.relation
    name = f"{class_name(subject)}Row" if relation.name else "Row"
    fields = "\n".join(f"    {column.attribute}: {annotation(column, subject)}" for column in relation.columns)
    return f"""\
{imports(relation.columns)}


@dataclass(slots=True)
class {name}:
{fields}


with connection.cursor("rows", row_factory=args_row({name})) as cursor:
    cursor.itersize = 1000
    cursor.execute({query(subject)})
    for row in cursor:
        ..."""


def annotation(column: Column, subject: Subject) -> str:
    """Return a field's type."""
    name = column.type.rpartition(".")[2]
    return name if name == "Any" or column.name in subject.required else f"{name} | None"


def imports(columns: Iterable[Column]) -> str:
    """Return the imports that the dataclass needs, as they are sorted by convention."""
    needed = {("dataclasses", "dataclass")}
    for column in columns:
        module, _, name = column.type.rpartition(".")
        if module or name == "Any":
            needed.add((module or "typing", name))
    modules = sorted({module for module, _ in needed})
    lines = []
    for one in modules:
        names = sorted(name for module, name in needed if module == one)
        lines.append(f"from {one} import {', '.join(names)}")
    return "\n".join([*lines, "", "from psycopg.rows import args_row"])


def query(subject: Subject) -> str:
    """Return the argument that reads the fields in their order: a literal, or what stands for the reader's query."""
    if not subject.relation.name:
        return "query"
    text = f"SELECT {', '.join(subject.sql_names)} FROM {subject.sql_source}"
    if len(text) + len('    cursor.execute("")') <= WIDTH or not text.isprintable():
        return literal(text)
    names = wrapped(subject.sql_names, indent=12).rstrip(",")
    text = f"\n        SELECT\n{names}\n        FROM {subject.sql_source}\n    "
    return '"""' + text.replace("\\", "\\\\").replace('"""', '""\\"') + '"""'


def literal(text: str) -> str:
    """Return a text as Python's literal, in the quotes that formatters choose."""
    return repr(text) if {'"', "\\"} & set(text) or not text.isprintable() else f'"{text}"'


def wrapped(names: Iterable[str], indent: int = 4) -> str:
    """Return the names, each with a comma behind it, in indented lines."""
    lines: list[str] = []
    for name in names:
        if lines and len(lines[-1]) + len(name) + 2 <= WIDTH:
            lines[-1] += f" {name},"
        else:
            lines.append(f"{' ' * indent}{name},")
    return "\n".join(lines)
