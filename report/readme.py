"""The blocks of README that are written, not typed: each between `<!-- report:NAME -->` and `<!-- /report -->`."""

from errors import UserError

import re
from collections.abc import Sequence
from pathlib import Path

from common import MIB
from report import charts, results, scale, tables, timeline
from report.results import Figures, Record
from report.scenarios import EVERYTHING, PROJECT, REMEDIES, SCENARIOS, Scenario
from report.tables import Table, mib
from versions import figures as versions

README = PROJECT / "README.md"
CHARTS = PROJECT / "docs"
NAMES = [*(scenario.name for scenario in EVERYTHING), scale.NAME, timeline.NAME, versions.NAME]
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
BLOCK = re.compile(r"<!-- report:(\S+) -->\n.*?<!-- /report -->", re.DOTALL)
MARKER = re.compile(r"<!-- (?:report:\S+|/report) -->")


def load() -> dict[str, Record]:
    """Return every stored result by its name, the scenarios' first. Raises UserError."""
    return {name: results.load(name) for name in NAMES}


def blocks(everything: dict[str, Record]) -> dict[str, str]:
    """Return every block's Markdown by name."""
    stored = results.consistent([everything[scenario.name] for scenario in EVERYTHING])[: len(SCENARIOS)]
    figures = [results.figures(result) for result in stored]
    remedies = [results.figures(everything[remedy.name]) for remedy in REMEDIES]
    per_row, peak = versions.tables(everything[versions.NAME])
    return {
        "environment": environment(stored),
        "answer": answer(figures),
        "overview": tables.overview(figures).markdown(),
        "costs": tables.costs(figures).markdown(),
        "observation-1": first_rows(figures).markdown(),
        "observation-2": models(figures).markdown(),
        "observation-3": layers(figures).markdown(),
        "answers": answers([*figures, *remedies]).markdown(),
        "remedies": tables.remedies([*figures, *remedies]).markdown(),
        "growth": growth(everything[scale.NAME]),
        "versions": per_row.markdown(),
        "peaks": Table(peak.title, peak.columns, [row for row in peak.rows if "ORM" in row[0]]).markdown(),
        "scenarios": "\n\n".join(map(section, stored)),
    }


def environment(stored: Sequence[Record]) -> str:
    """Return the line that says where and when the figures were measured."""
    found: dict[str, str] = {}
    for result in stored:
        found |= result["versions"]
    found.pop("python")
    machine = stored[0]["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in sorted(found.items()))
    return (
        f"Measured on {max(result['date'] for result in stored)}: {stored[0]['rows']:,} rows, {machine['python']}, "
        f"{packages}; {machine['system']}, {machine['cores']} cores, {machine['memory'] / MIB / 1024:.0f} GiB."
    )


def by_name(figures: Sequence[Figures]) -> dict[str, Figures]:
    """Return the figures by the scenario's name without `run_`."""
    return {one.scenario.name.removeprefix("run_"): one for one in figures}


def answer(figures: Sequence[Figures]) -> str:
    """Return the answer in three lines."""
    found = by_name(figures)
    driver, core, model, orm = (
        found[name]
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


def answers(figures: Sequence[Figures]) -> Table:
    """Return the most-asked questions, each with the line of code and what it changes."""
    found = {row[0]: row for row in tables.remedies(figures).rows}
    rows = []
    for question, code, name in ANSWERS:
        _, _, compared, before, after, *_ = found[Scenario(f"remedies.{name}").title]
        rows.append([question, code, f"{compared}: {before} → **{after}**"])
    return Table("", ("Question", "Write", "What it changes"), rows, text_columns=3)


def growth(stored: Record) -> str:
    """Return the headline of how it grows, and the table."""
    steps = stored["figures"]
    name = "remedies.run_sync_sqlalchemy_session_streaming"
    most, usual = max(steps, key=int), str(scale.STEPS[-1])
    headline = (
        f"The streaming ORM reads **{int(most):,} rows in {mib(steps[most][name]['peak'])} MiB**. "
        f"Keeping the entities of {int(usual):,} rows takes "
        f"{mib(steps[usual]['run_sync_sqlalchemy_session']['peak'])} MiB."
    )
    return f"{headline}\n\n{scale.table(stored).markdown()}"


def first_rows(figures: Sequence[Figures]) -> Table:
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
            for name, one in by_name(figures).items()
            if "pydantic" not in name and name != "sync_psycopg"
        ],
    )


def models(figures: Sequence[Figures]) -> Table:
    """Return what the Pydantic scenarios cost a row."""
    return _costs_a_row([one for name, one in by_name(figures).items() if "pydantic" in name])


def layers(figures: Sequence[Figures]) -> Table:
    """Return what each layer costs a row, without Pydantic."""
    return _costs_a_row([one for name, one in by_name(figures).items() if "pydantic" not in name])


def _costs_a_row(figures: Sequence[Figures]) -> Table:
    return Table(
        "",
        ("Scenario", "Bytes per row, traced", "Multiple of bare data"),
        [[one.scenario.title, f"{one.per_row:.0f}", f"{one.multiple:.1f}"] for one in figures],
    )


def section(stored: Record) -> str:
    """Return one scenario's section: what it does, and its console."""
    scenario = Scenario(stored["scenario"])
    script = scenario.script.as_posix()
    return (
        f"<details>\n<summary>{scenario.title}</summary>\n\n[`{script}`]({script}): {scenario.description}\n\n"
        f"```txt\n{stored['console']}```\n\n</details>"
    )


def rewritten(text: str, contents: dict[str, str]) -> str:
    """Return README's text with every block's content. Raises UserError where markers are missing or doubled."""
    names = [match[1] for match in BLOCK.finditer(text)]
    for name in contents:
        if names.count(name) != 1:
            raise UserError(f"README.md has {names.count(name)} blocks `report:{name}`, not one: mend its markers")
    if set(names) != set(contents) or len(MARKER.findall(text)) != 2 * len(names):
        raise UserError("README.md has markers that belong to no block: mend them")
    return BLOCK.sub(lambda match: f"<!-- report:{match[1]} -->\n{contents[match[1]]}\n<!-- /report -->", text)


def outputs(everything: dict[str, Record]) -> dict[Path, str]:
    """Return the text of README and of every chart by path, as they follow from the results."""
    try:
        text = README.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"README.md cannot be read: {error.strerror}") from None
    figures = [results.figures(everything[scenario.name]) for scenario in SCENARIOS]
    drawn = charts.draw(figures, everything[scale.NAME], everything[timeline.NAME])
    return {README: rewritten(text, blocks(everything))} | {CHARTS / name: svg for name, svg in drawn.items()}


def check() -> list[str]:
    """Return what is stale, one line each; nothing is measured. Raises UserError."""
    stored = load()
    stale = []
    for name, result in stored.items():
        if changed := results.changed_sources(result):
            stale.append(f"results/{name}.json is older than {', '.join(changed)}: {results.remeasure(name)}")
    for path, text in outputs(stored).items():
        name = path.relative_to(PROJECT).as_posix()
        if not path.exists():
            stale.append(f"{name} is missing: run `make readme`")
        elif (found := path.read_text(encoding="utf-8")) != text:
            stale.append(f"{name} differs from results/{_where(found, text)}: run `make readme`")
    return stale


def _where(found: str, expected: str) -> str:
    before, after = ({match[1]: match[0] for match in BLOCK.finditer(text)} for text in (found, expected))
    names = [name for name in after if before.get(name) != after[name]]
    return f" in {', '.join(names)}" if names else ""


def store(new: dict[str, Record]) -> None:
    """Store new results by their names, and rewrite what follows from them and from the others. Raises UserError."""
    everything = {name: new.get(name) or results.load(name) for name in NAMES}
    write({results.path(name): results.serialise(stored) for name, stored in new.items()} | outputs(everything))


def write(texts: dict[Path, str]) -> None:
    """Write all files, or none: each aside first, then all into place. Raises UserError."""
    asides = {path: path.with_name(path.name + ".new") for path in texts}
    try:
        for path, text in texts.items():
            path.parent.mkdir(exist_ok=True)
            asides[path].write_text(text, encoding="utf-8")
        for path, aside in asides.items():
            aside.replace(path)
    except OSError as error:
        raise UserError(f"{error.filename} cannot be written: {error.strerror}: nothing was changed") from None
    finally:
        for aside in asides.values():
            aside.unlink(missing_ok=True)
