"""The blocks of the pages that follow from the costs of the scenarios, the remedies and the alternatives."""

from collections.abc import Sequence

from report import pages
from report.tables import Column, Table, mib, time
from runner.figures import Figures
from runner.results import Header
from runner.scenarios import ALTERNATIVES, REMEDIES, SCENARIOS
from runner.scripts import Scenario
from studies.costs import answers, tables
from studies.costs.figures import Costs, Pair

# Where the memory stands at the first row: each way to iterate over entities, and Core's rows.
FIRST_ROWS = (
    "run_sync_sqlalchemy_engine",
    "run_async_sqlalchemy_engine",
    "run_sync_sqlalchemy_session",
    "run_async_sqlalchemy_session",
    "remedies.run_async_sqlalchemy_session_execute",
    "remedies.run_async_sqlalchemy_session_partitions",
    "remedies.run_sync_sqlalchemy_session_yield_per",
)
# What each layer costs, and each way to hand out rows through asyncio.
LAYERS = (
    "run_sync_psycopg",
    "run_sync_sqlalchemy_engine",
    "run_async_sqlalchemy_engine",
    "remedies.run_async_sqlalchemy_engine_partitions",
    "run_sync_sqlalchemy_session",
    "run_async_sqlalchemy_session",
    "remedies.run_async_sqlalchemy_session_partitions",
    "remedies.run_async_sqlalchemy_session_execute",
)
# Which script shows what a process takes before the rows of a layer.
PROCESSES = {
    "psycopg, tuple": "remedies.run_sync_psycopg_tuple_row",
    "psycopg, named tuple": "run_sync_psycopg",
    "slots dataclass": "remedies.run_sync_psycopg_args_row",
    "Core row": "run_sync_sqlalchemy_engine",
    "Pydantic model": "run_async_sqlalchemy_engine_pydantic",
    "Pydantic slots dataclass": "remedies.run_async_sqlalchemy_engine_pydantic_dataclass",
    "ORM entity": "run_sync_sqlalchemy_session",
}
# Which of the original's stacks the others are compared with.
COMPARED = ("run_sync_sqlalchemy_session", "run_sync_sqlalchemy_engine", "run_sync_psycopg")


def blocks(figures: Costs) -> dict[str, str]:
    """Return every block's Markdown by its marker."""
    nine, remedies = figures.of(SCENARIOS), figures.of(REMEDIES)
    pairs = figures.pairs(one.scenario for one in remedies if not one.goes_on)
    useless = [pair for pair in pairs if pair.why_not]
    return {
        "environment": environment(figures.header),
        "packages": f"{', '.join(f'{name} {version}' for name, version in figures.header['versions'].items())}.",
        "cure": answers.cure(figures),
        "answer": answers.answer(figures),
        "answers": answers.answers(figures).markdown(),
        "tracing": tracing(figures["run_async_sqlalchemy_session"]),
        "observation-1": first_rows([figures[name] for name in FIRST_ROWS]).markdown(),
        "observation-2": a_row([one for one in nine if "pydantic" in one.scenario.name]).markdown(),
        "observation-3": a_row([figures[name] for name in LAYERS]).markdown(),
        "overview": tables.overview(nine).markdown(),
        "costs": Table("", tables.COSTS, nine).markdown(),
        "composition": Table("", tables.COMPOSITION, nine).markdown(),
        "in-the-figure": in_the_figure(figures["run_sync_sqlalchemy_session"]),
        "remedies": changes([pair for pair in pairs if pair.loss]).markdown(),
        "losses": losses([pair for pair in pairs if pair.loss]),
        "no-remedies": changes(useless).markdown(),
        "processes": pages.data("processes", {layer: before_rows(figures[name]) for layer, name in PROCESSES.items()}),
        "why-not": "\n".join(f"- **{pair.after.scenario.title}**: {pair.why_not}." for pair in useless),
        "given-back": tables.given_back([one for one in remedies if one.goes_on]).markdown(),
        "other-stacks": compared(stacks(figures), figures["run_sync_psycopg"]).markdown(),
        "choices": "\n".join(choice(one) for one in ALTERNATIVES),
        "arrow": arrow(figures["alternatives.run_sync_adbc_arrow"], figures["run_sync_psycopg"]),
        "scenarios": "\n".join(map(section, nine)),
    }


def before_rows(one: Figures) -> int:
    """Return what a script's process takes before the rows, in bytes: the interpreter, the imports, the connection."""
    return round(one.process.value - one.growth.value)


def environment(header: Header) -> str:
    """Return the line that says where and when the figures were measured."""
    names = {"sqlalchemy": "SQLAlchemy", "psycopg": "psycopg", "pydantic": "Pydantic"}
    packages = ", ".join(f"{shown} {header['versions'][name]}" for name, shown in names.items())
    return f"Measured on {header['date']}: {header['rows']:,} rows, {header['python']}, {packages}; {header['system']}."


def tracing(figures: Figures) -> str:
    """Return what measuring costs."""
    return (
        f"While tracemalloc runs, the asynchronous ORM's process takes {mib(figures.tracing_adds)} MiB more; of these, "
        f"tracemalloc itself reports {mib(figures.tracer)}."
    )


def changes(pairs: Sequence[Pair]) -> Table[Pair]:
    """Return what each script changes, before → after; its name leads to it."""
    name = Column[Pair]("Script", None, lambda pair: linked(pair.after.scenario), text=True)
    return Table("", [name, tables.INSTEAD_OF, *tables.CHANGES], pairs)


def losses(pairs: Sequence[Pair]) -> str:
    """Return what one loses by each remedy, as a list; those by which one loses the same are one item."""
    titles: dict[str, list[str]] = {}
    for pair in pairs:
        titles.setdefault(pair.loss, []).append(pair.after.scenario.title)
    return "\n".join(f"- **{'; '.join(names)}**: you lose {loss}." for loss, names in titles.items())


def linked(scenario: Scenario) -> str:
    """Return a scenario's title, which leads to its script."""
    return f"[{scenario.title}]({scenario.script.as_posix()})"


def in_the_figure(figures: Figures) -> str:
    """Return what of an entity's figure is not the entity itself."""

    def of(file: str) -> float:
        return sum(line["size"] for line in figures.lines if line["file"].endswith(file)) / figures.rows

    storage, identity_map = of(figures.scenario.script.name), of("sqlalchemy/orm/identity.py")
    return (
        "Bytes per row count what is alive at the last row. "
        f"Of an entity's {figures.per_row:.0f}, {storage:.0f} are its place in the `storage` dict, {identity_map:.0f} "
        f"its place in the session's identity map, and {figures.bare:.0f} its values."
    )


def stacks(figures: Costs) -> list[Figures]:
    """Return the stacks to compare, from the one whose row takes most to that whose row takes least."""
    chosen = figures.of([*map(Scenario, COMPARED), *ALTERNATIVES])
    return sorted(chosen, key=lambda one: -(one.per_row + (one.native_per_row or 0)))


def compared(figures: Sequence[Figures], reference: Figures) -> Table[Figures]:
    """Return the table of the stacks, with times as multiples of the reference's, for only that can be compared."""
    title = f"Time, {reference.scenario.short} = 1"
    multiple = Column[Figures](title, None, lambda one: f"{one.seconds.value / reference.seconds.value:.1f}")
    return Table("", [*tables.STACK, multiple], figures)


def choice(scenario: Scenario) -> str:
    """Return when to choose a stack, and what one loses, as an item of a list."""
    fields = scenario.fields
    return f"- {linked(scenario)}: {fields['Choose it']} You lose {fields['You lose']}"


def arrow(one: Figures, other: Figures) -> str:
    """Return from how many rows on Arrow's process is the smaller one, and what the first look-up by id takes."""
    fixed = (one.imports + one.fixed) - (other.imports + other.fixed)
    rows = fixed / (other.growth.value - one.growth.value) * one.rows
    [look_up] = [after for after in one.after_use if after.label == "Looked up by id"]
    return (
        f"Imports included, the fixed cost of Arrow's process is {mib(one.imports + one.fixed)} MiB, that of psycopg's "
        f"{mib(other.imports + other.fixed)}: from some {round(rows, -4):,.0f} rows of this table on, Arrow's is the "
        f"smaller one. A table has no index: the first look-up by id takes {1000 * look_up.seconds:.1f} ms, and "
        f"{mib(look_up.added)} MiB for what it loads."
    )


def first_rows(figures: Sequence[Figures]) -> Table[Figures]:
    """Return how much of the final traced memory stands when the first row is handed out."""
    columns = [
        tables.SCENARIO,
        Column[Figures]("Traced at the first row, MiB", None, lambda one: mib(one.first_row)),
        Column[Figures]("At the last row, MiB", None, lambda one: mib(one.python)),
        Column[Figures]("Process at the first row, MiB", None, lambda one: mib(one.first_row_process.value)),
    ]
    return Table("", columns, figures)


def a_row(figures: Sequence[Figures]) -> Table[Figures]:
    """Return what a row costs in memory, and all rows in time."""
    columns = [
        tables.SCENARIO,
        Column[Figures]("Bytes per row", None, lambda one: f"{one.per_row:.0f}"),
        Column[Figures]("Multiple of bare data", None, lambda one: f"{one.multiple:.1f}"),
        Column[Figures]("Process growth, MiB", None, lambda one: mib(one.growth.value)),
        Column[Figures]("Time, s", None, lambda one: time(one.seconds)),
    ]
    return Table("", columns, figures)


def section(figures: Figures) -> str:
    """Return one scenario's section: what it does, and its console."""
    scenario, script = figures.scenario, figures.scenario.script.as_posix()
    return (
        f"<details><summary>{scenario.title}</summary>\n\n[`{script}`]({script}): {scenario.description}\n"
        f"```txt\n{figures.console}```\n</details>"
    )
