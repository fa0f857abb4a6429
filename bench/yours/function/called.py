"""What is printed of the call: the process, what was traced, by whose it is, and the statements."""

from bench.errors import visible
from bench.look.tables import Column, Table, mib, print_sentence
from bench.nouns import counted
from bench.yours.function.advising import unknown_drivers
from bench.yours.function.figures import ChildProcesses, FunctionFigures, Held, ProcessOfCall, line_of
from bench.yours.function.imported import LEAST, MOST
from bench.yours.function.phases import BEFORE, EXECUTED, READ
from bench.yours.function.rules.change import at
from bench.yours.function.rules.sizes import ASYNCPG, STANDARD_LIBRARY, of_driver, of_module
from bench.yours.function.statement import Place, Statement
from common import MIB

WIDTH = 46
# A look at less than this of the peak is of another moment: a peak within one call of C is over before the next look.
NEAR = 0.95
YOURS = "your code"
DIFFER = (
    "\nThe runs did not execute the same statements, as where the first one writes what the others then find. Time and "
    "process are of the first, all else of the others: prepare the data anew and run it with --once."
)
DISPLAYED = {"sqlalchemy": "SQLAlchemy", "django": "Django"}


def the_call(figures: FunctionFigures, process: ProcessOfCall) -> None:
    """Print what the call takes: the process, then what was traced, by whose it is, and the statements."""
    print_sentence(f"\nThe call: {said_of(figures, process)}")
    if process.children:
        print_sentence(f"\nChild processes are in no figure here{largest_of(process.children)}.")
    if figures.at_peak and (figures.traced_peak or 0) > MIB:
        peak, most = figures.at_peak, max(figures.traced_peak or 0, figures.at_peak.traced)
        missed = f"; the tables are of a moment with {mib(peak.traced)}" if peak.traced < NEAR * most else ""
        moment = "then" if missed else "at the peak"
        columns = traced_columns("Package", moment)
        Table(f"Traced at the peak: {mib(most)} MiB{missed}", columns, packages(peak, figures.after)).print()
        by_asyncpg = any(ASYNCPG in (one.by, one.driver) for one in figures.statements)
        if by_asyncpg and of_module(peak, "asyncio") > MIB:
            print_sentence("\nWhat asyncpg's C code reads counts as asyncio's, which calls it.")
        Table("Added while a line of your code ran", traced_columns("Line", moment)[:2], lines(peak)).print()
        objects(peak, figures, moment)
        if driver := of_the_driver(figures, process):
            print_sentence(f"\n{driver}")
    elif figures.at_peak:
        print_sentence("Traced: less than 1 MiB at the peak.")
    if figures.statements:
        Table("Statements", statement_columns(), figures.statements[: 2 * MOST]).print()
        if figures.differ:
            print_sentence(DIFFER)
        if len(figures.statements) > 2 * MOST:
            print_sentence(f"\n{counted(len(figures.statements) - 2 * MOST, 'more statement')}: --json has all of them")
    elif figures.error:
        print_sentence("\nStatements: not known, for the run ended before.")
    elif drivers := unknown_drivers(figures):
        by = ", ".join(DISPLAYED.get(name, name) for name in figures.hooks)
        print_sentence(
            f"\nStatements: {f'none by {by}; ' if by else ''}what {' or '.join(drivers)} executes alone is not known."
        )


def of_the_driver(figures: FunctionFigures, process: ProcessOfCall) -> str:
    """Return which statement's rows take most of what the process has beside what is traced, as text; if one's do."""
    beside = process.peak - process.imports - (figures.traced_peak or 0)
    held = {of_driver(figures, one): one for one in figures.statements if one.by != ASYNCPG}
    size = max(held, default=0)
    if figures.at_once or figures.differ or size < MIB or 2 * size < beside:
        return ""
    return (
        f"Beside it the driver held about {mib(size)} MiB of {visible(held[size].text)}'s rows at {at(held[size])}, "
        "outside Python's objects, as libpq does."
    )


def said_of(figures: FunctionFigures, process: ProcessOfCall) -> str:
    grown = f"{process.seconds:.2f} s, {mib(process.peak)} MiB more at the peak, "
    grown += f"{mib(process.growth)} {'when it ended' if figures.error else 'with the result in hand'}"
    during = f"; {mib(process.imports)} of them are imports during the call" if process.imports > MIB else ""
    tracer = ", the tracer included" if figures.at_once else ""
    items = f" {counted(figures.items, 'item was', 'items were')} read." if figures.items else ""
    answers = "".join(
        f" Answered {status} with {counted(size, 'byte')}." if status else " Not answered."
        for status, size in figures.answers
    )
    return f"{grown}{during}{tracer}. {when(figures, process)}{items}{answers}"


def largest_of(children: ChildProcesses) -> str:
    if not children.seen:
        return ""
    number = f"{children.seen:,} were seen, the largest" if children.seen > 1 else "one was seen,"
    return f": {number} with {mib(children.largest)} MiB"


def when(figures: FunctionFigures, process: ProcessOfCall) -> str:
    """Return when the peak came, by the statement that was executed or read then."""
    phase = process.phase
    if process.peak < MIB:
        return "It takes less than 1 MiB."
    if not phase or figures.differ:
        return f"The peak came after {process.peak_at:.2f} s."
    if phase.stage == BEFORE:
        return "The peak came before the first statement."
    line = figures.statements[phase.statement].line if phase.statement is not None else None
    what = f"statement {phase.number:,} of {phase.marked:,}{f' ({place(line)})' if line else ''}"
    if phase.stage == EXECUTED:
        return f"The peak came before the first row of {what}."
    if phase.stage == READ:
        return f"The peak came while the rows of {what} were read."
    return f"The peak came after {what} was executed and read."


Row = tuple[str, int, int | None]


def traced_columns(title: str, moment: str) -> list[Column[Row]]:
    return [
        Column(title, "", lambda row: row[0], text=True),
        Column(f"MiB {moment}", f"MiB {moment}", lambda row: mib(row[1])),
        Column("After the return", "after the return", lambda row: "" if row[2] is None else mib(row[2])),
    ]


def packages(peak: Held, after: Held | None) -> list[Row]:
    sizes = sorted(peak.packages.items(), key=lambda package: -package[1])
    left = after.packages if after else {}
    names = {"": YOURS, STANDARD_LIBRARY: STANDARD_LIBRARY}
    module = max(peak.library, key=lambda name: peak.library[name], default="")
    if peak.library.get(module, 0) > MIB:
        names[STANDARD_LIBRARY] += f", most by {module}"
    return [
        (names.get(name, name), size, left.get(name, 0) if after else None)
        for name, size in sizes[:MOST]
        if size > LEAST
    ]


def lines(peak: Held) -> list[Row]:
    return [
        (place(line) if line[0] else "none of yours ran", size, None)
        for line, size in peak.lines[:MOST]
        if size > LEAST
    ]


def place(line: Place | None, library: Place | None = None) -> str:
    """Return a line as `file:number`, its end where that is long, with the library's which it calls."""
    text = _shortened(line_of(line) if line else "not known", WIDTH // 2 if library else WIDTH)
    return f"{text} → {_shortened(line_of(library), WIDTH - len(text) - 3)}" if library else text


def _shortened(text: str, room: int) -> str:
    return text if len(text) <= room else f"…{text[1 - room :]}"


def objects(peak: Held, figures: FunctionFigures, moment: str) -> None:
    many = [(name, number) for name, number in peak.objects.items() if number >= 100]
    if many:
        mapped = {kind for one in figures.statements for kind in one.classes}
        # The reader's own come first, and those that are mapped.
        many.sort(key=lambda one: one[0] not in mapped and one[0].partition(".")[0] not in figures.imports.readers)
        told = ", ".join(f"{number:,} {visible(name)}" for name, number in many[:MOST])
        print_sentence(
            f"\nObjects more than before, {moment}: {told}. Only those that the garbage collector tracks count: no "
            "texts or numbers, nor all dicts and tuples of these."
        )


def statement_columns() -> list[Column[Statement]]:
    return [
        Column("Line", "", lambda one: place(one.line, one.library_line), text=True),
        Column("Executes", "executes", lambda one: visible(one.text), text=True),
        Column("Times", "times", lambda one: f"{one.times:,}"),
        Column("Rows", "rows", rows_of),
        Column("Columns", "columns", lambda one: f"{one.columns or ''}"),
        Column("Widest row", "widest row", lambda one: f"{one.widest:,} B" if one.widest else ""),
        Column("How", "how", how, text=True),
    ]


def rows_of(statement: Statement) -> str:
    rows = statement.rows if statement.rows is not None else statement.loaded or None
    return "not known" if rows is None else f"{rows:,}"


def how(statement: Statement) -> str:
    if not statement.columns and not statement.streamed:
        return ""
    if statement.verb == "COPY":
        return "in a stream"
    if statement.yield_per:
        return f"by {statement.yield_per:,}"
    return "by a cursor" if statement.streamed else "all at once"
