"""What to write instead where something stays after the return."""

import sys
from collections import Counter
from collections.abc import Iterator

from bench.errors import visible
from bench.look.tables import mib
from bench.nouns import counted
from bench.yours.function.figures import FunctionFigures, line_of, path_of
from bench.yours.function.rules.change import ENOUGH, ENOUGH_ROWS, Change
from bench.yours.function.rules.sizes import ENCODER, transient
from bench.yours.function.statement import Place

# So many texts of one line are more than one writes.
MANY_TEXTS = 20
# Of more texts the engine's cache keeps up to half as many again, and then so many:
# https://github.com/sqlalchemy/sqlalchemy/blob/rel_2_1_9/lib/sqlalchemy/util/_collections.py
CACHE_SIZE = 500


def is_somebodys(name: str) -> bool:
    """Return whether a class is neither Python's own nor of its standard library, whose objects any import makes."""
    return "." in name and name.partition(".")[0] not in sys.stdlib_module_names


def stays(figures: FunctionFigures) -> float:
    """Return what is still there once the result is dropped and all is closed, but for what was imported."""
    imports = figures.process.imports if figures.process else 0
    return max(0, figures.after.traced - imports) if figures.after else 0


def of_opened(figures: FunctionFigures) -> int:
    """Return what was there without the result, until what the command had opened was closed: an engine has a cache."""
    if figures.kept is None or figures.of_result is None or not figures.after:
        return 0
    return max(0, figures.kept - figures.of_result - figures.after.traced)


def from_line(figures: FunctionFigures) -> str:
    """Return which line added most of what stays, where what the result took does not hide it."""
    lines = figures.after.lines if figures.after else ()
    line, size = lines[0] if lines else (("", 0), 0)
    hidden = (figures.of_result or 0) > stays(figures) / 2
    return f", most of it added at {line_of(line)}" if line[0] and 3 * size > stays(figures) and not hidden else ""


def cache(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that the reader's code makes something stay after the return; libraries have caches of their own."""
    after, size = figures.after, stays(figures)
    if not after or size < ENOUGH:
        return
    name, count = next(((name, n) for name, n in after.objects.items() if is_somebodys(name)), ("", 0))
    held, items = figures.grown
    text = f"{mib(size)} MiB stay after the return{from_line(figures)}. "
    if held:
        text = f"{held} grew by {counted(items, 'item')}: {text}"
    elif count >= ENOUGH_ROWS and figures.holder and figures.holder[0].partition(".")[0] in figures.imports.readers:
        text = f"{path_of(figures.holder)} grew: {count:,} {name} stay. {text}"
    elif 2 * after.packages.get("", 0) < size:
        return
    yield Change(
        "cache", f"{visible(text)}Limit it, in items and in what each of them holds, or drop what is read.", size
    )


def texts(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that SQLAlchemy keeps each text of a statement that it has compiled."""
    texts: Counter[tuple[Place | None, str]] = Counter()
    for one in figures.statements:
        texts[one.line, one.text] += one.texts
    (line, text), number = max(texts.items(), key=lambda one: one[1], default=((None, ""), 0))
    size = of_opened(figures) + (figures.after.packages.get("sqlalchemy", 0) if figures.after else 0)
    if line and number >= MANY_TEXTS:
        literals = max(one.texts for one in figures.statements if (one.line, one.text) == (line, text)) >= MANY_TEXTS
        instead = "Parameters instead of literals" if literals else "Fewer texts (by IN, where terms are ORed)"
        keeps = "up to 750 of which" if number > CACHE_SIZE else "each of which"
        told = (
            f"{instead} at {line_of(line)}, or compiled_cache=None: {visible(text)} has {number:,} texts, {keeps} "
            f"the engine's cache keeps by default. Saves up to {mib(size)} MiB."
        )
        code = 'text("… = :id"), {"id": …}' if literals else 'execution_options={"compiled_cache": None}'
        yield Change("texts", told, size, code)


def dumped(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that a whole JSON document is there as one text, with its parts, which is not returned."""
    if figures.at_peak and figures.at_peak.blocks.get(ENCODER, 0) >= ENOUGH:
        size = min(figures.at_peak.library[ENCODER], transient(figures))
        text = (
            f"json.dump into a file, or each row by itself into a streamed answer, in place of json.dumps of all: the "
            f"text and its parts take {mib(size)} MiB, which are saved. json.dump takes longer."
        )
        yield Change("json", text, size, "json.dump(…, file)")


def models(figures: FunctionFigures) -> Iterator[Change]:
    """Yield that kept models can do without a set of the given fields in each of them, or be slim."""
    for kind, (number, of_fields, of_dict) in figures.models.items():
        sets = figures.at_return.get("set", 0)
        if number < ENOUGH_ROWS or 2 * sets < number:
            continue
        text = (
            f"A Pydantic dataclass with slots instead of {visible(kind)}: each of {number:,} kept models has a set of "
            f"its given fields ({of_fields:,.0f} bytes) and a dict ({of_dict:,.0f}). Saves up to "
            f"{mib(number * (of_fields + of_dict))} MiB; one set for all by model_construct saves "
            f"{mib(number * of_fields)}."
        )
        yield Change("dataclass", text, number * of_fields, "@pydantic.dataclasses.dataclass(slots=True)")
