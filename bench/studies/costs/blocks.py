"""The blocks of the pages that follow from the costs of the scenarios, the remedies and the alternatives."""

from collections.abc import Iterable, Mapping, Sequence

from bench import results
from bench.figures import Figures
from bench.look import pages
from bench.look.tables import Column, Table, mib, time
from bench.results import Header
from bench.scenarios import ALTERNATIVES, OF_COLUMNS, OF_ENTITIES, OF_ROWS, REMEDIES, SCENARIOS
from bench.scripts import Scenario
from bench.studies.costs import answers, tables
from bench.studies.costs.figures import Costs, Pair
from bench.studies.relationships.figures import figures as of_relationships

# The packages that the line of the environment names, by what they are called there.
PACKAGES = {"sqlalchemy": "SQLAlchemy", "psycopg": "psycopg", "pydantic": "Pydantic"}
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
# The stacks, by what they keep of a row, with those of the original's that the others are compared with.
ENTITY, DRIVER = Scenario("run_sync_sqlalchemy_session"), Scenario("run_sync_psycopg")
STACKS = {
    "entities": (ENTITY, *OF_ENTITIES),
    "rows": (Scenario("run_sync_sqlalchemy_engine"), DRIVER, *OF_ROWS),
    "columns": OF_COLUMNS,
}
# How many rows those have that are looked at where one asks from how many on a fixed cost pays.
MOST_ROWS = 10_000_000


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
        "answers": answers.answers(figures, of_relationships(results.load("relationships"))).markdown(),
        "tracing": tracing(figures["run_async_sqlalchemy_session"]),
        "observation-1": first_rows([figures[name] for name in FIRST_ROWS]).markdown(),
        "observation-2": a_row([one for one in nine if "pydantic" in one.scenario.name]).markdown(),
        "observation-3": a_row([figures[name] for name in LAYERS]).markdown(),
        "overview": tables.overview(nine).markdown(),
        "costs": Table("", tables.COSTS, nine).markdown(),
        "composition": Table("", tables.COMPOSITION, nine).markdown(),
        "in-the-figure": in_the_figure(figures["run_sync_sqlalchemy_session"]),
        "remedies": changes([pair for pair in pairs if pair.loss]).markdown(),
        "losses": losses((pair.after.scenario, pair.loss) for pair in pairs if pair.loss),
        "no-remedies": changes(useless).markdown(),
        "processes": pages.data("processes", {layer: before_rows(figures[name]) for layer, name in PROCESSES.items()}),
        "why-not": "\n".join(f"- **{pair.after.scenario.title}**: {pair.why_not}." for pair in useless),
        "given-back": tables.given_back([one for one in remedies if one.goes_on]).markdown(),
        **{f"stacks-{kind}": compared(figures, kind).markdown() for kind in STACKS},
        "first-rows": at_the_first_row(figures),
        "pays": pays(figures).markdown(),
        "choices": "\n".join(choice(one) for one in ALTERNATIVES),
        "arrow": arrow(figures["alternatives.run_sync_adbc_arrow"], figures["run_sync_psycopg"]),
        "scenarios": "\n".join(map(section, nine)),
    }


def before_rows(one: Figures) -> int:
    """Return what a script's process takes before the rows, in bytes: the interpreter, the imports, the connection."""
    return round(one.process.value - one.growth.value)


def environment(header: Header, rows: str = "rows", packages: Mapping[str, str] = PACKAGES) -> str:
    """Return the line that says where and when the figures were measured; `packages` are shown as their values."""
    versions = header["versions"]
    shown = ", ".join(f"{title} {versions[name]}" for name, title in packages.items() if name in versions)
    return f"Measured on {header['date']}: {header['rows']:,} {rows}, {header['python']}, {shown}; {header['system']}."


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


def losses(found: Iterable[tuple[Scenario, str]]) -> str:
    """Return what one loses by each scenario, as a list; those by which one loses the same are one item."""
    titles: dict[str, list[str]] = {}
    for scenario, loss in found:
        titles.setdefault(loss, []).append(scenario.title)
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


def stacks(figures: Costs, kind: str) -> list[Figures]:
    """Return the stacks that keep this of a row, from the one whose row takes most to that whose row takes least."""
    return sorted(figures.of(STACKS[kind]), key=lambda one: -(one.per_row + (one.native_per_row or 0)))


def compared(figures: Costs, kind: str) -> Table[Figures]:
    """Return the table of these stacks, with times as multiples of psycopg's, for only that can be compared."""
    reference = figures[DRIVER.name]
    multiple = Column[Figures](
        f"Time, {DRIVER.short} = 1", None, lambda one: f"{one.seconds.value / reference.seconds.value:.1f}"
    )
    return Table("", [*tables.STACK, multiple], stacks(figures, kind))


def at_the_first_row(figures: Costs) -> str:
    """Return which stacks have nearly all in memory at the first row, and which have little."""
    found = [one for kind in ("entities", "rows") for one in stacks(figures, kind)]
    shares = {one.scenario.title: one.first_row_process.value / one.peak.value for one in found}
    everything = [title for title, share in shares.items() if share > 0.75]
    little = [title for title, share in shares.items() if share < 0.1]
    return (
        f"More than three quarters of the peak stand at the first row with: {'; '.join(everything)}. "
        f"Less than a tenth does with: {'; '.join(little)}."
    )


def pays(figures: Costs) -> Table[tuple[Figures, Figures]]:
    """Return the fixed costs of the stacks, and from how many rows on each process is the smaller one."""
    found = [
        (one, figures[(ENTITY if kind == "entities" else DRIVER).name])
        for kind in STACKS
        for one in stacks(figures, kind)
        if one.scenario in ALTERNATIVES
    ]
    columns = [
        Column[tuple[Figures, Figures]]("Stack", None, lambda pair: pair[0].scenario.title, text=True),
        Column[tuple[Figures, Figures]]("Fixed cost, MiB", None, lambda pair: mib(together(pair[0]))),
        Column[tuple[Figures, Figures]]("Compared with", None, lambda pair: pair[1].scenario.short, text=True),
        Column[tuple[Figures, Figures]]("Its fixed cost, MiB", None, lambda pair: mib(together(pair[1]))),
        Column[tuple[Figures, Figures]]("Its process is the larger one", None, lambda pair: larger(*pair), text=True),
    ]
    return Table("", columns, found)


def together(one: Figures) -> float:
    """Return all of a process's fixed cost, in bytes: the imports, and the rest."""
    return one.imports + one.fixed


def even(one: Figures, other: Figures) -> float:
    """Return at how many rows two processes are equally large; a negative number is none."""
    saved = (other.growth.value - one.growth.value) / one.rows
    return (together(one) - together(other)) / saved if saved else -1.0


def larger(one: Figures, other: Figures) -> str:
    """Return with how many rows the other process is the larger one."""
    rows = even(one, other)
    less_fixed = together(one) < together(other)
    if not 0 < rows < MOST_ROWS:
        return "always" if less_fixed else "never"
    digits = len(str(int(rows))) - 2
    return f"{'up to' if less_fixed else 'from'} {round(rows, -digits):,.0f} rows{'' if less_fixed else ' on'}"


def choice(scenario: Scenario) -> str:
    """Return when to choose a stack, and what one loses, as an item of a list."""
    fields = scenario.fields
    return f"- {linked(scenario)}: {fields['Choose it']} You lose {fields['You lose']}"


def arrow(one: Figures, other: Figures) -> str:
    """Return from how many rows on Arrow's process is the smaller one, and what the first look-up by id takes."""
    [look_up] = [after for after in one.after_use if after.label == "Looked up by id"]
    return (
        f"Imports included, the fixed cost of Arrow's process is {mib(together(one))} MiB, that of psycopg's "
        f"{mib(together(other))}: from some {round(even(one, other), -4):,.0f} rows of this table on, Arrow's is the "
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
