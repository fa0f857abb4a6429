"""What the runs of a function found, each figure from the instrument that it is true of; in bytes and seconds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.errors import UserError
from bench.yours.function.launching import EVERYTHING, STATEMENTS, TRACED, UNTRACED, Order, Told, run
from bench.yours.function.phases import Phase, phase_of

Place = tuple[str, int]


@dataclass(frozen=True)
class Statement:
    """A statement that a line of the reader's executes, each time with the same text."""

    text: str
    verb: str
    # The library that told of it.
    by: str
    line: Place | None
    # Where its first entity was loaded, which is where its rows are read.
    loads_at: Place | None
    times: int
    rows: int | None
    columns: int
    joins: int
    seconds: float
    streamed: bool
    yield_per: int | None
    # Entities that were loaded from its rows, by class.
    classes: Mapping[str, int]
    # By how many bytes the process grew while it was executed, before its first row: what the driver holds.
    grew: int
    # What the values of its widest row take, and those of each of its columns in all rows, in bytes.
    widest: int
    sizes: Sequence[int]
    # After how many seconds it was first executed, and its last row was read; and what was traced at most by then.
    began: float
    last_row: float | None
    peak: int

    @property
    def loaded(self) -> int:
        return sum(self.classes.values())


@dataclass(frozen=True)
class Imports:
    """What the process takes before the call, and what of it each top-level package takes: alone, and with all."""

    process: int
    interpreter: int
    own: Mapping[str, int]
    all: Mapping[str, int]
    readers: Sequence[str]
    made: Mapping[str, int]


@dataclass(frozen=True)
class Held:
    """The traced memory at one moment."""

    traced: int
    packages: Mapping[str, int]
    lines: Sequence[tuple[Place, int]]
    objects: Mapping[str, int]


def path_of(holder: Sequence[str]) -> str:
    """Return who holds what, as one writes it: `shop.reports.CACHE → Row`."""
    names = [holder[0]]
    for step in holder[1:]:
        if step.startswith("."):
            names[-1] += step
        else:
            names.append(step)
    return " → ".join(names)


@dataclass(frozen=True)
class ProcessOfCall:
    """The process's memory and time during the call, without tracing."""

    seconds: float
    growth: int
    peak: int
    after: int | None
    imports: int
    samples: Sequence[tuple[float, int]]
    # When each statement began and ended to be executed.
    marks: Sequence[tuple[float, float]]
    phase: Phase | None

    @property
    def peak_at(self) -> float:
        return max(self.samples, key=lambda sample: sample[1], default=(0.0, 0))[0]


@dataclass(frozen=True)
class FunctionFigures:
    """What is known of a function; a part that is not known is None."""

    target: str
    python: str
    libraries: Mapping[str, str]
    hooks: Sequence[str]
    imports: Imports
    process: ProcessOfCall | None
    # Traced with the result in hand, and at most.
    traced: int | None
    traced_peak: int | None
    at_peak: Held | None
    at_return: Mapping[str, int]
    after: Held | None
    holder: Sequence[str]
    attributes: Mapping[str, Mapping[str, float]]
    # Bytes of a row of SQLAlchemy's without its values, and of each column in it.
    row_size: Sequence[int]
    # Pydantic models at the return by class: how many, and the bytes of each one's set of given fields, and dict.
    models: Mapping[str, tuple[int, float, float]]
    statements: Sequence[Statement]
    items: int
    answers: Sequence[tuple[int, int]]
    error: str
    # Whether one process had all instruments, so that its memory has the tracer's in it.
    at_once: bool


def measure(order: Order, once: bool, started: Callable[[str], None]) -> FunctionFigures:
    """Run the code with each instrument, or once with all. Raises UserError where it could not be called."""
    instruments = (EVERYTHING,) if once else (UNTRACED, STATEMENTS, TRACED)
    runs: dict[str, Told] = {}
    peak = None
    for instrument in instruments:
        started(instrument)
        told = runs[instrument] = run(order, instrument, peak)
        peak = told.found.get("traced_peak")
        if "began" not in told.found and (error := error_of(told)):
            raise UserError(error)
        if "began" not in told.found or told.why or "error" in told.found:
            break
    return figures(order.target, runs)


def figures(target: str, runs: Mapping[str, Told]) -> FunctionFigures:
    first, last = next(iter(runs.values())), list(runs.values())[-1]
    stated = runs.get(STATEMENTS, first).found
    traced, found = last.found, first.found
    imported = found["imported"]
    peak, after = traced.get("at_peak"), traced.get("after", {})
    return FunctionFigures(
        target,
        found["python"],
        found["libraries"],
        found["hooks"],
        Imports(imported["rss"], found["interpreter"], *(imported[name] for name in ("own", "all", "readers", "made"))),
        process_of(first, stated) if "began" in found else None,
        stated.get("traced"),
        stated.get("traced_peak"),
        held(peak) if peak else None,
        dict(traced.get("at_return", {}).get("objects", ())),
        held(after) if "packages" in after else None,
        after.get("holder", ()),
        traced.get("attributes", {}),
        traced.get("row_size", (0, 0)),
        {name: (number, fields, values) for name, number, fields, values in traced.get("models", ())},
        [statement_of(one, stated["began"]["seconds"]) for one in stated["statements"]],
        found["items"],
        [(status, size) for status, size in found["answers"]],
        next(filter(None, map(error_of, runs.values())), ""),
        EVERYTHING in runs,
    )


def process_of(told: Told, stated: Mapping[str, Any]) -> ProcessOfCall:
    found = told.found
    began, returned = found["began"], found["returned"]
    start = began["seconds"]
    samples = [
        (seconds - start, size - began["rss"])
        for seconds, size in told.samples
        if start <= seconds <= returned["seconds"]
    ]
    after = found["left"] - began["rss"] if "left" in found else None
    return ProcessOfCall(
        returned["seconds"] - start,
        returned["rss"] - began["rss"],
        max(returned["peak"], returned["rss"]) - began["rss"],
        after,
        found["imported_in_call"],
        [(0.0, 0), *samples, (returned["seconds"] - start, returned["rss"] - began["rss"])],
        [(begin - start, end - start) for begin, end, *_ in found["marks"]],
        phase_of(found, stated),
    )


def held(found: Mapping[str, Any]) -> Held:
    lines = [((file, line), size) for file, line, size in found["lines"]]
    return Held(found["traced"], found["packages"], lines, dict(found["objects"]))


def statement_of(found: Mapping[str, Any], start: float) -> Statement:
    names = (
        *("verb", "by", "times", "joins", "seconds", "streamed", "yield_per", "classes", "grew"),
        *("widest", "sizes", "peak"),
    )
    return Statement(
        text=f"{found['verb']} {found['relation']}".strip(),
        line=place_of(found["line"]),
        loads_at=place_of(found["loads_at"]),
        rows=found["handed_out"] or None if found["rows"] is None else found["rows"],
        columns=found["columns"] or len(found["sizes"]),
        began=found["began"] - start,
        last_row=found["last_row"] - start if found["last_row"] else None,
        **{name: found[name] for name in names},
    )


def place_of(found: Sequence[Any] | None) -> Place | None:
    return (found[0], found[1]) if found else None


def error_of(told: Told) -> str:
    """Return in one line why a run did not end as it should, if it did not."""
    if told.why:
        return told.why
    if not (error := told.found.get("error")):
        return ""
    if not error["kind"]:
        return str(error["text"])
    stage = "its import" if told.found["stage"] == "import" else "it"
    place = " at {}:{}".format(*error["line"]) if error["line"] else ""
    verb = "ended the process" if error["kind"] == "SystemExit" else f"raised {error['kind']}"
    return f"{stage} {verb}{place}{': ' + error['text'] if error['text'] else ''}"
