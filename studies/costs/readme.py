"""The blocks of README that follow from the costs of the scenarios and of the remedies."""

from collections.abc import Mapping, Sequence
from statistics import median

from report.tables import Table, mib
from runner.results import Part, Parts
from runner.runs import Run, checkpoint
from runner.scenarios import ALTERNATIVES, LAST_CHECKPOINT, REMEDIES, SCENARIOS, Scenario
from studies.costs import answers, tables
from studies.costs.figures import Figures, of_all

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
# What happens to the memory after use.
GIVEN_BACK = ("run_sync_sqlalchemy_session_given_back", "run_sync_sqlalchemy_session_survivors")
# Which of the original's stacks the others are compared with.
COMPARED = ("run_sync_sqlalchemy_session", "run_sync_sqlalchemy_engine", "run_sync_psycopg")


def blocks(parts: Parts) -> dict[str, str]:
    """Return every block's Markdown by its marker."""
    figures = of_all(parts)
    nine = [figures[one.name] for one in SCENARIOS]
    pairs = tables.remedied(figures, [figures[one.name] for one in REMEDIES])
    return {
        "environment": environment(parts),
        "packages": f"{', '.join(f'{name} {version}' for name, version in versions(parts).items())}.",
        "cure": answers.cure(figures),
        "answer": answers.answer(figures),
        "answers": answers.answers(figures).markdown(),
        "tracing": tracing(figures["run_async_sqlalchemy_session"]),
        "observation-1": first_rows([figures[name] for name in FIRST_ROWS]).markdown(),
        "observation-2": a_row([one for one in nine if "pydantic" in one.scenario.name]).markdown(),
        "observation-3": a_row([figures[name] for name in LAYERS]).markdown(),
        "overview": tables.overview(nine).markdown(),
        "costs": tables.costs(nine).markdown(),
        "in-the-figure": in_the_figure(parts["run_sync_sqlalchemy_session"], figures["run_sync_sqlalchemy_session"]),
        "remedies": tables.remedies(pairs).markdown(),
        "given-back": given_back([figures[f"remedies.{name}"] for name in GIVEN_BACK]).markdown(),
        "other-stacks": compared(stacks(figures), figures["run_sync_psycopg"]).markdown(),
        "choices": "\n".join(choice(one) for one in ALTERNATIVES),
        "arrow": arrow(figures, parts["alternatives.run_sync_adbc_arrow"]["whole"]["untraced"]),
        "scenarios": "\n\n".join(section(one.scenario, parts[one.scenario.name]) for one in nine),
    }


def environment(parts: Parts) -> str:
    """Return the line that says where and when the figures were measured."""
    part = next(iter(parts.values()))
    packages = versions(parts)
    names = {"sqlalchemy": "SQLAlchemy", "psycopg": "psycopg", "pydantic": "Pydantic"}
    return (
        f"Measured on {max(part['date'] for part in parts.values())}: {part['rows']:,} rows, "
        f"{part['machine']['python']}, {', '.join(f'{shown} {packages[name]}' for name, shown in names.items())}; "
        f"{part['machine']['system']}."
    )


def versions(parts: Parts) -> dict[str, str]:
    """Return the version of every package that a script imported, by name."""
    return dict(sorted((name, version) for part in parts.values() for name, version in part["versions"].items()))


def tracing(figures: Figures) -> str:
    """Return what measuring costs."""
    return (
        f"While tracemalloc runs, the asynchronous ORM's process takes {mib(figures.tracing_adds)} MiB more; of these, "
        f"tracemalloc itself reports {mib(figures.tracer)}."
    )


def in_the_figure(part: Part, figures: Figures) -> str:
    """Return what of an entity's figure is not the entity itself."""

    def of(file: str) -> float:
        return float(sum(line["size"] for line in part["lines"] if line["file"].endswith(file)) / figures.rows)

    storage, identity_map = of(figures.scenario.script.name), of("sqlalchemy/orm/identity.py")
    return (
        "Bytes per row count what is alive at the last row. "
        f"Of an entity's {figures.per_row:.0f}, {storage:.0f} are its place in the `storage` dict, {identity_map:.0f} "
        f"its place in the session's identity map, and {figures.bare:.0f} its values."
    )


def stacks(figures: Mapping[str, Figures]) -> list[Figures]:
    """Return the stacks to compare, from the one whose row takes most to that whose row takes least."""
    chosen = [figures[name] for name in (*COMPARED, *(one.name for one in ALTERNATIVES))]
    return sorted(chosen, key=lambda one: -(one.per_row + (one.native_per_row or 0)))


def compared(figures: Sequence[Figures], reference: Figures) -> Table:
    """Return the table of the stacks, with times as multiples of the reference's, for only that can be compared."""
    table = tables.stacks(figures)
    times = (f"{one.seconds.value / reference.seconds.value:.1f}" for one in figures)
    rows = [[*row[:-1], time] for row, time in zip(table.rows, times, strict=True)]
    return Table("", [*table.columns[:-1], f"Time, {reference.scenario.short} = 1"], rows)


def choice(scenario: Scenario) -> str:
    """Return when to choose a stack, and what one loses, as an item of a list."""
    script, fields = scenario.script.as_posix(), scenario.fields
    return f"- [{scenario.title}]({script}): {fields['Choose it']} You lose {fields['You lose']}"


def arrow(figures: Mapping[str, Figures], runs: Sequence[Run]) -> str:
    """Return from how many rows on Arrow's process is the smaller one, and what the first look-up by id takes."""
    one, other = figures["alternatives.run_sync_adbc_arrow"], figures["run_sync_psycopg"]
    once = (one.imports + one.once) - (other.imports + other.once)
    rows = once / (other.growth.value - one.growth.value) * one.rows
    looked_up, read = ([checkpoint(run, label) for run in runs] for label in ("Looked up by id", LAST_CHECKPOINT))
    took = median(after["seconds"] - before["seconds"] for after, before in zip(looked_up, read, strict=True))
    loaded = median(after["rss"] - before["rss"] for after, before in zip(looked_up, read, strict=True))
    return (
        f"Imports included, Arrow's process pays {mib(one.imports + one.once)} MiB once, psycopg's "
        f"{mib(other.imports + other.once)}: from some {round(rows, -4):,.0f} rows of this table on, Arrow's is the "
        f"smaller one. A table has no index: the first look-up by id takes {1000 * took:.1f} ms, and {mib(loaded)} MiB "
        "for what it loads."
    )


def given_back(figures: Sequence[Figures]) -> Table:
    """Return how much of the process's growth for the rows is left, step by step, after their use."""
    labels = [label for label, _ in figures[0].after_use]
    rows = [[one.scenario.title, *(mib(size) for _, size in one.after_use)] for one in figures]
    return Table("", ("MiB for the rows", *labels), rows)


def first_rows(figures: Sequence[Figures]) -> Table:
    """Return how much of the final traced memory stands when the first row is handed out."""
    columns = ("Scenario", "Traced at the first row, MiB", "At the last row, MiB", "Process at the first row, MiB")
    rows = [
        [one.scenario.title, mib(one.first_row), mib(one.python), mib(one.first_row_process.value)] for one in figures
    ]
    return Table("", columns, rows)


def a_row(figures: Sequence[Figures]) -> Table:
    """Return what a row costs in memory, and all rows in time."""
    columns = ("Scenario", "Bytes per row", "Multiple of bare data", "Process growth, MiB", "Time, s")
    rows = [
        [
            one.scenario.title,
            f"{one.per_row:.0f}",
            f"{one.multiple:.1f}",
            mib(one.growth.value),
            f"{one.seconds.value:.2f}",
        ]
        for one in figures
    ]
    return Table("", columns, rows)


def section(scenario: Scenario, part: Part) -> str:
    """Return one scenario's section: what it does, and its console."""
    script = scenario.script.as_posix()
    return (
        f"<details>\n<summary>{scenario.title}</summary>\n\n[`{script}`]({script}): {scenario.description}\n\n"
        f"```txt\n{part['console']}```\n\n</details>"
    )
