"""The database's address as asyncpg takes it, read by libpq, so that both drivers reach the same server."""

from typing import Any
from urllib.parse import urlencode

import psycopg

from bench.errors import UserError, address

# What asyncpg takes in a URL's query, with libpq's meaning: see `dsn` and `ssl` in
# https://magicstack.github.io/asyncpg/current/api/index.html#asyncpg.connection.connect
KNOWN = {
    *("application_name", "options", "passfile", "target_session_attrs", "krbsrvname", "gsslib", "sslmode", "sslcert"),
    *("sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version"),
}
# What is given by name, and what decides neither whom the driver trusts nor what it reads: it goes without.
NAMED = {"user", "password", "dbname", "host", "hostaddr", "port", "connect_timeout", "service"}
WITHOUT = {
    *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "replication"),
    *("client_encoding", "fallback_application_name", "load_balance_hosts", "max_protocol_version", "gssdelegation"),
    *("sslcompression", "sslsni", "sslkeylogfile"),
}
# Values of others that demand nothing.
NO_DEMANDS = {
    ("gssencmode", "prefer"),
    ("channel_binding", "disable"),
    ("sslcertmode", "allow"),
    ("min_protocol_version", "3.0"),
}


def for_asyncpg(connection: "psycopg.Connection[Any]") -> dict[str, Any]:
    """Return the arguments by which `asyncpg.connect` reaches the server of a connection, at the same address.

    `timeout` is in seconds. Raises UserError where the address demands what asyncpg cannot do.
    """
    options = {option.keyword.decode(): option for option in connection.pgconn.info if option.val}
    wanted = {name: (option.val or b"").decode() for name, option in options.items()}
    known = KNOWN | NAMED | WITHOUT
    for name, option in options.items():
        if name not in known and option.val != option.compiled and (name, wanted[name]) not in NO_DEMANDS:
            raise UserError(f"asyncpg cannot do what {name} demands at {address()}")
    arguments: dict[str, Any] = {
        "dsn": f"postgresql://?{urlencode({name: value for name, value in wanted.items() if name in KNOWN})}",
        "host": connection.info.hostaddr if "hostaddr" in wanted else connection.info.host,
        "port": connection.info.port,
        "user": connection.info.user,
        "database": connection.info.dbname,
        "timeout": float(wanted.get("connect_timeout", 10)),
    }
    return arguments | ({"password": connection.info.password} if connection.info.password else {})
