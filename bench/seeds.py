"""The tables that are read, and the one that is written: columns and rows, in SQL. They decide a script's figures."""

from typing import NamedTuple

ROWS = 92_000


class SeededTable(NamedTuple):
    """A table to make: its columns, of which `id` is the key, and row `i`, counted from 0; both in SQL.

    It has `each` rows for a customer, or, if that is None, all rows. Column `customer_id` refers to the `parent`.
    """

    name: str
    columns: str
    row: str
    each: int | None = None
    parent: str = ""

    def count(self, rows: int) -> int:
        """Return how many rows this table has, where `data` has so many: so have customers and orders together."""
        return rows if self.each is None else self.each * max(rows // 5, 1)


DATA = SeededTable("data", "id serial, num integer, data text", "i, 5 * i % 200, 'hello-' || i")
# A parent stands before what refers to it.
SHOP = (
    SeededTable(
        "shop_customer",
        "id integer, name text NOT NULL, email text NOT NULL",
        "i, 'customer ' || i, 'customer-' || i || '@example.org'",
        each=1,
    ),
    SeededTable(
        "shop_order",
        "id integer, customer_id integer NOT NULL, placed_on date NOT NULL, total numeric NOT NULL",
        "i, i / 4, date '2025-01-01' + (i % 365)::integer, (i % 9973 + 1) / 100.0",
        each=4,
        parent="shop_customer",
    ),
    SeededTable(
        "shop_address",
        "id integer, customer_id integer NOT NULL, city text NOT NULL",
        "i, i / 2, 'city ' || i % 1000",
        each=2,
        parent="shop_customer",
    ),
)
# It is empty: the scripts in writing/ write the rows of `data` into it.
WRITTEN = SeededTable("written", DATA.columns, DATA.row, each=0)
TABLES = (DATA, *SHOP, WRITTEN)
