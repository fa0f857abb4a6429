"""A script, by its module's name: how it is run, and what a person reads about it, which its own docstring says.

And the groups of scripts, each in the order of its table.
"""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


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
        return ["-m", self.name] if "." in self.name else [str(self.script)]

    @property
    def stdin(self) -> bytes:
        return b""

    @property
    def room(self) -> str:
        """The folder that it lies in; none, of the original's nine."""
        return self.name.rpartition(".")[0]

    @cached_property
    def docstring(self) -> str:
        return ast.get_docstring(ast.parse((PROJECT / self.script).read_text(encoding="utf-8"))) or ""

    @property
    def title(self) -> str:
        return self.docstring.partition("\n")[0]

    @property
    def short(self) -> str:
        return self.fields["Short"]

    @property
    def fields(self) -> dict[str, str]:
        """What the docstring says in lines of its own: `Short`, and what remedies and alternatives say beside it."""
        return dict(re.findall(r"^(Short|Instead of|You lose|Why not|Choose it): (.+)$", self.docstring, re.MULTILINE))

    @property
    def compared_with(self) -> "Scenario | None":
        name = self.fields.get("Instead of")
        return Scenario(name) if name else None

    @property
    def origin(self) -> "Scenario":
        """The scenario at which what it is compared with, and what that is compared with, and so on, ends."""
        return self.compared_with.origin if self.compared_with else self

    @property
    def description(self) -> str:
        return " ".join(self.docstring.rpartition("\n\n")[2].split())

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

RELATIONSHIPS = tuple(
    Scenario(f"relationships.{name}")
    for name in (
        "run_sync_sqlalchemy_session_customers",
        "run_sync_sqlalchemy_session_lazy",
        "run_sync_sqlalchemy_session_selectin",
        "run_sync_sqlalchemy_session_joined",
        "run_sync_sqlalchemy_session_subquery",
        "run_sync_sqlalchemy_session_selectin_load_only",
        "run_sync_sqlalchemy_session_selectin_yield_per",
        "run_sync_sqlalchemy_session_selectin_streaming",
        "run_sync_sqlalchemy_session_two_selectin",
        "run_sync_sqlalchemy_session_two_joined",
        "run_sync_sqlalchemy_session_columns",
        "run_sync_sqlalchemy_session_columns_grouped",
        "run_sync_sqlalchemy_engine_two_queries",
        "run_sync_sqlalchemy_engine_json",
        "run_sync_sqlalchemy_engine_arrays",
        "run_sync_sqlalchemy_engine_aggregate",
        "run_async_sqlalchemy_session_selectin",
        "run_async_sqlalchemy_session_joined",
        "run_async_sqlalchemy_session_selectin_streaming",
        "run_sync_sqlalchemy_session_orders",
        "run_sync_sqlalchemy_session_orders_joined",
        "run_sync_sqlalchemy_session_orders_selectin",
    )
)

# Each may lack its package, which `missing` names. What they keep are entities, rows (tuples, dicts), columns or
# frames of pandas, whole or in chunks.
OF_ENTITIES, OF_ROWS, OF_COLUMNS, OF_PANDAS = (
    tuple(Scenario(f"alternatives.{name}") for name in group)
    for group in (
        (
            "run_async_sqlalchemy_session_asyncpg",
            "run_async_sqlalchemy_session_asyncpg_partitions",
            "run_sync_sqlmodel",
            "run_sync_django",
            "run_sync_django_iterator",
            "run_async_tortoise",
            "run_sync_peewee",
            "run_async_piccolo",
        ),
        (
            "run_sync_psycopg_msgspec",
            "run_async_asyncpg_fetch",
            "run_async_asyncpg_cursor",
            "run_async_sqlalchemy_engine_asyncpg_partitions",
            "run_sync_django_values_list",
            "run_async_tortoise_values_list",
            "run_sync_peewee_tuples",
            "run_async_piccolo_select",
        ),
        ("run_sync_adbc_arrow", "run_sync_polars_adbc"),
        (
            "run_sync_pandas",
            "run_sync_pandas_arrow",
            "run_sync_pandas_adbc",
            "run_sync_pandas_entities",
            "run_sync_pandas_chunks_dropped",
            "run_sync_pandas_streaming",
        ),
    )
)
ALTERNATIVES = OF_ENTITIES + OF_ROWS + OF_COLUMNS + OF_PANDAS

# What a row costs on its way in: written, written where some stand there already, changed or deleted. Those of another
# stack may lack its package.
INSERTS, UPSERTS, CHANGES = (
    tuple(Scenario(f"writing.{name}") for name in group)
    for group in (
        (
            "run_sync_sqlalchemy_session_add_all",
            "run_sync_sqlalchemy_session_add_all_server_key",
            "run_sync_sqlalchemy_session_flush_alone",
            "run_sync_sqlalchemy_session_flush",
            "run_sync_sqlalchemy_session_commit",
            "run_async_sqlalchemy_session_flush",
            "run_sync_sqlalchemy_session_insert",
            "run_sync_sqlalchemy_session_insert_batches",
            "run_async_sqlalchemy_session_insert_batches",
            "run_sync_sqlalchemy_session_insert_returning",
            "run_sync_sqlalchemy_engine_insert",
            "run_sync_sqlalchemy_engine_insert_batches",
            "run_sync_sqlalchemy_engine_values",
            "run_sync_sqlalchemy_engine_text",
            "run_sync_psycopg_unnest",
            "run_sync_psycopg_executemany",
            "run_sync_psycopg_executemany_returning",
            "run_sync_psycopg_executemany_returning_batches",
            "run_sync_psycopg_copy",
            "run_sync_sqlalchemy_engine_copy",
            "run_async_sqlalchemy_session_copy",
            "run_async_asyncpg_copy",
            "run_sync_django_bulk_create",
            "run_async_tortoise_bulk_create",
            "run_sync_peewee_insert_many",
            "run_async_piccolo_insert",
            "run_sync_pandas_to_sql",
            "run_sync_pandas_to_sql_multi",
            "run_sync_pandas_to_sql_copy",
        ),
        (
            "run_sync_sqlalchemy_engine_upsert_values",
            "run_sync_sqlalchemy_engine_upsert_batches",
            "run_sync_psycopg_upsert_copy",
        ),
        (
            "run_sync_sqlalchemy_session_update",
            "run_sync_sqlalchemy_session_update_batches",
            "run_sync_sqlalchemy_session_merge",
            "run_sync_sqlalchemy_session_update_statement",
            "run_sync_sqlalchemy_session_delete",
            "run_sync_sqlalchemy_session_delete_statement",
        ),
    )
)
WRITING = INSERTS + UPSERTS + CHANGES

# What a request costs. Each may lack its package, too.
ENDPOINTS = tuple(
    Scenario(f"endpoints.{name}")
    for name in (
        "entities",
        "entities_sync",
        "columns",
        "type_adapter",
        "msgspec_structs",
        "database_json",
        "pages",
        "lines",
        "json_array",
        "json_array_sync",
        "csv_copy",
        "lines_database",
        "dicts",
        "lines_loaded",
    )
)
