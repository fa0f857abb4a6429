"""The rows that a script writes to table `written`: those of table `data`, each made when it is asked for."""

import sys
import tracemalloc
from collections.abc import Iterator

import psycopg

from common import database_url

Row = tuple[int, int, str]
# What stands in the table before, in SQL: nothing; old rows, all or every other one; or also others, with keys below 0.
NOTHING = "SELECT"
OLD = "INSERT INTO written SELECT id, -1, data FROM data"
EVERY_OTHER = f"{OLD} WHERE id % 2 = 0"
OTHERS = "INSERT INTO written SELECT id, num, data FROM data UNION ALL SELECT -1 - id, num, data FROM data"
_MARKED = "SELECT obj_description('written'::regclass) LIKE 'made by setup\\_db.py of what-does-a-row-cost%'"
_SUMS = "SELECT count(*), sum(num), sum(hashtext(data)::bigint) FROM"


def rows(before: str = NOTHING) -> Iterator[Row]:
    """Return the rows, of which none exists yet; the table has what stands there `before` by now."""
    return ((key, 5 * key % 200, f"hello-{key}") for key in range(prepared(before)))


def prepared(before: str) -> int:
    """Let this stand in the table, and nothing else; return how many rows table `data` has. The peak begins anew."""
    with psycopg.connect(database_url()) as connection:
        connection.execute("LOCK TABLE written")
        if connection.execute(_MARKED).fetchone() != (True,):
            sys.exit("table written was not made by setup_db.py and stays as it is: name another database")
        connection.execute("TRUNCATE written RESTART IDENTITY")
        connection.execute(before)
        [(count,)] = connection.execute("SELECT count(*) FROM data").fetchall()
    tracemalloc.reset_peak()
    return int(count)


def written() -> int:
    """Return how many rows stand in the table, which has to be those of table `data`, but for keys of the server's."""
    compared = f"SELECT written = data, written.count FROM ({_SUMS} written) AS written, ({_SUMS} data) AS data"
    with psycopg.connect(database_url()) as connection:
        [(alike, count)] = connection.execute(compared).fetchall()
    if not alike:
        sys.exit(f"table written has {count:,} rows, and they are not those that were to be written: run this again")
    return int(count)
