"""What set-up may make anew and remove: what bears its comment, and the table that an earlier version made.

Whatever else has such a name is not touched, of whatever kind it is.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
from psycopg import Connection, sql

from bench.errors import UserError, address, visible

MARK = "made by setup_db.py of what-does-a-row-cost, which makes it anew and removes it"
ANOTHER = "name another database in DATABASE_URL"
# Milliseconds to wait for a lock on a table.
PATIENCE = 10_000
# So was the schema called that holds a table of one row, before it had a comment.
ONE_ROW = "^one_row_[0-9a-f]{8}$"
_THINGS = """
SELECT thing.oid, kind, nspname, name,
    coalesce(kind IN ('TABLE', 'SCHEMA') AND description = {mark} AND pg_has_role(owner, 'USAGE'), false)
FROM (
    SELECT oid, 'pg_class'::regclass AS catalog, relnamespace AS namespace, relname AS name, relowner AS owner,
        CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE'
            WHEN 'S' THEN 'SEQUENCE' WHEN 'i' THEN 'INDEX' WHEN 'I' THEN 'INDEX' WHEN 'c' THEN 'TYPE'
            ELSE 'TABLE' END AS kind
    FROM pg_class
    UNION ALL
    SELECT oid, 'pg_type'::regclass, typnamespace, typname, typowner, 'TYPE' FROM pg_type WHERE typrelid = 0
    UNION ALL
    SELECT oid, 'pg_namespace'::regclass, oid, nspname, nspowner, 'SCHEMA' FROM pg_namespace
) AS thing
JOIN pg_namespace ON pg_namespace.oid = namespace
LEFT JOIN pg_description ON objoid = thing.oid AND classoid = catalog AND objsubid = 0
WHERE {condition}
ORDER BY kind = 'SCHEMA', nspname, name
"""
# An earlier version's has no comment: it has these columns and this key, and nobody has added anything to it.
_SHAPED = """
SELECT relkind = 'r' AND relpersistence = 'p' AND obj_description({oid}, 'pg_class') IS NULL
    AND pg_has_role(relowner, 'USAGE')
    AND (SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = {oid} AND attnum > 0 AND NOT attisdropped)
        = 'id integer, num integer, data text'
    AND (SELECT string_agg(pg_get_constraintdef(oid), ', ') FROM pg_constraint
        WHERE conrelid = {oid} AND contype <> 'n') = 'PRIMARY KEY (id)'
    AND NOT EXISTS (SELECT FROM pg_inherits WHERE {oid} IN (inhrelid, inhparent))
    AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = {oid})
FROM pg_class WHERE oid = {oid}
"""
_FILLED = """
SELECT NOT EXISTS (SELECT FROM {table} WHERE (num, data) IS DISTINCT FROM (5::bigint * id % 200, 'hello-' || id))
    AND (SELECT min(id) = 0 AND max(id) = count(*) - 1 FROM {table})
"""


class Thing(NamedTuple):
    """A table, or whatever else has its name or its comment; its kind is as DROP has it."""

    oid: int
    kind: str
    schema: str
    name: str
    own: bool

    def __str__(self) -> str:
        """Return how messages name it."""
        return visible(f"{self.kind.lower()} {self.schema}{'' if self.kind == 'SCHEMA' else f'.{self.name}'}")

    @property
    def identifier(self) -> sql.Identifier:
        """Its name in SQL."""
        return sql.Identifier(self.schema) if self.kind == "SCHEMA" else sql.Identifier(self.schema, self.name)


@contextmanager
def changing(url: str) -> Iterator[Connection]:
    """Begin a transaction that may make and drop tables, one at a time in a database, and commit it at the end.

    Nothing outlives it in a pooler's session. Raises psycopg.Error, and UserError where something depends on what is
    dropped.
    """
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # an interrupt is one line, not two
    with psycopg.connect(url, connect_timeout=10, prepare_threshold=None) as connection:
        connection.execute("SET LOCAL client_encoding = utf8")
        connection.execute("SET LOCAL client_min_messages = warning")
        connection.execute("SET LOCAL statement_timeout = 0")
        # Several at once take turns; a reader that never ends its transaction is an error, not a wait for ever.
        connection.execute("SET LOCAL lock_timeout = '100s'")
        connection.execute("SELECT pg_advisory_xact_lock(54320)")
        connection.execute(f"SET LOCAL lock_timeout = {PATIENCE}")
        try:
            yield connection
        except psycopg.errors.DependentObjectsStillExist as error:
            reason = (error.diag.message_detail or error.diag.message_primary or "").partition("\n")[0]
            raise UserError(f"{visible(reason)} at {address()}: drop that first, or {ANOTHER}") from None


def named(connection: Connection, names: Sequence[str]) -> list[Thing]:
    """Return what has one of these names in the schemas that are searched for them, with a lock on what is own."""
    condition = sql.SQL("kind <> 'SCHEMA' AND name = ANY ({}) AND nspname = ANY (current_schemas(false))")
    condition_of_names = condition.format(list(names))
    for thing in _things(connection, condition_of_names):
        if thing.own:
            connection.execute(sql.SQL("LOCK TABLE {}").format(thing.identifier))
    return _things(connection, condition_of_names)  # again, for only now can nobody exchange it


def everywhere(connection: Connection) -> list[Thing]:
    """Return what is own in the whole database, tables before the schemas that were made for them."""
    condition = sql.SQL(
        "description = {mark} OR nspname ~ {one_row}"
        " OR kind = 'TABLE' AND name = 'data' AND nspname = ANY (current_schemas(false))"
    )
    things = _things(connection, condition.format(mark=MARK, one_row=ONE_ROW))
    with_own = {thing.schema for thing in things if thing.own and thing.kind == "TABLE"}
    return [thing for thing in things if thing.own or (thing.kind == "SCHEMA" and thing.schema in with_own)]


def drop(connection: Connection, things: Sequence[Thing]) -> None:
    """Drop these, and nothing that depends on them. Raises psycopg.Error."""
    for kind in dict.fromkeys(thing.kind for thing in things):
        identifiers = sql.SQL(", ").join(thing.identifier for thing in things if thing.kind == kind)
        connection.execute(sql.SQL("DROP {} {}").format(sql.SQL(kind), identifiers))


def _things(connection: Connection, condition: sql.Composed) -> list[Thing]:
    rows = connection.execute(sql.SQL(_THINGS).format(mark=MARK, condition=condition)).fetchall()
    things = [Thing(*row) for row in rows]
    return [thing._replace(own=thing.own or _is_as_before(connection, thing)) for thing in things]


def _is_as_before(connection: Connection, thing: Thing) -> bool:
    """Return whether this is the table that an earlier version made, whose rows follow from their number."""
    if (thing.kind, thing.name) != ("TABLE", "data"):
        return False
    for check in (_SHAPED, _FILLED):
        answer = connection.execute(
            sql.SQL(check).format(oid=sql.Literal(thing.oid), table=thing.identifier)
        ).fetchone()
        if answer != (True,):
            return False
    return True
