"""What set-up may make anew and remove: an ordinary table or a schema that bears its comment, and nothing else.

Whatever else has such a name, such rows or such columns is not touched, of whatever kind it is.
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
# A schema that is searched before may have such names, too, so each is qualified.
_THINGS = """
SELECT kind, nspname, name,
    coalesce(ordinary AND description = {mark} AND pg_catalog.pg_has_role(owner, 'USAGE'), false)
FROM (
    SELECT oid, 'pg_catalog.pg_class'::pg_catalog.regclass AS catalog, relnamespace AS namespace, relname AS name,
        relowner AS owner, relkind = 'r' AS ordinary,
        CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE'
            WHEN 'S' THEN 'SEQUENCE' WHEN 'i' THEN 'INDEX' WHEN 'I' THEN 'INDEX' WHEN 'c' THEN 'TYPE'
            ELSE 'TABLE' END AS kind
    FROM pg_catalog.pg_class
    UNION ALL
    SELECT oid, 'pg_catalog.pg_type'::pg_catalog.regclass, typnamespace, typname, typowner, false, 'TYPE'
    FROM pg_catalog.pg_type WHERE typrelid = 0
    UNION ALL
    SELECT oid, 'pg_catalog.pg_namespace'::pg_catalog.regclass, oid, nspname, nspowner, true, 'SCHEMA'
    FROM pg_catalog.pg_namespace
) AS thing
JOIN pg_catalog.pg_namespace ON pg_namespace.oid = namespace
LEFT JOIN pg_catalog.pg_description ON objoid = thing.oid AND classoid = catalog AND objsubid = 0
WHERE {condition}
ORDER BY kind = 'SCHEMA', nspname, name
"""
# What would go with a table without a word, and is not set-up's: a sequence that a column owns, an index, statistics, a
# trigger, a rule, a policy, the entry of a publication or a subscription. Its columns, defaults and constraints are the
# table itself.
_ATTACHED = """
SELECT pg_catalog.pg_describe_object(classid, objid, objsubid)
FROM pg_catalog.pg_depend JOIN pg_catalog.pg_class ON pg_class.oid = refobjid
JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
WHERE refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND deptype = 'a' AND nspname = {schema}
AND relname = {name} AND classid <> ALL ('{{pg_catalog.pg_attrdef,pg_catalog.pg_constraint}}'::pg_catalog.regclass[])
AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_class AS own WHERE own.oid = objid
    AND classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND own.relname ~ pg_catalog.concat('^', {name}, '_(id_seq|customer_id_idx)[0-9]*$')
)
UNION ALL
SELECT pg_catalog.concat('subscription ', subname) FROM pg_catalog.pg_subscription
JOIN pg_catalog.pg_subscription_rel ON srsubid = pg_subscription.oid
JOIN pg_catalog.pg_class ON pg_class.oid = srrelid JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = {schema} AND relname = {name}
ORDER BY 1
"""


class Thing(NamedTuple):
    """A table, or whatever else has its name or its comment; its kind is as DROP has it."""

    kind: str
    schema: str
    name: str
    own: bool

    def __str__(self) -> str:
        return visible(f"{self.kind.lower()} {self.schema}{'' if self.kind == 'SCHEMA' else f'.{self.name}'}")

    @property
    def identifier(self) -> sql.Identifier:
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
        connection.execute("SELECT pg_catalog.pg_advisory_xact_lock(54320)")
        connection.execute(f"SET LOCAL lock_timeout = {PATIENCE}")
        try:
            yield connection
        except psycopg.errors.DependentObjectsStillExist as error:
            reason = (error.diag.message_detail or error.diag.message_primary or "").partition("\n")[0]
            raise UserError(f"{visible(reason)} at {address()}: drop that first, or {ANOTHER}") from None


def named(connection: Connection, names: Sequence[str]) -> list[Thing]:
    """Return what has one of these names in the schemas that are searched for them, with a lock on what is own."""
    condition = sql.SQL("kind <> 'SCHEMA' AND name = ANY ({}) AND nspname = ANY (pg_catalog.current_schemas(false))")
    return _locked(connection, condition.format(list(names)))


def everywhere(connection: Connection, schema: str | None = None) -> list[Thing]:
    """Return what is own in the whole database, or in one schema, with a lock on it; tables before their schemas."""
    condition = sql.SQL("description = {} AND nspname = coalesce({}, nspname)").format(MARK, schema)
    return [thing for thing in _locked(connection, condition) if thing.own]


def drop(connection: Connection, things: Sequence[Thing]) -> None:
    """Drop these, and nothing that depends on them. Raises psycopg.Error, and UserError where what is own has more."""
    for thing in things:
        attached = sql.SQL(_ATTACHED).format(schema=thing.schema, name=thing.name)
        if thing.own and thing.kind == "TABLE" and (row := connection.execute(attached).fetchone()):
            reason = f"{row[0]} depends on {thing}"
            raise UserError(f"{visible(reason)} at {address()}: drop that first, or {ANOTHER}")
    for kind in dict.fromkeys(thing.kind for thing in things):
        identifiers = sql.SQL(", ").join(thing.identifier for thing in things if thing.kind == kind)
        connection.execute(sql.SQL("DROP {} {}").format(sql.SQL(kind), identifiers))


def _locked(connection: Connection, condition: sql.Composed) -> list[Thing]:
    for thing in _things(connection, condition):
        if thing.own and thing.kind == "TABLE":
            connection.execute(sql.SQL("LOCK TABLE {}").format(thing.identifier))
    return _things(connection, condition)  # again, for only now can nobody exchange a table


def _things(connection: Connection, condition: sql.Composed) -> list[Thing]:
    rows = connection.execute(sql.SQL(_THINGS).format(mark=MARK, condition=condition)).fetchall()
    return [Thing(*row) for row in rows]
