"""What the table does not say of the figures, and what was done otherwise than one may expect: sentence by sentence."""

from collections.abc import Callable, Iterator

from bench.errors import visible
from bench.layers.figures import Figures
from bench.layers.names import ARRAYS, COLUMNS, DROPPED, ENTITY, KEYED, LAZY, STREAMED, missing
from bench.layers.subject import ENOUGH, Subject
from bench.look.tables import named
from bench.nouns import counted
from bench.relations.joins import AS_TEXT, OF_ARRAYS
from bench.yours.code import along
from bench.yours.words import all_rows, words_of

# So many columns with other names are told one by one.
MOST_NAMED = 10
# What differs by fewer bytes of a row is not told.
SAME = 8
Sentences = Callable[[Subject, Figures], Iterator[str]]


def told(subject: Subject, figures: Figures) -> list[str]:
    parts = OF_PARENTS if subject.relation.children else OF_ROWS
    return [sentence for part in parts for sentence in part(subject, figures)]


def first(subject: Subject, figures: Figures) -> Iterator[str]:
    """Yield how many children there are, along which key they are read; or what the values take."""
    for child, size in zip(subject.relation.children, subject.size.children, strict=True):
        many = f"{size.rows / figures.count:,.1f} per parent on average, {size.most:,} at most"
        yield f"{child.path}: {many}, along {named(along(subject.relation, child))}."
    if figures.values is not None:
        yield f"The values take {figures.values:,.0f} bytes of each row; the overhead is what the layer adds."
        yield from own_values(figures, figures.values)
    if {ENTITY, STREAMED} <= figures.by_layer.keys():
        yield f"{ENTITY} is what `.all()` gives; {STREAMED}, with `yield_per`, is each of them dropped after use."


def own_values(figures: Figures, values: float) -> Iterator[str]:
    """Yield which layers' own values take more or less, for they are copies, or there are fewer objects of them."""
    sizes = {
        layer: figure.traced - figure.overhead
        for layer, figure in figures.by_layer.items()
        if figure.overhead is not None
    }
    if others := [f"{layer} {size:,.0f}" for layer, size in sizes.items() if abs(size - values) >= SAME]:
        reasons = "for they are copies, or equal ones are one object"
        yield f"Some layers' own values take more or less, {reasons}: {', '.join(others)}."


def which(subject: Subject, figures: Figures) -> Iterator[str]:
    """Yield how many there are in all, which of them were read, and that fewer parents were than were asked for."""
    rows = f"{words_of(subject.relation).row}s"
    total, known = all_rows(subject, figures)
    yield f"{rows.capitalize()} in all: {known if total is None else f'{total:,}, {known}'}."
    if not (subject.complete(figures.count) or (subject.counted and total == figures.count)):
        read = "those of blocks chosen over the whole table" if subject.relation.sample else "the first ones"
        more = bool(total and total > figures.count)
        none = f" All {rows} have no figure where less than a tenth, 0.1 s or 10 MiB of them was read." if more else ""
        yield f"The {rows} are {read}{'' if more or subject.relation.sample else ', if there are more'}.{none}"
    if (weighed := max(figure.weighed for figure in figures.by_layer.values())) < figures.count:
        first_ones = counted(weighed, "row")
        yield (
            f"The bytes per row are weighed on the first {first_ones}, for their lists and dicts have many parts. "
            "A narrow column is judged by these, too: integers to 256, which take nothing, may be first in the table."
        )
    if subject.relation.children and subject.limit != subject.asked:
        row = words_of(subject.relation).row
        fewer = counted(figures.count, f"{row} was", f"{row}s were")
        yield f"{fewer} read instead of {subject.asked:,}, for they have many children, or wide ones."


def ways(subject: Subject, figures: Figures) -> Iterator[str]:
    if (lazy := figures.by_layer.get(LAZY)) and lazy.sample:
        parents = counted(lazy.sample, "parent")
        yield f"{LAZY}: measured of {parents}, chosen evenly, and extrapolated to {figures.count:,}."
    if DROPPED in figures.by_layer:
        yield f"{DROPPED}: `yield_per={subject.relation.batch}`, and each parent is dropped after use."
    if COLUMNS in figures.by_layer:
        yield f"{COLUMNS}: a row for each row of the join, with the parent's columns again."
    if ARRAYS in figures.by_layer:
        others = "".join(f"; {line}" for line in other_values(subject))
        yield f"{ARRAYS}: a row a parent, with an array for each column of a child{others}."


def other_values(subject: Subject) -> Iterator[str]:
    casts = [(child, name, cast) for child in subject.relation.children for name, cast in child.casts.items()]
    for words, kind in (("as JSON", OF_ARRAYS), ("as text", AS_TEXT)):
        if names := [named(f"{child.relation.name}.{name}") for child, name, cast in casts if cast == kind]:
            yield f"{', '.join(names)} {words}"


def overheads(subject: Subject, figures: Figures) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for layer, figure in figures.by_layer.items():
        if figure.native:
            yield f"{layer}: its bytes are those of whole columns, most of which lie outside Python's objects."
        elif figure.no_overhead and figure.objects:
            reasons.setdefault(figure.no_overhead, []).append(layer)
    for reason, layers in reasons.items():
        yield f"{', '.join(layers)}: the overhead is not known, because {reason}."


def encoded(subject: Subject) -> Iterator[str]:
    """Yield that psycopg would read otherwise than was read here, in the code, too."""
    if subject.encoding:
        fault = "texts are bytes" if subject.encoding == "SQL_ASCII" else "JSON beyond ASCII fails"
        yield (
            f"All was read in UTF8. By itself psycopg reads here in {subject.encoding}, where {fault}: write for this "
            "code client_encoding=utf8 in the address, as in postgresql://…/…?client_encoding=utf8. SQLAlchemy refuses "
            "that parameter with asyncpg, which always reads in UTF8."
        )


def slow(subject: Subject, shown: Callable[[str], str] = visible) -> Iterator[str]:
    """Yield which table is read once for each batch of parents, and by which index it would not be."""
    for table, columns in subject.unindexed:
        listed = ", ".join(columns)
        key = f"{table}.{listed}" if len(columns) == 1 else f"{table} ({listed})"
        index = f"CREATE INDEX ON {table} ({listed})"
        yield f"{shown(key)} has no index, so each batch of parents reads all of {shown(table)}: {shown(index)}."


def notes(subject: Subject, figures: Figures) -> Iterator[str]:
    yield from encoded(subject)
    yield from slow(subject, named)
    yield from figures.notes
    if figures.count == 1:
        yield "One row was read: its bytes and its overhead are of what is fixed, which many rows share."
    if not subject.enough(figures.count):
        yield f"From fewer than {ENOUGH:,} rows no advice follows, for what is fixed weighs in these figures."


def renamed(subject: Subject, figures: Figures) -> Iterator[str]:
    columns = [column for column in subject.relation.columns if column.attribute != column.name]
    for column in columns[:MOST_NAMED]:
        yield f"Column {named(column.name)} is {column.attribute} here."
    if others := len(columns[MOST_NAMED:]):
        are = f"{'is' if others == 1 else 'are'} {counted(others, 'other column')}"
        yield f"So {are} called otherwise: --json has all of them."


def unread(subject: Subject, figures: Figures) -> Iterator[str]:
    for table in subject.relation.tables:
        for column in table.left_out:
            name = f"{table.name}.{column.name}" if subject.relation.children else column.name
            yield f"Column {named(name)} is left out: {column.reason}."


def missed(subject: Subject, figures: Figures) -> Iterator[str]:
    """Yield why there are no entities, or what tells them apart but a primary key; and why there are no arrays."""
    relation = subject.relation
    if relation.no_entities:
        layers = "Entities are" if relation.children else f"{'; '.join(KEYED)}:"
        yield f"{layers} left out, for an entity needs a key, and {relation.no_entities}."
    elif not relation.children and not relation.key_is_primary:
        names = ", ".join(map(named, relation.key))
        yield f"There is no primary key: what tells the entities apart is the unique index of {names}."
    if relation.children and not relation.has_collections:
        yield f"{ARRAYS}: left out, for no parent has more than one child."


def failures(subject: Subject, figures: Figures) -> Iterator[str]:
    yield from (f"{layer} is left out: {reason}." for layer, reason in figures.failures.items())
    if not subject.relation.children and (absent := missing()):
        yield f"{absent}."


# In which order it is told of rows, and of parents with their children.
OF_ROWS: tuple[Sentences, ...] = (first, which, overheads, notes, renamed, unread, missed, failures)
OF_PARENTS: tuple[Sentences, ...] = (first, which, ways, missed, unread, failures, notes)
