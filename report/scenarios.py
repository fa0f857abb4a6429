"""The scenarios in the order of the table; what a person reads about each comes from its own docstring."""

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
IMPORTED = "After imports"
FIRST_ROW = "Result iteration start"
LAST_CHECKPOINT = "Result iteration end"


@dataclass(frozen=True)
class Scenario:
    """One script, by its module's name."""

    name: str

    @property
    def script(self) -> Path:
        """The script's path below the project's folder."""
        return Path(*self.name.split(".")).with_suffix(".py")

    @cached_property
    def docstring(self) -> str:
        """The script's docstring."""
        return ast.get_docstring(ast.parse((PROJECT / self.script).read_text(encoding="utf-8"))) or ""

    @property
    def title(self) -> str:
        """The scenario's name in the table."""
        return self.docstring.partition("\n")[0]

    @property
    def sources(self) -> list[Path]:
        """The files that decide what the scenario measures, below the project's folder."""
        text = (PROJECT / self.script).read_text(encoding="utf-8")
        models = [f"{model}.py" for model in ("db_model", "domain_model") if f"from {model} import" in text]
        return [self.script, *map(Path, ("common.py", *models, "setup_db.py", "poetry.lock"))]

    @property
    def description(self) -> str:
        """What the scenario does, as one paragraph."""
        return " ".join(self.docstring.partition("\n")[2].split())


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
