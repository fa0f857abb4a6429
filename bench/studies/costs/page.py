"""What the pages show of the costs of the scenarios, the remedies and the alternatives."""

from collections.abc import Container, Sequence
from typing import Any

from bench.layers.names import (
    CORE,
    DJANGO,
    ENTITY,
    MODEL,
    PEEWEE,
    PICCOLO,
    SLOTS,
    TORTOISE,
    TUPLE,
    VALIDATED,
)
from bench.look.blocks import data, environment, linked, losses
from bench.look.tables import Column, Table, mib, time, whole
from bench.results import Results
from bench.scripts import ALTERNATIVES, EVERYTHING, REMEDIES, SCENARIOS
from bench.studies.costs import stacks
from bench.studies.costs import tables as tables_of
from bench.studies.costs.pairs import Costs, Pair
from bench.studies.costs.tables import CHANGES, COMPOSITION, COSTS, INSTEAD_OF, SCENARIO
from bench.studies.script_costs import ScriptCosts, costs_by_name

NAMES = tuple(scenario.name for scenario in EVERYTHING + ALTERNATIVES)
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
    TUPLE: "remedies.run_sync_psycopg_tuple_row",
    "psycopg, named tuple": "run_sync_psycopg",
    SLOTS: "remedies.run_sync_psycopg_args_row",
    CORE: "run_sync_sqlalchemy_engine",
    MODEL: "run_async_sqlalchemy_engine_pydantic",
    VALIDATED: "remedies.run_async_sqlalchemy_engine_pydantic_dataclass",
    ENTITY: "run_sync_sqlalchemy_session",
    DJANGO: "alternatives.run_sync_django",
    TORTOISE: "alternatives.run_async_tortoise",
    PEEWEE: "alternatives.run_sync_peewee",
    PICCOLO: "alternatives.run_async_piccolo",
}


def figures(results: Results) -> Costs:
    return Costs(results.header, costs_by_name(results))


def tables(costs: Costs, new: Container[str]) -> list[Table[Any]]:
    originals, remedies, alternatives = (
        costs.of(scenario for scenario in group if scenario.name in new)
        for group in (SCENARIOS, REMEDIES, ALTERNATIVES)
    )
    after_use = [script for script in remedies if script.goes_on]
    pairs = costs.pairs(script.scenario for script in remedies if not script.goes_on)
    helpful, useless = ([pair for pair in pairs if bool(pair.loss) == helps] for helps in (True, False))
    # Where that was not measured which a remedy is compared with, it stands by itself.
    paired = [pair.after for pair in pairs]
    alone = [*originals, *(script for script in remedies if not script.goes_on and script not in paired)]
    return [
        *([tables_of.overview(alone), tables_of.fixed_and_growing(alone)] if alone else []),
        *([tables_of.remedies(helpful)] if helpful else []),
        *([tables_of.useless(useless)] if useless else []),
        *([tables_of.given_back(after_use)] if after_use else []),
        *([tables_of.stacks(alternatives)] if alternatives else []),
    ]


def blocks(costs: Costs) -> dict[str, str]:
    nine, remedies = costs.of(SCENARIOS), costs.of(REMEDIES)
    pairs = costs.pairs(script.scenario for script in remedies if not script.goes_on)
    helpful, useless = [pair for pair in pairs if pair.loss], [pair for pair in pairs if pair.why_not]
    return {
        "environment": environment(costs.header),
        "packages": f"{', '.join(f'{name} {version}' for name, version in costs.header['versions'].items())}.",
        "tracing": tracing(costs["run_async_sqlalchemy_session"]),
        "observation-1": first_rows([costs[name] for name in FIRST_ROWS]).markdown(),
        "observation-2": a_row([script for script in nine if "pydantic" in script.scenario.name]).markdown(),
        "observation-3": a_row([costs[name] for name in LAYERS]).markdown(),
        "overview": tables_of.overview(nine).markdown(),
        "costs": Table("", COSTS, nine).markdown(),
        "composition": Table("", COMPOSITION, nine).markdown(),
        "in-the-figure": in_the_figure(costs["run_sync_sqlalchemy_session"]),
        "remedies": changes(helpful).markdown(),
        "losses": losses(pair.after.scenario for pair in helpful),
        "no-remedies": changes(useless).markdown(),
        "processes": data("processes", {layer: before_rows(costs[name]) for layer, name in PROCESSES.items()}),
        "why-not": "\n".join(f"- **{pair.after.scenario.title}**: {pair.why_not}." for pair in useless),
        "given-back": tables_of.given_back([script for script in remedies if script.goes_on]).markdown(),
        "scenarios": "\n".join(map(section, nine)),
        **stacks.blocks(costs),
    }


def charts(costs: Costs) -> dict[str, str]:
    from bench.studies.costs import charts  # with matplotlib, which `make bench` does without

    return charts.of(costs)


def before_rows(script: ScriptCosts) -> int:
    """Return what a script's process takes before the rows, in bytes: the interpreter, the imports, the connection."""
    return round(script.process.value - script.growth.value)


def tracing(script: ScriptCosts) -> str:
    return (
        f"While tracemalloc runs, the asynchronous ORM's process takes {mib(script.tracing_adds)} MiB more; of these, "
        f"tracemalloc itself reports {mib(script.tracer)}."
    )


def changes(pairs: Sequence[Pair]) -> Table[Pair]:
    name = Column[Pair]("Script", None, lambda pair: linked(pair.after.scenario), text=True)
    return Table("", [name, INSTEAD_OF, *CHANGES], pairs)


def in_the_figure(script: ScriptCosts) -> str:
    def of(file: str) -> str:
        return whole(sum(line["size"] for line in script.lines if line["file"].endswith(file)) / script.rows)

    return (
        "Bytes per row count what is alive at the last row. "
        f"Of an entity's {whole(script.per_row)}, {of(script.scenario.script.name)} are its place in the `storage` "
        f"dict, {of('sqlalchemy/orm/identity.py')} its place in the session's identity map, and "
        f"{whole(script.values)} its values."
    )


def first_rows(scripts: Sequence[ScriptCosts]) -> Table[ScriptCosts]:
    columns = [
        SCENARIO,
        Column[ScriptCosts]("Traced at the first row, MiB", None, lambda script: mib(script.first_row)),
        Column[ScriptCosts]("At the last row, MiB", None, lambda script: mib(script.python)),
        Column[ScriptCosts]("Process at the first row, MiB", None, lambda script: mib(script.first_row_process.value)),
    ]
    return Table("", columns, scripts)


def a_row(scripts: Sequence[ScriptCosts]) -> Table[ScriptCosts]:
    per_row, multiple = COSTS[1:3]
    columns = [
        SCENARIO,
        per_row,
        multiple,
        Column[ScriptCosts]("Process growth, MiB", None, lambda script: mib(script.growth.value)),
        Column[ScriptCosts]("Time, s", None, lambda script: time(script.seconds)),
    ]
    return Table("", columns, scripts)


def section(costs: ScriptCosts) -> str:
    scenario, script = costs.scenario, costs.scenario.script.as_posix()
    return (
        f"<details><summary>{scenario.title}</summary>\n\n[`{script}`]({script}): {scenario.description}\n"
        f"```txt\n{costs.console}```\n</details>"
    )
