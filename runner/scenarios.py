"""The scenarios in the order of the table; what a person reads about each comes from its own docstring."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
STARTED = "Start"
IMPORTED = "After imports"
FIRST_ROW = "Result iteration start"
LAST_CHECKPOINT = "Result iteration end"
# How every script is run, and what is read off its checkpoints.
MEASURING = ("runner/database.py", "runner/processes.py", "runner/runs.py")


@dataclass(frozen=True)
class Scenario:
    """One script, by its module's name."""

    name: str

    @property
    def script(self) -> Path:
        """The script's path below the project's folder."""
        return Path(*self.name.split(".")).with_suffix(".py")

    @property
    def command(self) -> list[str]:
        """What to run, after the interpreter's name."""
        return ["-m", self.name] if "." in self.name else [str(self.script)]

    @property
    def stdin(self) -> str:
        """What it reads from standard input: nothing."""
        return ""

    @cached_property
    def docstring(self) -> str:
        """The script's docstring."""
        return ast.get_docstring(ast.parse((PROJECT / self.script).read_text(encoding="utf-8"))) or ""

    @property
    def title(self) -> str:
        """The scenario's name in the table."""
        return self.docstring.partition("\n")[0]

    @property
    def short(self) -> str:
        """The scenario's name where there is little room."""
        return self.fields["Short"]

    @property
    def sources(self) -> list[Path]:
        """The files that decide what the scenario measures, below the project's folder."""
        text = (PROJECT / self.script).read_text(encoding="utf-8")
        models = [f"{model}.py" for model in ("db_model", "domain_model") if f"from {model} import" in text]
        return [self.script, *map(Path, ("common.py", *models, "setup_db.py", "poetry.lock", *MEASURING))]

    @property
    def fields(self) -> dict[str, str]:
        """What the docstring says in lines of its own: `Short`, and what remedies and alternatives say beside it"""
        names = "Short|Instead of|You lose|Choose it"
        return dict(re.findall(rf"^({names}): (.+)$", self.docstring, re.MULTILINE))

    @property
    def missing(self) -> str | None:
        """A package that the script imports and this Python does not have, so that it cannot run."""
        text = (PROJECT / self.script).read_text(encoding="utf-8")
        names = re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE)
        return next((name for name in names if not find_spec(name)), None)

    @property
    def streams(self) -> bool:
        """Whether each row is dropped after use, in batches, so that memory does not grow with their number."""
        return self.name.endswith("_streaming")

    @property
    def keeps(self) -> bool:
        """Whether the rows are kept in a dict."""
        return not self.name.endswith(("_streaming", "_dropped"))

    @property
    def description(self) -> str:
        """What the scenario does, as one paragraph."""
        return " ".join(self.docstring.rpartition("\n\n")[2].split())


SCENARIOS = tuple(
    Scenario(name)
    for name in (
        "run_sync_psycopg",
        "run_sync_psycopg_pydantic_no_validation",
        "run_sync_sqlalchemy_engine",
        "run_sync_sqlalchemy_session",
        "run_async_sqlalchemy_engine",
        "run_async_sqlalchemy_session",
        "run_async_sqlalchemy_engine_pydantic",
        "run_async_sqlalchemy_engine_pydantic_validate",
        "run_async_sqlalchemy_engine_pydantic_no_validation",
    )
)

REMEDIES = tuple(
    Scenario(f"remedies.{name}")
    for name in (
        "run_sync_psycopg_server_cursor",
        "run_sync_psycopg_stream",
        "run_sync_psycopg_tuple_row",
        "run_sync_psycopg_args_row",
        "run_sync_sqlalchemy_engine_yield_per",
        "run_async_sqlalchemy_engine_partitions",
        "run_sync_sqlalchemy_session_yield_per",
        "run_async_sqlalchemy_session_yield_per",
        "run_async_sqlalchemy_session_partitions",
        "run_async_sqlalchemy_session_execute",
        "run_sync_sqlalchemy_session_dropped",
        "run_sync_sqlalchemy_session_streaming",
        "run_async_sqlalchemy_session_streaming",
        "run_sync_sqlalchemy_session_columns",
        "run_async_sqlalchemy_session_columns",
        "run_sync_sqlalchemy_session_columns_yield_per",
        "run_async_sqlalchemy_session_columns_yield_per",
        "run_sync_sqlalchemy_session_pydantic",
        "run_sync_sqlalchemy_session_pydantic_batches",
        "run_async_sqlalchemy_engine_pydantic_construct",
        "run_async_sqlalchemy_engine_pydantic_construct_shared",
        "run_async_sqlalchemy_engine_pydantic_dataclass",
        "run_sync_sqlalchemy_session_given_back",
        "run_sync_sqlalchemy_session_survivors",
    )
)
EVERYTHING = SCENARIOS + REMEDIES

# Each may lack its package, which `missing` names.
ALTERNATIVES = tuple(
    Scenario(f"alternatives.{name}")
    for name in (
        "run_sync_psycopg_msgspec",
        "run_async_asyncpg_fetch",
        "run_async_asyncpg_cursor",
        "run_async_sqlalchemy_engine_asyncpg_partitions",
        "run_async_sqlalchemy_session_asyncpg",
        "run_async_sqlalchemy_session_asyncpg_partitions",
        "run_sync_sqlmodel",
        "run_sync_adbc_arrow",
    )
)
