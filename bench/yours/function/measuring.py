"""The runs of a function, one for each instrument, and the figures that they told."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bench.errors import UserError
from bench.yours.function.figures import ChildProcesses, FunctionFigures, Held, Imports, ProcessOfCall, Startup
from bench.yours.function.launching import EVERYTHING, STATEMENTS, TRACED, UNTRACED, Order, Told, run
from bench.yours.function.phases import phase_of
from bench.yours.function.statement import Place, Statement

OF_IMPORTS = ("own", "all", "readers", "modules", "made")


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
        if "began" not in told.found or told.why:
            break
    return figures(order.target, runs)


def figures(target: str, runs: Mapping[str, Told]) -> FunctionFigures:
    first, last = next(iter(runs.values())), list(runs.values())[-1]
    stated = runs.get(STATEMENTS, first).found
    traced, found = last.found, first.found
    imported = found["imported"]
    peak, after = traced.get("at_peak"), traced.get("after", {})
    timed = {told_apart(one): one for one in found["statements"]}
    return FunctionFigures(
        target,
        found["python"],
        found["libraries"],
        found["hooks"],
        Imports(
            imported["rss"],
            found["interpreter"],
            *(imported[name] for name in OF_IMPORTS),
        ),
        startup_of(found["startup"], traced.get("startup", {})) if "startup" in found else None,
        process_of(first, stated) if "began" in found else None,
        stated.get("traced"),
        traced.get("kept"),
        traced.get("of_result"),
        stated.get("traced_peak"),
        held(peak) if peak else None,
        [tuple(one) for one in traced.get("related", ())],
        {name: (kind, key) for name, (kind, key) in traced.get("tables", {}).items()},
        traced.get("columns", {}),
        dict(traced.get("at_return", {}).get("objects", ())),
        dict(traced.get("in_result", ())),
        held(after) if "packages" in after else None,
        after.get("holder", ()),
        tuple(traced.get("grown", ("", 0))),
        traced.get("attributes", {}),
        traced.get("row_size", (0, 0)),
        {name: (number, fields, values) for name, number, fields, values in traced.get("models", ())},
        traced.get("modelled", ()),
        [statement_of(one, timed.get(told_apart(one), one)) for one in stated["statements"]],
        found["items"],
        [(status, size) for status, size in found["answers"]],
        next(filter(None, map(error_of, runs.values())), ""),
        EVERYTHING in runs,
        executed(found) != executed(stated),
    )


def startup_of(found: Mapping[str, Any], traced: Mapping[str, Any]) -> Startup:
    after = traced.get("after")
    holder, grown = (after["holder"], traced["grown"]) if after else ((), ("", 0))
    return Startup(found["rss"], found["seconds"], held(after) if after else None, holder, tuple(grown))


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
    children = [most for seen, most in told.children if start <= seen]
    return ProcessOfCall(
        returned["seconds"] - start,
        returned["rss"] - began["rss"],
        max(returned["peak"], returned["rss"]) - began["rss"],
        after,
        found["imported_in_call"],
        [(0.0, 0), *samples, (returned["seconds"] - start, returned["rss"] - began["rss"])],
        [(begin - start, end - start) for begin, end, *_ in found["marks"]],
        phase_of(found, stated),
        ChildProcesses(len(children), max(children, default=0)) if children or found["children"] else None,
    )


def held(found: Mapping[str, Any]) -> Held:
    lines = [((file, line), size) for file, line, size in found["lines"]]
    objects = dict(found["objects"])
    return Held(found["traced"], found["packages"], found["library"], found["blocks"], lines, objects, found["changed"])


def executed(found: Mapping[str, Any]) -> Counter[tuple[Any, ...]]:
    """Return how often a run executed what, in whatever order."""
    counts: Counter[tuple[Any, ...]] = Counter()
    for one in found["statements"]:
        counts[(*(one["line"] or ()), one["verb"], one["relation"])] += one["times"]
    return counts


def told_apart(found: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what tells a statement from the others in another run, too."""
    return found["number"], *(found["line"] or ()), found["verb"], found["relation"]


def statement_of(found: Mapping[str, Any], timed: Mapping[str, Any]) -> Statement:
    """Return a statement whose rows one run counted; its time, and what the driver held, are of the untraced one."""
    names = (
        "verb",
        "asked",
        "texts",
        "by",
        "times",
        "given",
        "of_given",
        "in_memory",
        "at_once",
        "held",
        "traced",
        "joins",
        "streamed",
        "yield_per",
        "collections",
        "buffered",
        "classes",
        "widest",
        "sizes",
        "names",
        "called",
        "driver",
        "values",
        "loads",
        "lazily",
        "parent",
    )
    return Statement(
        text=f"{found['verb']} {found['relation']}".strip(),
        line=place_of(found["line"]),
        library_line=place_of(found["library_line"]),
        loads_at=place_of(found["loads_at"]),
        gone_at=place_of(found["gone_at"]),
        rows=found["handed_out"] or None if found["rows"] is None else found["rows"],
        columns=found["columns"] or len(found["sizes"]),
        seconds=timed["seconds"],
        grew=timed["grew"],
        **{name: found[name] for name in names},
    )


def place_of(found: Sequence[Any] | None) -> Place | None:
    return (found[0], found[1]) if found else None


def error_of(told: Told) -> str:
    """Return in one line why a run did not end as it should, if it did not."""
    if told.why:
        why, colon, mend = told.why.partition(":")
        return f"{why}{at(told.found.get('stopped_at'))}{colon}{mend}"
    if not (error := told.found.get("error")):
        return ""
    if not error["kind"]:
        return str(error["text"])
    of_application = told.found["stage"] == "closing" and told.found["answers"]
    stage = "its import" if told.found["stage"] == "import" else "its shutdown" if of_application else "it"
    verb = "ended the process" if error["kind"] == "SystemExit" else f"raised {error['kind']}"
    return f"{stage} {verb}{at(error['line'])}{': ' + error['text'] if error['text'] else ''}"


def at(line: Sequence[Any] | None) -> str:
    return " at {}:{}".format(*line) if line else ""
