"""What is printed of a function: before the call, the call, what stays, and what to write; or all of it as JSON."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from bench.errors import visible
from bench.look.tables import mib, print_sentence, print_told
from bench.yours.function.advising import advice, of_the_peak, unadvised
from bench.yours.function.called import the_call
from bench.yours.function.figures import FunctionFigures, path_of
from bench.yours.function.imported import before, startup
from bench.yours.function.rules.keeping import of_opened, stays
from common import MIB


def show(figures: FunctionFigures) -> None:
    """Print what was found: for a terminal, else in Markdown."""
    libraries = ", ".join(f"{name} {version}" for name, version in figures.libraries.items() if version)
    print_sentence(f"\n{visible(figures.target)}: Python {figures.python}{', ' * bool(libraries)}{libraries}")
    before(figures.imports)
    if figures.startup:
        startup(figures.startup)
    if figures.process:
        the_call(figures, figures.process)
    if drivers := sorted({one.driver for one in figures.statements if one.driver}):
        print_sentence(f"\nSQLAlchemy's driver is {' and '.join(drivers)}, as the URL names it, or as it is installed.")
    advised = advice(figures)
    sentences = [*left(figures)]
    if not figures.error and figures.process and not advised:
        sentences.append(" ".join(unadvised(figures)))
    elif figures.at_peak and all(step.saves is None for step in advised):  # which is time
        sentences.extend(of_the_peak(figures.at_peak))
    print_told(sentences, ((f"{number}. {one.text}", one.code) for number, one in enumerate(advised, 1)))


def left(figures: FunctionFigures) -> Iterator[str]:
    """Yield what is still there after the return."""
    process = figures.process
    if not process or process.after is None:
        return
    text = f"Once the result is dropped and all is closed, the process has {mib(process.after)} MiB more than before"
    if figures.after:
        text += f"; objects take {mib(figures.after.traced)} MiB"
    if stays(figures) > MIB:
        holder = figures.grown[0] or path_of(figures.holder)
        text += f", held by {visible(holder)}" if holder else ", and who holds them is not known"
    yield f"{text}."
    if (size := of_opened(figures)) > MIB:
        yield (
            f"Until then, what the command opened held {mib(size)} MiB more than the result: its session, its "
            "connection or its engine's cache, which stays where your engine does."
        )


def as_json(figures: FunctionFigures) -> dict[str, Any]:
    """Return what was found, in bytes and seconds."""
    told: Mapping[str, Any] = asdict(figures)
    advised: Iterable[Any] = advice(figures)
    return {**told, "advice": [{"text": one.text, "code": one.code, "name": one.name} for one in advised]}
