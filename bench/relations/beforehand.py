"""What is known before anything is read: how the reader's own psycopg would read."""

import os
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict


def own_encoding(connection: "psycopg.Connection[Any]", url: str) -> str:
    """Return in which encoding psycopg would read at this address by itself; nothing where that is UTF-8."""
    asked = conninfo_to_dict(url).get("client_encoding") or os.environ.get("PGCLIENTENCODING")
    statement = (
        "SELECT pg_catalog.pg_encoding_to_char(pg_catalog.pg_char_to_encoding(coalesce(%s, reset_val)::name)) "
        "FROM pg_catalog.pg_settings WHERE name = 'client_encoding'"
    )
    [encoding] = connection.execute(statement.encode(), [asked]).fetchone() or [""]
    return "" if encoding == "UTF8" else encoding
