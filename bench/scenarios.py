"""The groups of scenarios, each in the order of its table.

What measures does not import them, so that one scenario more makes no other stale.
"""

from bench.scripts import Scenario

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

# Each may lack its package, which `missing` names. What they keep are entities, rows (tuples, dicts), or columns.
OF_ENTITIES, OF_ROWS, OF_COLUMNS = (
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
    )
)
ALTERNATIVES = OF_ENTITIES + OF_ROWS + OF_COLUMNS

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
        "array",
        "array_sync",
        "csv_copy",
        "lines_database",
        "dicts",
        "lines_loaded",
    )
)
