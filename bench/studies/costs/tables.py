"""The tables of the scenarios, of the remedies and of the alternatives."""

from collections.abc import Callable, Sequence

from bench.look.tables import Column, Table, mib, script_column, spread, time, whole, whole_mib
from bench.nouns import counted
from bench.studies.costs.pairs import Pair
from bench.studies.script_costs import ScriptCosts
from common import MIB

# From this share of the total on, a holder has a place in the overview; the others are added up.
SMALLEST_SHARE = 0.05
SCENARIO: Column[ScriptCosts] = script_column("Scenario", lambda script: script.scenario)


def overview(scripts: Sequence[ScriptCosts]) -> Table[ScriptCosts]:
    """Return the original's table; process memory is that of the traced run, as there."""
    columns = [
        Column[ScriptCosts]("Scenario", None, lambda script: script.scenario.title, text=True),
        Column[ScriptCosts](
            "Result Iteration End", None, lambda script: f"{mib(script.process_while_traced)} MiB", text=True
        ),
        Column[ScriptCosts]("Total Allocated Size", None, lambda script: f"{mib(script.total)} MiB", text=True),
        Column[ScriptCosts]("Main Memory Sources", None, main_holders, text=True),
    ]
    return Table("Overview (tracemalloc running, as in the original)", columns, scripts)


def main_holders(script: ScriptCosts) -> str:
    """Return who holds the traced memory, in MiB, largest first; as printed, they add up to the total."""
    shown = {
        name: round(size / MIB, 1)
        for name, size in script.by_holder.items()
        if size >= SMALLEST_SHARE * script.total and name != "other"
    }
    rest = round(script.total / MIB, 1) - sum(shown.values())
    texts = [f"{name} {size:,.1f}" for name, size in shown.items()]
    return ", ".join([*texts, f"smaller ones {rest:,.1f}"] if round(rest, 1) else texts)


def fixed_and_growing(scripts: Sequence[ScriptCosts]) -> Table[ScriptCosts]:
    sizes = [script.fixed for script in scripts]
    fixed = " to ".join(dict.fromkeys(whole_mib(size) for size in (min(sizes), max(sizes))))
    rest = "" if scripts[0].native else " The rest is native memory and slack."
    note = (
        "B/row: live Python objects, traced. MiB: growth of the process, untraced. The fixed cost is subtracted: "
        f"connecting, with SQLAlchemy's dialect and driver, takes {fixed} MiB.{rest} "
        f"{of_times(scripts)}"
    )
    columns = [*COSTS, *COMPOSITION[1:]]
    title = f"What {counted(scripts[0].rows, 'row costs', 'rows cost')}"
    return Table(title, columns, scripts, bar=lambda script: script.holders, note=note)


def composition(script: ScriptCosts) -> str:
    """Return of what the growth consists, in MiB: Python objects, native allocations, and the rest."""
    if script.native is None or script.rest is None:
        return f"{mib(script.python)} + not measured"
    return f"{mib(script.python)} + {mib(script.native)} + {mib(script.rest)}"


COSTS: tuple[Column[ScriptCosts], ...] = (
    SCENARIO,
    Column("Bytes per row", "B/row", lambda script: whole(script.per_row)),
    Column("Multiple of the values", None, lambda script: f"{script.multiple:.1f}"),
    Column(
        "Process growth, MiB",
        "MiB",
        lambda script: spread(script.growth, mib(script.growth.value)),
        lambda script: mib(script.growth.value),
    ),
    Column("Peak, MiB", None, lambda script: spread(script.peak, mib(script.peak.value))),
    Column("Time, s", "s", lambda script: time(script.seconds)),
)
COMPOSITION: tuple[Column[ScriptCosts], ...] = (
    SCENARIO,
    Column("Python + native + rest, MiB", None, composition),
    Column("Fixed: growth, MiB", None, lambda script: mib(script.fixed)),
    Column("Fixed: time, s", None, lambda script: f"{script.fixed_seconds:.2f}"),
    Column("Tracing adds, MiB", None, lambda script: mib(script.tracing_adds)),
)


def of_times(scripts: Sequence[ScriptCosts]) -> str:
    if all(script.seconds.runs == 1 for script in scripts):
        return "Each time is of one run."
    return "±: the runs lie more than 10 % apart."


def change(before: float, after: float, digits: int) -> str:
    return " → ".join(f"{round(figure, digits) + 0.0:,.{digits}f}" for figure in (before, after))


def changed(figure: Callable[[ScriptCosts], float], digits: int) -> Callable[[Pair], str]:
    return lambda pair: change(figure(pair.before), figure(pair.after), digits)


def changed_time(pair: Pair) -> str:
    """Return the seconds before and after, of the same turns."""
    return f"{time(pair.seconds_before)} → {time(pair.after.seconds)}"


def peak(script: ScriptCosts) -> float:
    """Return the growth of the process's peak, in MiB."""
    return script.peak.value / MIB


def first_row(script: ScriptCosts) -> float:
    """Return the growth of the process up to the first row, in MiB."""
    return script.first_row_process.value / MIB


INSTEAD_OF = Column[Pair]("Instead of", None, lambda pair: pair.before.scenario.short, text=True)
CHANGES: tuple[Column[Pair], ...] = (
    Column("Bytes per row", "B/row", changed(lambda script: script.per_row, 0)),
    Column("Peak, MiB", "peak MiB", changed(peak, 1), changed(peak, 0)),
    Column("At the first row, MiB", "1st row", changed(first_row, 1), changed(first_row, 0)),
    Column("Time, s", "s", changed_time),
)


def script_after(title: str) -> Column[Pair]:
    return script_column(title, lambda pair: pair.after.scenario)


def remedies(pairs: Sequence[Pair]) -> Table[Pair]:
    loss = Column[Pair]("You lose", None, lambda pair: pair.loss, text=True)
    others = "With another stack: .venv/bin/python -m bench costs --only alternatives"
    note = f"{of_times([pair.after for pair in pairs])} {others}"
    return Table("Remedies, before → after", [script_after("Remedy"), INSTEAD_OF, *CHANGES, loss], pairs, note=note)


def useless(pairs: Sequence[Pair]) -> Table[Pair]:
    why_not = Column[Pair]("Why not", None, lambda pair: pair.why_not, text=True)
    return Table("What does not help, before → after", [script_after("Attempt"), INSTEAD_OF, *CHANGES, why_not], pairs)


def given_back(scripts: Sequence[ScriptCosts]) -> Table[ScriptCosts]:
    def column(step: int, label: str) -> Column[ScriptCosts]:
        return Column(label, label.rpartition(" ")[2], lambda script: mib(script.after_use[step].growth))

    columns: list[Column[ScriptCosts]] = [script_column("Script", lambda script: script.scenario)]
    columns += [column(step, point.label) for step, point in enumerate(scripts[0].after_use)]
    return Table("Is memory given back? Process growth, MiB", columns, scripts)


def of_native(script: ScriptCosts) -> str:
    """Return the native bytes per row, without which traced ones say little where a library has memory of its own."""
    return "not measured" if script.native_per_row is None else whole(script.native_per_row)


STACK: tuple[Column[ScriptCosts], ...] = (
    script_column("Stack", lambda script: script.scenario),
    Column("Bytes per row, traced", "traced", lambda script: whole(script.per_row)),
    Column("Bytes per row, native", "native", of_native),
    Column("Process growth, MiB", "MiB", lambda script: mib(script.growth.value)),
    Column("At the first row, MiB", "1st row", lambda script: mib(script.first_row_process.value)),
    Column("Fixed: imports, MiB", "imports", lambda script: mib(script.imports)),
    Column("Fixed: the rest, MiB", "fixed", lambda script: mib(script.fixed)),
)


def stacks(scripts: Sequence[ScriptCosts]) -> Table[ScriptCosts]:
    columns = [column for column in STACK if scripts[0].native is not None or column.short != "native"]
    columns.append(Column[ScriptCosts]("Time, s", "s", lambda script: time(script.seconds)))
    sizes = "traced: Python objects, bytes per row. MiB: growth of the process, which counts all memory."
    note = f"{sizes} {of_times(scripts)}"
    return Table("With another stack", columns, scripts, note=note)
