"""What the server's catalog says of a relation: which one a name means, who may read it, its keys, how many rows."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from bench.errors import UserError, address, visible
from bench.relations.data import Found
from bench.relations.statements import SYNTAX_ERROR, UNDEFINED_TABLE, Field, StatementError, described

# The relations that hold rows, and what others are (https://www.postgresql.org/docs/current/catalog-pg-class.html).
KINDS = "rvmpf"
OTHERS = {"S": "a sequence", "i": "an index", "I": "an index", "c": "a composite type", "t": "a TOAST table"}
# A table with its partitions, or with those that inherit from it.
PARTS = """
WITH RECURSIVE parts(number) AS (
    SELECT %s::oid UNION SELECT inhrelid FROM pg_catalog.pg_inherits JOIN parts ON inhparent = number
)
"""
# Its number: only such a default is asked for its text, which of each of 1,600 takes PostgreSQL 15 ten seconds in all.
NEXTVAL = 1574
# A NOT NULL that is not yet validated, from PostgreSQL 18 on, lets NULLs be.
NOT_NULL = """
    attnotnull AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_constraint
        WHERE conrelid = attrelid AND contype = 'n' AND NOT convalidated AND attnum = ANY(conkey)
    )
"""


@contextmanager
def catalog_first(connection: "psycopg.Connection[Any]") -> Iterator[None]:
    """Let no name of the reader's hide one of the server's: inside, his search_path goes behind pg_catalog.

    Where a catalog's column is an argument, its function is qualified, too, for one of just its type would win.
    """
    with connection.transaction(force_rollback=True):
        [own] = connection.execute("SHOW search_path").fetchone() or [""]
        path = ", ".join(filter(None, ["pg_catalog", own]))
        connection.execute("SELECT pg_catalog.set_config('search_path', %s, true)", [path])
        yield


def find(connection: "psycopg.Connection[Any]", text: str) -> Found | None:
    """Return the relation of that name, quoted as in SQL; None where the text is no name. Raises UserError."""
    parts = name_parts(connection, text)
    if not parts:
        return unusual(connection, text)
    database = connection.info.dbname
    if len(parts) > 3:
        raise UserError(f"{visible(text)} is no name of a relation: write schema.name")
    if len(parts) == 3 and parts[0] != database:
        raise UserError(f"{visible(text)} is in another database than {visible(database)}, which DATABASE_URL names")
    *_, schema, name = ["", *parts[-2:]]
    if schema:
        return relation_where(connection, text, "relname = %s AND nspname = %s", [name, schema])
    in_his_path = "SELECT pg_catalog.to_regclass(pg_catalog.quote_ident(%s))::pg_catalog.oid"
    [oid] = connection.execute(in_his_path, [name]).fetchone() or [None]
    return relation_where(connection, text, "pg_class.oid = %s", [oid])


def name_parts(connection: "psycopg.Connection[Any]", text: str) -> list[str]:
    """Return the parts of a name as the server reads them; nothing where it is none."""
    statement = "SELECT pg_catalog.parse_ident(%s)::pg_catalog.name[]::pg_catalog.text[]"
    try:
        with connection.transaction():
            [parts] = connection.execute(statement, [text]).fetchone() or [[]]
    except psycopg.DataError:
        return []
    return list(parts)


def unusual(connection: "psycopg.Connection[Any]", text: str) -> Found | None:
    r"""Return the relation of a name that only the server's parser knows: U&"d\0061ta", or one with a comment."""
    try:
        fields = [] if ")" in text else described(connection, f"SELECT * FROM ONLY ({text}\n) AS relation")
    except StatementError as refused:
        if refused.sqlstate == UNDEFINED_TABLE:
            raise UserError(missing(connection, text)) from None
        return None
    return relation_where(connection, text, "pg_class.oid = %s", [fields[0].table]) if fields else None


def relation_where(connection: "psycopg.Connection[Any]", text: str, condition: str, values: list[Any]) -> Found:
    """Return the only relation of that condition, if rows can be read from it. Raises UserError."""
    statement = (
        "SELECT pg_class.oid, nspname, relname, relkind, relispopulated, has_schema_privilege(relnamespace, 'USAGE') "
        "FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace "
        f"WHERE {condition}"
    )
    with catalog_first(connection):
        answer = connection.execute(statement.encode(), values).fetchone()
    if not answer and begins_a_statement(connection, text):
        raise UserError(f'{visible(text)} alone is no whole query: give one in quotes, "SELECT …", or a table\'s name')
    if not answer:
        raise UserError(missing(connection, text))
    oid, schema, name, kind, populated, may_enter = answer
    if kind not in KINDS:
        raise UserError(f"{visible(text)} at {address()} is {OTHERS.get(kind, 'no table')}: name a table or a view")
    if not may_enter:
        raise UserError(f"no right to what is in schema {visible(schema)} at {address()}: grant USAGE on it")
    if not populated:
        raise UserError(f"{visible(text)} at {address()} has not been populated: REFRESH MATERIALIZED VIEW does that")
    return Found(oid, schema, name)


def missing(connection: "psycopg.Connection[Any]", text: str) -> str:
    """Return in one line that there is no relation of that name, and which names are like it."""
    similar = " or ".join(map(visible, nearest(connection, text)))
    return f"there is no table {visible(text)} at {address()}" + (f": is it {similar}?" if similar else "")


def begins_a_statement(connection: "psycopg.Connection[Any]", text: str) -> bool:
    """Return whether a word is one by which a statement begins, for the server's parser gets beyond it."""
    try:
        described(connection, text)
    except StatementError as refused:
        return (refused.sqlstate, refused.position) != (SYNTAX_ERROR, 0)
    return True


def exists(connection: "psycopg.Connection[Any]", name: str) -> bool:
    """Return whether any schema has a relation of that name, in small letters or capitals."""
    condition = (
        "SELECT FROM pg_catalog.pg_class WHERE pg_catalog.lower(relname) = pg_catalog.lower(%s) AND relkind = ANY(%s)"
    )
    return bool(connection.execute(condition.encode(), [name, list(KINDS)]).rowcount)


def nearest(connection: "psycopg.Connection[Any]", text: str) -> list[str]:
    """Return the names, with their schemas, of the relations whose names are most like that one."""
    # In a database without an encoding, a name beyond ASCII may be no UTF-8, which the server then does not send.
    statement = (
        "SELECT pg_catalog.quote_ident(nspname), pg_catalog.quote_ident(relname) "
        "FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace "
        "WHERE relkind = ANY(%s) AND has_schema_privilege(relnamespace, 'USAGE') "
        "AND nspname !~ '^pg_(toast|temp)' AND CASE WHEN getdatabaseencoding() = 'SQL_ASCII' "
        "THEN pg_catalog.concat(nspname, relname) ~ '^[ -~]*$' ELSE true END "
        "ORDER BY nspname ~ '^pg_|^information_schema', nspname, relname"
    )
    with catalog_first(connection):
        answer = connection.execute(statement, [list(KINDS)]).fetchall()

    def plain(name: str) -> str:
        return name.replace('"', "").casefold()

    by_name: dict[str, list[str]] = {}
    for schema, name in answer:
        by_name.setdefault(plain(f"{schema}.{name}" if "." in text else name), []).append(f"{schema}.{name}")
    return [name for near in difflib.get_close_matches(plain(text), by_name) for name in by_name[near]][:3]


def forbidden(connection: "psycopg.Connection[Any]", fields: Sequence[Field]) -> list[str]:
    """Return for each column the name of its table, if this role may not read the column there, else an empty text."""
    answer = connection.execute(
        "SELECT CASE WHEN NOT has_column_privilege(oid, number, 'SELECT') THEN oid::regclass::text ELSE '' END "
        "FROM unnest(%s::oid[], %s::int2[]) WITH ORDINALITY AS columns(oid, number, place) ORDER BY place",
        [[field.table for field in fields], [field.number for field in fields]],
    )
    return [table for [table] in answer]


def has_hidden_rows(connection: "psycopg.Connection[Any]", fields: Sequence[Field]) -> bool:
    """Return whether row-level security decides which rows of these columns' tables this role may see."""
    statement = "SELECT bool_or(row_security_active(oid)) FROM unnest(%s::oid[]) AS oid"
    answer = connection.execute(statement, [[field.table for field in fields if field.table]]).fetchone()
    return bool(answer and answer[0])


def types(connection: "psycopg.Connection[Any]", fields: Sequence[Field]) -> list[str]:
    """Return each column's type as one writes it in SQL."""
    statement = (
        "SELECT pg_catalog.format_type(type, modifier) "
        "FROM unnest(%s::oid[], %s::int4[]) WITH ORDINALITY AS types(type, modifier, place) ORDER BY place"
    )
    answer = connection.execute(statement, [[field.type for field in fields], [field.modifier for field in fields]])
    return [name for [name] in answer]


def enums(connection: "psycopg.Connection[Any]", types: Iterable[str]) -> frozenset[str]:
    """Return which of these types, as the server writes them, are enums: no arrays of them, and no domains."""
    statement = (
        "SELECT DISTINCT name FROM unnest(%s::text[]) AS names(name) "
        "JOIN pg_catalog.pg_type ON pg_type.oid = pg_catalog.to_regtype(name) WHERE typtype = 'e'"
    )
    return frozenset(name for [name] in connection.execute(statement.encode(), [list(types)]))


def keys(connection: "psycopg.Connection[Any]", oid: int) -> list[tuple[bool, tuple[str, ...]]]:
    """Return by which columns a row can be told from all others, the primary key first, and whether it is that one."""
    answer = connection.execute(
        f"""
        SELECT indisprimary, array_agg(attname::text ORDER BY place) FROM pg_catalog.pg_index
        CROSS JOIN unnest(indkey) WITH ORDINALITY AS columns(number, place)
        JOIN pg_catalog.pg_attribute ON attrelid = indrelid AND attnum = number
        WHERE indrelid = %s AND indisunique AND indisvalid AND indpred IS NULL AND place <= indnkeyatts
        GROUP BY indexrelid, indisprimary, indnkeyatts
        HAVING bool_and({NOT_NULL}) AND count(*) = indnkeyatts
        ORDER BY indisprimary DESC, indnkeyatts, indexrelid
        """.encode(),
        [oid],
    )
    return [(primary, tuple(names)) for primary, names in answer]


def required(connection: "psycopg.Connection[Any]", oid: int) -> set[str]:
    """Return the names of the columns that cannot be NULL, as far as the server knows: none of a view's or query's."""
    statement = f"SELECT attname::text FROM pg_catalog.pg_attribute WHERE attrelid = %s AND attnum > 0 AND {NOT_NULL}"
    return {name for [name] in connection.execute(statement.encode(), [oid])}


def written(connection: "psycopg.Connection[Any]", oid: int) -> set[str]:
    """Return the columns that a row is written with: those that the server does not make, or else does not count.

    It makes what has a default, an identity or an expression, and counts a serial. There are none of what is no table,
    and none that this role may not write.
    """
    statement = (
        "SELECT attname::text, adbin IS NOT NULL OR attidentity <> '', "
        f"attidentity <> '' OR CASE WHEN adbin::pg_catalog.text LIKE '%%:funcid {NEXTVAL} %%' "
        "THEN pg_catalog.pg_get_expr(adbin, adrelid) LIKE 'nextval(%%' ELSE false END "
        "FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_class ON pg_class.oid = attrelid "
        "LEFT JOIN pg_catalog.pg_attrdef ON adrelid = attrelid AND adnum = attnum "
        "WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p') "
        "AND attgenerated = '' AND attidentity <> 'a' AND has_column_privilege(attrelid, attnum, 'INSERT')"
    )
    allowed = connection.execute(statement.encode(), [oid]).fetchall()
    given, uncounted = ({row[0] for row in allowed if not row[place]} for place in (1, 2))
    return given or uncounted or {row[0] for row in allowed}


def rights(connection: "psycopg.Connection[Any]", oid: int) -> tuple[bool, bool]:
    """Return whether this role may write a table, and whether policies decide on its rows, so that COPY is refused."""
    statement = (
        "SELECT relkind NOT IN ('r', 'p') OR has_any_column_privilege(oid, 'INSERT'), row_security_active(oid) "
        "FROM pg_catalog.pg_class WHERE oid = %s"
    )
    answer = connection.execute(statement.encode(), [oid]).fetchone()
    return answer or (True, False)


def blocks(connection: "psycopg.Connection[Any]", oid: int) -> int:
    """Return how many blocks the table and its partitions have that TABLESAMPLE can choose from; 0 where it cannot."""
    answer = connection.execute(
        f"""{PARTS}
        SELECT sum(pg_catalog.pg_relation_size(oid))::bigint / pg_catalog.current_setting('block_size')::integer
        FROM pg_catalog.pg_class JOIN parts ON oid = number HAVING bool_and(relkind IN ('r', 'm', 'p'))
        """.encode(),
        [oid],
    ).fetchone()
    return answer[0] or 0 if answer else 0


def row_estimate(connection: "psycopg.Connection[Any]", oid: int) -> int | None:
    """Return how many rows the table and its partitions had when they were last analysed; None if that is not known.

    With row-level security that is not how many this role sees, so it is not known then.
    """
    answer = connection.execute(
        f"""{PARTS}
        SELECT CASE WHEN min(reltuples) >= 0 AND sum(reltuples) > 0 THEN sum(reltuples)::bigint END
        FROM pg_catalog.pg_class JOIN parts ON oid = number
        WHERE relkind IN ('r', 'm', 'f') AND NOT row_security_active(%s::oid)
        """.encode(),
        [oid, oid],
    ).fetchone()
    return answer[0] if answer else None


def stored(connection: "psycopg.Connection[Any]", oid: int) -> bool:
    """Return whether a relation is a table whose rows nothing but writing changes: no view, and no policy's choice."""
    statement = "SELECT relkind IN ('r', 'm', 'p') AND NOT relrowsecurity FROM pg_catalog.pg_class WHERE oid = %s"
    [answer] = connection.execute(statement.encode(), [oid]).fetchone() or [False]
    return bool(answer)


def row_count(connection: "psycopg.Connection[Any]", source: str) -> int:
    """Return how many rows there are now of what stands so after FROM. Raises psycopg.Error."""
    answer = connection.execute(f"SELECT pg_catalog.count(*) FROM {source} AS relation".encode()).fetchone()
    assert answer
    return int(answer[0])


def quoted(connection: "psycopg.Connection[Any]", names: Iterable[str]) -> dict[str, str]:
    statement = "SELECT name, pg_catalog.quote_ident(name) FROM unnest(%s::text[]) AS names(name)"
    return dict(connection.execute(statement, [sorted({*names})]).fetchall())
