"""What another session has locked, where a statement waited in vain to read it."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.errors import UserError, address, visible
from bench.relations.catalog import KINDS, catalog_first
from bench.relations.statements import CANCELED
from bench.relations.transaction import connect
from common import database_url

# A lock that is still waited for keeps readers out, too.
LOCKED = """
SELECT DISTINCT relation::regclass::text FROM pg_catalog.pg_locks
JOIN pg_catalog.pg_class ON pg_class.oid = relation
WHERE database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_catalog)
AND mode = 'AccessExclusiveLock' AND pid <> pg_backend_pid() AND relkind = ANY(%s) ORDER BY 1 LIMIT 3
"""


@contextmanager
def locks_named(timeout: int) -> Iterator[None]:
    """Raise a UserError that names what is locked where a statement inside takes too long."""
    try:
        yield
    except Exception as error:
        if locked := lock_behind(error, timeout):
            raise locked from None
        raise


def lock_behind(error: BaseException, timeout: int) -> UserError | None:
    """Return which relations another session has locked, if a statement took too long meanwhile."""
    driver = getattr(error, "orig", None) or error  # SQLAlchemy wraps the driver's error
    if getattr(driver, "sqlstate", "") != CANCELED:
        return None
    with connect(database_url(), timeout) as connection:
        with catalog_first(connection):
            names = [visible(name) for [name] in connection.execute(LOCKED, [list(KINDS)])]
        connection.rollback()
    if not names:
        return None
    return UserError(
        f"a statement waited longer than --timeout allows, and {' or '.join(names)} at {address()} is locked by "
        "another session: end that session, or wait for it"
    )
