"""The blocks of README that follow from the costs of the scenarios and of the remedies."""

from collections.abc import Mapping, Sequence

from measure.results import Part, Parts
from measure.scenarios import REMEDIES, SCENARIOS, Scenario
from report.tables import Table, mib
from studies.costs import tables
from studies.costs.figures import Figures, of_all

# The most-asked questions, the line of code that answers each, and the remedy that measures it.
ANSWERS = (
    (
        "Why is everything loaded before the first row?",
        "`select(DbModel).execution_options(yield_per=1000)`",
        "run_sync_sqlalchemy_session_yield_per",
    ),
    (
        "How do I stream?",
        "the same, and keep no entity: `total += row.num`",
        "run_sync_sqlalchemy_session_streaming",
    ),
    (
        "Entities or columns?",
        "`select(DbModel.id, DbModel.num, DbModel.data)`",
        "run_sync_sqlalchemy_session_columns",
    ),
    (
        "Does `model_construct` help?",
        "no: `DomainModel.model_construct(id=row.id, num=row.num, data=row.data)`",
        "run_async_sqlalchemy_engine_pydantic_construct",
    ),
    (
        "What helps, then?",
        "`@pydantic.dataclasses.dataclass(slots=True)`",
        "run_async_sqlalchemy_engine_pydantic_dataclass",
    ),
    (
        "And with psycopg alone?",
        "`connection.cursor().stream(query)`",
        "run_sync_psycopg_stream",
    ),
    (
        "Why is memory not given back?",
        "drop the references, then `gc.collect()` and, with glibc, `malloc_trim(0)`",
        "run_sync_sqlalchemy_session_given_back",
    ),
)


def blocks(parts: Parts) -> dict[str, str]:
    """Return every block's Markdown by its marker."""
    figures = of_all(parts)
    scenarios = {one.name: figures[one.name] for one in SCENARIOS}
    nine = list(scenarios.values())
    pairs = tables.remedied(figures, [figures[one.name] for one in REMEDIES])
    return {
        "environment": environment(parts),
        "answer": answer(scenarios),
        "overview": tables.overview(nine).markdown(),
        "costs": tables.costs(nine).markdown(),
        "observation-1": first_rows(scenarios).markdown(),
        "observation-2": _costs_a_row([one for name, one in scenarios.items() if "pydantic" in name]).markdown(),
        "observation-3": _costs_a_row([one for name, one in scenarios.items() if "pydantic" not in name]).markdown(),
        "answers": answers(pairs).markdown(),
        "remedies": tables.remedies(pairs).markdown(),
        "scenarios": "\n\n".join(section(Scenario(name), parts[name]) for name in scenarios),
    }


def environment(parts: Parts) -> str:
    """Return the line that says where and when the figures were measured."""
    packages = {name: version for part in parts.values() for name, version in part["versions"].items()}
    packages.pop("python")
    part = next(iter(parts.values()))
    return (
        f"Measured on {max(part['date'] for part in parts.values())}: {part['rows']:,} rows, "
        f"{part['machine']['python']}, {', '.join(f'{name} {packages[name]}' for name in sorted(packages))}; "
        f"{part['machine']['system']}."
    )


def answer(figures: Mapping[str, Figures]) -> str:
    """Return the answer in three lines."""
    driver, core, model, orm = (
        figures[f"run_{name}"]
        for name in (
            "sync_psycopg",
            "async_sqlalchemy_engine",
            "async_sqlalchemy_engine_pydantic",
            "async_sqlalchemy_session",
        )
    )
    return (
        f"- A row that is {driver.bare:.0f} bytes of data costs {driver.per_row:.0f} bytes as psycopg's named tuple, "
        f"{core.per_row:.0f} as a Core row, {model.per_row:.0f} as a Pydantic model, "
        f"and **{orm.per_row:.0f} as an ORM entity**.\n"
        f"- For {orm.rows:,} rows the process grows by {mib(driver.growth.value)}, {mib(core.growth.value)}, "
        f"{mib(model.growth.value)} and {mib(orm.growth.value)} MiB (psycopg synchronous, the others asynchronous).\n"
        f"- Measuring is not free: tracemalloc's own tables would have added {mib(orm.tracing_adds)} MiB to the ORM's."
    )


def answers(pairs: Sequence[tuple[Figures, Figures]]) -> Table:
    """Return the most-asked questions, each with the line of code and what it changes."""
    found = {remedy.scenario.name: (scenario, remedy) for scenario, remedy in pairs}
    rows = []
    for question, code, name in ANSWERS:
        scenario, remedy = found[f"remedies.{name}"]
        before, after, *_ = tables.compared(scenario, remedy)
        text, _ = tables.COMPARED[remedy.scenario.fields["Compare"]]
        rows.append([question, code, f"{text}: {before} → **{after}**"])
    return Table("", ("Question", "Write", "What it changes"), rows, text_columns=3)


def first_rows(figures: Mapping[str, Figures]) -> Table:
    """Return how much of the final traced memory stands when the first row is handed out."""
    return Table(
        "",
        ("Scenario", "Traced at the first row, MiB", "At the last row, MiB", "Share", "Process at the first row, MiB"),
        [
            [
                one.scenario.title,
                mib(one.first_row),
                mib(one.python),
                f"{one.first_row / one.python:.0%}",
                mib(one.first_row_process.value),
            ]
            for name, one in figures.items()
            if "sqlalchemy" in name and "pydantic" not in name
        ],
    )


def _costs_a_row(figures: Sequence[Figures]) -> Table:
    return Table(
        "",
        ("Scenario", "Bytes per row, traced", "Multiple of bare data"),
        [[one.scenario.title, f"{one.per_row:.0f}", f"{one.multiple:.1f}"] for one in figures],
    )


def section(scenario: Scenario, part: Part) -> str:
    """Return one scenario's section: what it does, and its console."""
    script = scenario.script.as_posix()
    return (
        f"<details>\n<summary>{scenario.title}</summary>\n\n[`{script}`]({script}): {scenario.description}\n\n"
        f"```txt\n{part['console']}```\n\n</details>"
    )
